//! Text that becomes part of a message.
use super::*;

#[test]
fn the_members_are_what_stands_between_the_braces() {
    for (params, inside) in [
        (r#"{"a":1}"#, r#""a":1"#),
        ("{}", ""),
        (" \n{ \t} ", ""),
        (r#" { "b" : {"_meta":0}, "a":1.10 } "#, r#""b" : {"_meta":0}, "a":1.10"#),
    ] {
        assert_eq!(members(params.as_bytes()).unwrap(), inside.as_bytes(), "{params}");
    }
}

#[test]
fn nothing_but_an_object_gets_into_a_message() {
    for params in [
        "",
        " ",
        "[]",
        "null",
        "3",
        r#""a""#,
        "{",
        r#"{"a":1}}"#,
        r#"{"a":1},"id":3"#,
        r#"{"a":1}{"b":2}"#,
        r#"{"a"}"#,
        r#"{"a":1,}"#,
    ] {
        assert!(matches!(members(params.as_bytes()), Err(InvalidParams::NotAnObject(_))), "{params}");
    }
    assert!(matches!(members(b"{\"a\":\"\xff\"}"), Err(InvalidParams::NotAnObject(_))));
}

#[test]
fn meta_is_given_apart_however_it_is_written() {
    for params in [r#"{"a":1,"_meta":{}}"#, r#"{"\u005fmeta":null}"#] {
        assert!(matches!(members(params.as_bytes()), Err(InvalidParams::Meta)), "{params}");
    }
}
