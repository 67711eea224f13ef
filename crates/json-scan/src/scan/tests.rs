use proptest::prelude::*;
use serde_json::value::RawValue;

use super::*;

/// The value that a text is.
fn scanned(text: &str) -> Result<&str, Invalid> {
    let mut scan = Scan::new(text);
    let value = scan.value()?;
    scan.end()?;
    Ok(value)
}

#[track_caller]
fn agrees(text: &str) {
    let real = serde_json::from_str::<&RawValue>(text).ok().map(RawValue::get);
    assert_eq!(scanned(text).ok(), real, "{text:?}");
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
        "{\n\t\"a\":\t\"b\"\r\n}",
        "{\"a\n\":1}",
        "[[[{}]],{\"a\":[[],{}]}]",
        "[[}]",
        "{\"a\":[}",
        "{\"a\":{]}",
        "[{\"a\":1]}",
    ] {
        agrees(text);
    }
    agrees(&format!("[\"{}\u{1}{}\"]", "x".repeat(100), "y".repeat(100)));
}

#[test]
fn any_depth_is_followed() {
    for depth in [1, 2, 127, 128, 129, 255, 256, 257, 1000, 100_000] {
        let (open, close) = ("[{\"a\":".repeat(depth), "}]".repeat(depth));
        agrees(&format!("{open}1{close}"));
        agrees(&format!("{open}1{}", close.replacen('}', "]", 1)));
        agrees(&format!("{open}1{}", close.get(1..).unwrap()));
        // Siblings at every level, so that what was open below is looked at again.
        agrees(&format!("{}1{}", "[".repeat(depth), ",{}]".repeat(depth)));
        agrees(&format!("{}1{}", "{\"a\":".repeat(depth), ",\"b\":[]}".repeat(depth)));
    }
}

#[test]
fn members_and_elements_are_visited_in_order() {
    let mut seen = Vec::new();
    let mut scan = Scan::new(r#" { "a" : 1 , "\u0062":[ "x" , {} ] } "#);
    scan.object(|name, scan| {
        let value = scan.value()?;
        seen.push((name.decoded()?.into_owned(), name.is_escaped(), value));
        Ok(())
    })
    .unwrap();
    scan.end().unwrap();
    assert_eq!(seen, [("a".to_owned(), false, "1"), ("b".to_owned(), true, r#"[ "x" , {} ]"#)]);
    let mut elements = Vec::new();
    Scan::new(seen[1].2).array(|scan| scan.value().map(|value| elements.push(value))).unwrap();
    assert_eq!(elements, [r#""x""#, "{}"]);
    for wrong in ["[]", "{\"a\":1,}", "{\"a\":1", "{\"a\"}", "1", ""] {
        assert_eq!(Scan::new(wrong).object(|_, scan| scan.value().map(drop)), Err(Invalid), "{wrong}");
    }
    for wrong in ["{}", "[1,]", "[1", "1", ""] {
        assert_eq!(Scan::new(wrong).array(|scan| scan.value().map(drop)), Err(Invalid), "{wrong}");
    }
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

    #[test]
    fn utf8_is_what_the_standard_library_takes(bytes in prop::collection::vec(any::<u8>(), 0..200), text in "\\PC{0,100}") {
        prop_assert_eq!(utf8(&bytes).ok(), std::str::from_utf8(&bytes).ok());
        prop_assert_eq!(utf8(text.as_bytes()), Ok(text.as_str()));
        let mixed = [text.as_bytes(), &bytes[..bytes.len().min(3)], text.as_bytes()].concat();
        prop_assert_eq!(utf8(&mixed).ok(), std::str::from_utf8(&mixed).ok());
    }
}
