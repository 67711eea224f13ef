use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

fn answer(result: &str, shape: ResultShape, whole: bool) -> Answer {
    super::answer(&Bytes::copy_from_slice(result.as_bytes()), shape, whole)
}

fn answer_to(result: &str, shape: ResultShape) -> (u16, String) {
    let answer = answer(result, shape, false);
    assert_eq!(answer.content_type, "application/json");
    (answer.status.as_u16(), String::from_utf8(answer.body.to_vec()).unwrap())
}

#[track_caller]
fn answers(content: &str, expected: &str) {
    let (status, body) = answer_to(&format!(r#"{{"content":{content}}}"#), ResultShape::Content);
    assert_eq!((status, body.as_str()), (200, expected), "{content}");
    assert!(serde_json::from_str::<&RawValue>(&body).is_ok(), "no JSON: {body}");
}

/// The result comes from the server: what is no result is the server's fault, and told as such.
#[test]
fn what_is_no_result_is_refused() {
    for text in ["", "[]", "1", r#"{"content":[]} x"#, r#"{"content":7}"#] {
        assert_eq!(answer(text, ResultShape::Content, false).status.as_u16(), 502, "{text}");
        assert_eq!(answer(text, ResultShape::Content, true).status.as_u16(), 502, "{text}");
    }
}

#[test]
fn text_is_parsed_as_json_when_it_parses() {
    answers(r#"[{"type":"text","text":"Echo: hi"}]"#, r#""Echo: hi""#);
    answers(r#"[{"type":"text","text":"1"}]"#, "1");
    answers(
        r#"[{"type":"text","text":" {\n \"a\": 1.10, \"b\":18446744073709551616}\n"}]"#,
        "{\n \"a\": 1.10, \"b\":18446744073709551616}",
    );
    answers(r#"[{"type":"text","text":"\"quoted\""}]"#, r#""quoted""#);
    answers(
        r#"[{"type":"text","text":"true"},{"type":"text","text":"null"},{"type":"text","text":"-0"}]"#,
        "[true,null,-0]",
    );
    for prose in ["", "true story", "007", "{not json}", "[1, 2", "1.", "nothing", "- item", "1 2"] {
        answers(&json!([{"type": "text", "text": prose}]).to_string(), &Value::from(prose).to_string());
    }
    // Escapes stay as the server wrote them.
    answers(
        r#"[{"type":"text","text":"caf\u00e9 \/ \ud83d\ude00 \ud800"}]"#,
        r#""caf\u00e9 \/ \ud83d\ude00 \ud800""#,
    );
    // Whatever the nesting.
    let deep = "[".repeat(10_000) + &"]".repeat(10_000);
    answers(&json!([{"type": "text", "text": deep}]).to_string(), &deep);
}

/// Python reads `NaN` and cannot write it: mcpo answered 500.
#[test]
fn defect_08_text_nan() {
    for text in ["NaN", "Infinity", "-Infinity", "[NaN]"] {
        answers(&json!([{"type": "text", "text": text}]).to_string(), &Value::from(text).to_string());
    }
}

#[test]
fn one_is_bare_several_are_an_array_none_is_empty() {
    answers("[]", "[]");
    answers(r#"[{"type":"text","text":"[]"}]"#, "[]");
    answers(r#"[{"type":"text","text":"a"},{"type":"text","text":"2"}]"#, r#"["a",2]"#);
    assert_eq!(answer_to("{}", ResultShape::Content), (200, "[]".into()));
}

/// Audio, links and embedded resources, as server-everything sends them.
#[test]
fn defect_07_every_kind_of_content() {
    answers(r#"[{"type":"image","data":"aGk=","mimeType":"image/png"}]"#, r#""data:image/png;base64,aGk=""#);
    answers(r#"[{"type":"audio","data":"aGk=","mimeType":"audio/wav"}]"#, r#""data:audio/wav;base64,aGk=""#);
    answers(
        r#"[{"name":"Blob 1","uri":"demo://blob/1","description":"d","mimeType":"text/plain","type":"resource_link"}]"#,
        r#"{"uri":"demo://blob/1","name":"Blob 1","mimeType":"text/plain"}"#,
    );
    answers(r#"[{"type":"resource_link","uri":"a:b","name":"n"}]"#, r#"{"uri":"a:b","name":"n"}"#);
    answers(
        r#"[{"type":"resource","resource":{"uri":"a:b","mimeType":"text/plain","text":"{\"kept\": 1}"}}]"#,
        r#""{\"kept\": 1}""#,
    );
    answers(
        r#"[{"type":"resource","resource":{"uri":"a:b","mimeType":"image/gif","blob":"aGk="}}]"#,
        r#""data:image/gif;base64,aGk=""#,
    );
    answers(
        r#"[{"type":"resource","resource":{"uri":"a:b","blob":"aGk="}}]"#,
        r#""data:application/octet-stream;base64,aGk=""#,
    );
}

#[test]
fn what_is_unknown_or_odd_goes_through_whole() {
    for odd in [
        r#"{"type":"hologram","z":1.10,"a":[]}"#,
        r#"{"type":"image"}"#,
        r#"{"type":"resource","resource":5}"#,
        r#"{"type":"resource_link","name":"n"}"#,
        r#"{"type":"text"}"#,
        r#"{"no":"type"}"#,
        r#"{"type":"text","type":"text","text":"twice"}"#,
        "5",
        r#""bare""#,
        "[1]",
    ] {
        answers(&format!("[{odd}]"), odd);
        answers(&format!(r#"[{{"type":"text","text":"a"}},{odd}]"#), &format!(r#"["a",{odd}]"#));
    }
}

#[test]
fn defect_01_error_text_is_the_message() {
    let error = |content: &str| {
        answer_to(&format!(r#"{{"content":{content},"isError":true}}"#), ResultShape::Content)
    };
    assert_eq!(
        error(r#"[{"type":"text","text":"No time zone \"X\"\n{\"a\":1}"}]"#),
        (500, r#"{"detail":{"message":"No time zone \"X\"\n{\"a\":1}"}}"#.into())
    );
    assert_eq!(error(r#"[{"type":"text","text":"5"}]"#).1, r#"{"detail":{"message":"5"}}"#);
    assert_eq!(
        error(r#"[{"type":"text","text":"a"},{"type":"image","data":"","mimeType":""},{"type":"text","text":"b"}]"#).1,
        r#"{"detail":{"message":"a\nb"}}"#
    );
    assert_eq!(error("[]").1, r#"{"detail":{"message":"Unknown tool execution error"}}"#);
    let structured = answer_to(
        r#"{"content":[{"type":"text","text":"no"}],"structuredContent":{"a":1},"isError":true}"#,
        ResultShape::Structured,
    );
    assert_eq!(structured, (500, r#"{"detail":{"message":"no"}}"#.into()));
}

/// Undeclared members, nulls and numbers of a structured result are kept.
#[test]
fn defect_06_structured_content_goes_through() {
    let result = r#"{"content":[{"type":"text","text":"{\"a\":1}"}],"structuredContent":{ "z": null, "a": 36, "extra": 1.10 }}"#;
    assert_eq!(answer_to(result, ResultShape::Structured).1, r#"{ "z": null, "a": 36, "extra": 1.10 }"#);
    assert_eq!(answer_to(result, ResultShape::Content).1, r#"{"a":1}"#);
    let wrapped = r#"{"content":[],"structuredContent":{"result": [1, 2.0]}}"#;
    assert_eq!(answer_to(wrapped, ResultShape::Wrapped).1, "[1, 2.0]");
    assert_eq!(answer_to(wrapped, ResultShape::Structured).1, r#"{"result": [1, 2.0]}"#);
    assert_eq!(
        answer_to(r#"{"content":[],"structuredContent":{"other":1}}"#, ResultShape::Wrapped).1,
        r#"{"other":1}"#
    );
    // A server that does not keep its word.
    assert_eq!(answer_to(r#"{"content":[{"type":"text","text":"x"}]}"#, ResultShape::Structured).1, r#""x""#);
}

#[test]
fn the_whole_result_on_request() {
    let result = r#"{ "content": [], "_meta": {"z":1.10}, "isError": false }"#;
    let whole = answer(result, ResultShape::Content, true);
    assert_eq!((whole.status.as_u16(), whole.body.as_ref()), (200, result.as_bytes()));
    assert_eq!(whole.content_type, WHOLE_RESULT);
    let error = answer(r#"{"content":[],"isError":true}"#, ResultShape::Content, true);
    assert_eq!(error.status, 500);
}

#[test]
fn accept_is_read_as_a_list() {
    let accepts = |values: &[&str]| {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(header::ACCEPT, value.parse().unwrap());
        }
        accepts_whole_result(&headers)
    };
    assert!(accepts(&["application/vnd.mcp.tool-result+json"]));
    assert!(accepts(&["text/html, Application/VND.mcp.tool-result+JSON; q=0.5"]));
    assert!(accepts(&["text/html", "application/vnd.mcp.tool-result+json"]));
    assert!(!accepts(&[]));
    assert!(!accepts(&["*/*"]));
    assert!(!accepts(&["application/json"]));
    assert!(!accepts(&["application/vnd.mcp.tool-result+json;q=0"]));
    assert!(!accepts(&["application/vnd.mcp.tool-result+jsonx"]));
}

#[test]
fn what_is_no_result_is_the_servers_fault() {
    for result in ["5", "[]", r#"{"content":5}"#, r#""x""#] {
        assert_eq!(answer_to(result, ResultShape::Content).0, 502, "{result}");
    }
}

proptest! {
    /// Any text comes out as the text or as the JSON it holds, and the answer is always JSON.
    #[test]
    fn any_text_has_an_answer(texts in prop::collection::vec("\\PC{0,12}|[\\[\\]{}0-9\",: tnf]{0,6}", 0..4)) {
        let blocks: Vec<_> = texts.iter().map(|text| json!({"type": "text", "text": text})).collect();
        let result = json!({"content": blocks}).to_string();
        let body = answer(&result, ResultShape::Content, false).body;
        let value: Value = serde_json::from_slice(&body).unwrap();
        let expected: Vec<_> = texts.iter().map(|text| serde_json::from_str(text).unwrap_or(Value::from(text.as_str()))).collect();
        prop_assert_eq!(value, match expected.as_slice() { [only] => only.clone(), _ => expected.into() });
    }
}

/// Members in every order and number, right ones and wrong ones.
fn results() -> impl Strategy<Value = String> {
    let value = prop::sample::select(vec![
        "null",
        "true",
        "false",
        "1",
        "\"x\"",
        "\"text\"",
        "\"image\"",
        "\"resource\"",
        "\"resource_link\"",
        "\"audio\"",
        "\"{}\"",
        "\"[1]\\n\"",
        "\"\\u0031\"",
        "{\"text\":\"t\"}",
        "{\"blob\":\"QQ==\",\"mimeType\":\"a/b\"}",
        "{}",
        "[]",
        "\"cut",
    ]);
    let key = prop::sample::select(vec![
        "type",
        "text",
        "data",
        "mimeType",
        "uri",
        "name",
        "resource",
        "te\\u0078t",
        "other",
        "\\ud800",
    ]);
    let block = prop_oneof![
        12 => prop::collection::vec((key, value.clone()), 0..5).prop_map(|members| {
            let members: Vec<_> = members.iter().map(|(key, value)| format!("\"{key}\": {value}")).collect();
            format!("{{{}}}", members.join(" , "))
        }),
        1 => Just("[\"text\",\"x\"]".to_owned()),
        1 => Just("7".to_owned()),
    ];
    let content = prop::collection::vec(block, 0..3).prop_map(|blocks| format!("[{}]", blocks.join(",")));
    let member = prop_oneof![
        6 => content.prop_map(|content| format!("\"content\":{content}")),
        3 => value.clone().prop_map(|value| format!("\"structuredContent\" : {value}")),
        3 => prop::sample::select(vec!["true", "false", "null", "\"true\""]).prop_map(|value| format!("\"isError\":{value}")),
        1 => value.prop_map(|value| format!("\"content\":{value}")),
        1 => Just("\"_meta\":{\"a\":[1]}".to_owned()),
    ];
    (prop::collection::vec(member, 0..4), prop::sample::select(vec!["", " ", "x"]))
        .prop_map(|(members, rest)| format!("{{{}}}{rest}", members.join(",")))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(5000))]

    /// The way of before is the judge: everything through serde.
    #[test]
    fn the_quick_way_reads_what_the_other_reads(text in results()) {
        if let Ok(usual) = CallResult::read_usual(&text) {
            let any = CallResult::read_any(&text);
            prop_assert_eq!(Some(format!("{usual:?}")), any.map(|any| format!("{any:?}")), "{}", text);
        }
    }
}
