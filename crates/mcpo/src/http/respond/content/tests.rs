use proptest::prelude::*;

use super::*;

/// As it was found before: every text was decoded and parsed.
fn json_in_plainly(quoted: &str) -> Option<String> {
    let text = serde_json::from_str::<String>(quoted).ok()?;
    serde_json::from_str::<&RawValue>(&text).ok()?;
    Some(text)
}

#[track_caller]
fn agrees(quoted: &str) {
    assert_eq!(json_in(quoted).map(Cow::into_owned), json_in_plainly(quoted), "{quoted}");
}

#[test]
fn the_beginning_of_a_text_tells_only_what_is_certain() {
    for text in [
        "1",
        "12.50",
        "-1.5e-7",
        "1e",
        "-",
        "1.",
        "true",
        "tru",
        "true story",
        "null",
        "[1, 2]",
        "[1, -",
        "{\"a\":[true,null]}",
        "{\"a\":",
        "{a}",
        "- item",
        "2026-11-22",
        "1. First",
        "  7 ",
        " seven",
        "[INFO] up",
        "\n{\"a\": 1}\n",
        "\t[1]",
        "\"x\"",
    ] {
        agrees(&serde_json::Value::from(text).to_string());
    }
    // Cut off at the limit in the middle of whatever can stand there.
    for length in 50..80 {
        let fill = "1,".repeat(length / 2);
        for end in ["-5", "1.25", "1e+5", "true", "\"é😀\"", "\"\\u00e9\""] {
            agrees(&serde_json::Value::from(format!("[{fill}{end}]")).to_string());
            agrees(&serde_json::Value::from(format!("[{}{end}]", " ".repeat(length))).to_string());
            agrees(&serde_json::Value::from(format!("[{}{end} x", " ".repeat(length))).to_string());
            agrees(&serde_json::Value::from(format!("{}{end}", "9".repeat(length))).to_string());
        }
    }
    assert!(!may_begin_json("0000000000000001 The quick \\\"brown\\\" fox"));
    assert!(!may_begin_json("- one\\n- two"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn what_a_text_holds_is_found_as_before(
        pieces in prop::collection::vec(
            prop::sample::select(vec![
                "{", "}", "[", "]", ":", ",", "\"", "\\", "0", "1", "-", ".", "e", "E", "+", "true", "false", "null", " ", "\n",
                "\t", "\"a\"", "\"a\":", "1.5e3", "é", "0.1", "-7", "                              ", "\"\\\"\"",
            ]),
            0..16,
        ),
    ) {
        agrees(&serde_json::Value::from(pieces.concat()).to_string());
    }
}
