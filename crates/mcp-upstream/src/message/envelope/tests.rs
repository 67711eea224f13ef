//! The envelope against the way it was read before, through serde.
use super::*;

/// As it was read before.
#[derive(Debug, Deserialize)]
struct Serde<'a> {
    #[serde(borrow, default)]
    id: Option<&'a RawValue>,
    #[serde(borrow, default)]
    method: Option<&'a RawValue>,
    #[serde(borrow, default)]
    params: Option<&'a RawValue>,
    #[serde(borrow, default)]
    result: Option<&'a RawValue>,
    #[serde(borrow, default)]
    error: Option<&'a RawValue>,
}

#[track_caller]
fn agrees(text: &str) {
    let before = object::<Serde<'_>>(text.as_bytes()).ok().map(|before| {
        [before.id, before.method, before.params, before.result, before.error]
            .map(|value| value.map(RawValue::get))
    });
    let now = Envelope::read(text).ok();
    let now = now.map(|now| [now.id, now.method, now.params, now.result, now.error]);
    assert_eq!(now, before, "{text}");
}

#[test]
fn members_are_found_as_before() {
    let values =
        ["1", "\"a\\\"b\"", "null", "{\"result\":{\"id\":2}}", "[1, {}]", "tru", "\"\\ud800\"", "\"\\x\""];
    let names = ["id", "method", "params", "result", "error", "\\u0069d", "jsonrpc", "\\ud800", "", "Id"];
    for first in names {
        for value in values {
            agrees(&format!("{{\"{first}\":{value}}}"));
            for second in names {
                agrees(&format!(" {{ \"{first}\" : {value} ,\n\"{second}\": 7 }}\r "));
                agrees(&format!("{{\"{first}\":1,\"{second}\":{value}}}"));
            }
        }
    }
    for text in [
        "",
        " ",
        "{}",
        "[]",
        "[1,\"ping\"]",
        "{",
        "{}x",
        "{}{}",
        "\u{feff}{}",
        "\u{c}{}",
        "{\"id\":1,}",
        "\"id\"",
        "null",
    ] {
        agrees(text);
    }
}

/// Messages are UTF-8 (basic, "Transports"), all of them.
#[test]
fn what_is_no_text_is_no_message() {
    assert!(parse(b"{\"id\":1,\"result\":{\"a\":\"\xff\"}}").is_none());
    assert!(parse("{\"id\":1,\"result\":{\"a\":\"\u{e9}\"}}".as_bytes()).is_some());
}
