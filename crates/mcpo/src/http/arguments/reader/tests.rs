use proptest::prelude::*;
use serde_json::value::RawValue;

use super::*;

fn read(text: &str) -> Result<Value<'_>, ReadError> {
    Reader::new(text, 1_000_000).document(128)
}

#[track_caller]
fn agrees(text: &str) {
    let real = serde_json::from_str::<&RawValue>(text).is_ok();
    let ours = read(text);
    assert_eq!(ours.is_ok(), real, "{text:?}");
    if let Ok(value) = ours {
        assert!(value.text().trim() == text.trim() || !value.is_unchanged(), "{text:?}");
    }
}

#[test]
fn the_grammar_is_that_of_json() {
    for text in [
        "",
        " ",
        "1",
        "-1",
        "-",
        "+1",
        "01",
        "-01",
        "0",
        "-0",
        "1.",
        ".5",
        "1.5",
        "1e",
        "1e5",
        "1E+5",
        "1e-",
        "1e-05",
        "0e0",
        "00",
        "1 2",
        "1,",
        "[]",
        "[ ]",
        "[1]",
        "[1,]",
        "[,1]",
        "[1 2]",
        "[1",
        "]",
        "[1}",
        "{}",
        "{ }",
        "{\"a\":1}",
        "{\"a\":1,}",
        "{,}",
        "{\"a\"}",
        "{\"a\":}",
        "{\"a\" 1}",
        "{a:1}",
        "{\"a\":1 \"b\":2}",
        "{\"a\":1,,\"b\":2}",
        "{\"a\":1,\"b\":2}",
        "{1:2}",
        "{\"a\":1",
        "{",
        "true",
        "tru",
        "truee",
        "false",
        "null",
        "nul",
        "nan",
        "NaN",
        "Infinity",
        "\"\"",
        "\"",
        "\"a",
        "\"\\\"",
        "\"\\\\\"",
        "\"\\x\"",
        "\"\\u12\"",
        "\"\\u12g4\"",
        "\"\\ud800\"",
        "\"\\uD83D\\uDE00\"",
        "\"\\b\\f\\n\\r\\t\\/\"",
        "\"\t\"",
        "\"\n\"",
        "\"\u{7f}\"",
        "\"\u{0}\"",
        "\"é😀\"",
        "\t\r\n 1 \t\r\n",
        "\u{b}1",
        "\u{feff}1",
        "\u{a0}1",
        "[\"\\\"\",\"\\\\\\\"\"]",
        "\"\\",
        "\"\\u",
        "\"\\u1\u{e9}\"",
    ] {
        agrees(text);
    }
}

#[test]
fn a_control_character_counts_only_within_strings() {
    agrees("{\n\t\"a\":\t\"b\"\r\n}");
    agrees("{\"a\n\":1}");
    agrees(&format!("[\"{}\u{1}{}\"]", "x".repeat(100), "y".repeat(100)));
}

#[test]
fn depth_is_told_even_where_the_text_breaks_off_behind_it() {
    let deep = "[".repeat(200);
    assert_eq!(read(&deep).unwrap_err(), ReadError::Depth);
}

fn soup() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        prop::sample::select(vec![
            "{", "}", "[", "]", ":", ",", "\"", "\\", "\\\"", "\\\\", "\\u00e9", "\\ud800", "\\u", "0", "1",
            "-", ".", "e", "E", "+", "true", "false", "null", " ", "\n", "\t", "\u{1}", "é", "\"a\"",
            "\"a\":", "1.5e3", "[]", "{}",
        ])
        .prop_map(str::to_owned),
        "\\PC{0,4}",
    ];
    prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    /// The parser that bodies went through before is the judge.
    #[test]
    fn what_is_json_is_what_a_real_parser_takes(text in soup()) {
        agrees(&text);
    }

    #[test]
    fn a_text_that_is_damaged_is_judged_as_by_a_real_parser(
        text in r#"\{"[a-z\\\\"]{0,3}":(\[("([a-z]|\\\\[nu"]){0,5}",?){0,3}\]|-?[0-9.e]{1,6}|true|null)(,"b":1)?\}"#,
        at in any::<prop::sample::Index>(),
        with in "[\\[\\]{}\",:\\\\0-9a-z \u{1}]?",
    ) {
        agrees(&text);
        let places: Vec<_> = text.char_indices().map(|(place, _)| place).collect();
        let place = places[at.index(places.len())];
        agrees(&format!("{}{with}{}", &text[..place], text[place..].chars().skip(1).collect::<String>()));
    }
}
