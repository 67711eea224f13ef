use proptest::prelude::*;
use serde_json::value::RawValue;

use super::*;

/// Recorded from FastAPI 0.143.5 (`json_invalid`: last step of `loc`, `ctx.error`).
#[test]
fn mistakes_are_told_in_pythons_words() {
    let recorded = [
        (r#"{"a":1,}"#, 7, "Expecting property name enclosed in double quotes"),
        ("{a:1}", 1, "Expecting property name enclosed in double quotes"),
        (r#"{"a" 1}"#, 5, "Expecting ':' delimiter"),
        (r#"{"a":1 "b":2}"#, 7, "Expecting ',' delimiter"),
        (r#"{"a":1} x"#, 8, "Extra data"),
        (r#"{"a":"x"#, 5, "Unterminated string starting at"),
        ("{\"a\":\"\n\"}", 6, "Invalid control character at"),
        (r#"{"a":"\q"}"#, 6, r"Invalid \escape"),
        (r#"{"a":"\u12"}"#, 7, r"Invalid \uXXXX escape"),
        ("[1,", 3, "Expecting value"),
        ("[1 2]", 3, "Expecting ',' delimiter"),
        ("tru", 0, "Expecting value"),
        ("{", 1, "Expecting property name enclosed in double quotes"),
        (r#"{"a""#, 4, "Expecting ':' delimiter"),
        (r#"{"a":"#, 5, "Expecting value"),
        (r#"{"a":01}"#, 6, "Expecting ',' delimiter"),
        (r#"{"a":-}"#, 5, "Expecting value"),
        (r#"{"a":1.}"#, 6, "Expecting ',' delimiter"),
        // Characters, not bytes.
        (r#"{"é":x}"#, 5, "Expecting value"),
        (" ", 1, "Expecting value"),
    ];
    for (text, position, reason) in recorded {
        assert_eq!(mistake(text), Mistake { position, reason }, "{text}");
    }
}

/// Python takes `NaN` for JSON, and mcpo crashed on it.
#[test]
fn defect_08_nan_is_no_value() {
    assert_eq!(mistake(r#"{"a":NaN}"#), Mistake { position: 5, reason: "Expecting value" });
}

#[test]
fn a_mistake_below_a_hundred_thousand_brackets_is_found() {
    let text = "[".repeat(100_000);
    assert_eq!(mistake(&text), Mistake { position: 100_000, reason: "Expecting value" });
}

proptest! {
    /// Both grammars agree on what JSON is.
    #[test]
    fn what_a_parser_refuses_has_a_mistake(text in r#"[\[\]{},:"a1.e\\ntrue -]{0,12}"#) {
        let mut scan = Scan { bytes: text.as_bytes(), at: 0 };
        prop_assert_eq!(scan.document().is_ok(), serde_json::from_str::<&RawValue>(&text).is_ok(), "{}", text);
    }
}
