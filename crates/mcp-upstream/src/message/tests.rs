//! Envelopes, read and written.
use super::*;

fn encoded(request: Request<'_>, progress: bool) -> String {
    with_meta(request, MetaFields { progress, ..MetaFields::default() })
}

fn with_meta(request: Request<'_>, meta: MetaFields<'_>) -> String {
    let mut out = Vec::new();
    request.encode(&mut out, 7, meta);
    String::from_utf8(out).unwrap()
}

#[test]
fn arguments_are_written_as_they_came() {
    let params = Params::Call { name: "a\"b", arguments: br#"{"n": 18446744073709551616, "z":1,"a":1.10}"# };
    assert_eq!(
        encoded(Request { method: "tools/call", params }, true),
        r#"{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"a\"b","arguments":{"n": 18446744073709551616, "z":1,"a":1.10},"_meta":{"progressToken":7}}}"#
    );
}

#[test]
fn a_call_without_arguments_sends_none() {
    let params = Params::Call { name: "now", arguments: b"" };
    assert_eq!(
        encoded(Request { method: "tools/call", params }, false),
        r#"{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"now"}}"#
    );
}

#[test]
fn the_meta_of_the_session_the_call_and_the_caller_go_together() {
    let mut own = Meta::default();
    own.insert("traceparent", "00-1").unwrap();
    own.insert("com.example/n", &[1, 2]).unwrap();
    let meta = MetaFields { session: br#""a":1"#, progress: true, log_level: Some("info"), own: Some(&own) };
    assert_eq!(
        with_meta(Request { method: "server/discover", params: Params::None }, meta),
        r#"{"jsonrpc":"2.0","id":7,"method":"server/discover","params":{"_meta":{"a":1,"progressToken":7,"io.modelcontextprotocol/logLevel":"info","com.example/n":[1,2],"traceparent":"00-1"}}}"#
    );
    assert_eq!(
        with_meta(Request { method: "resources/read", params: Params::Members(br#""uri":"a""#) }, meta),
        r#"{"jsonrpc":"2.0","id":7,"method":"resources/read","params":{"uri":"a","_meta":{"a":1,"progressToken":7,"io.modelcontextprotocol/logLevel":"info","com.example/n":[1,2],"traceparent":"00-1"}}}"#
    );
}

#[test]
fn a_caller_cannot_set_what_the_protocol_sets() {
    let mut own = Meta::default();
    for key in
        ["progressToken", "io.modelcontextprotocol/protocolVersion", "io.modelcontextprotocol/clientInfo"]
    {
        assert!(matches!(own.insert(key, "x"), Err(MetaError::Reserved { .. })), "{key}");
    }
    assert!(own.is_empty());
}

#[test]
fn a_result_is_the_text_between_the_brackets() {
    let text = br#"{"result": {"b":1, "a":1.10}, "jsonrpc":"2.0", "id":"12"}"#;
    let Some(Message::Result { id: Some(12), result }) = parse(text) else { panic!("no result") };
    assert_eq!(result, r#"{"b":1, "a":1.10}"#);
}

#[test]
fn messages_are_told_apart_by_method_and_id() {
    assert!(matches!(
        parse(br#"{"id":"s-1","method":"ping"}"#),
        Some(Message::Request { id, method, params: None }) if method == "ping" && id.as_str() == "\"s-1\""
    ));
    assert!(matches!(
        parse(br#"{"method":"notifications/message","params":{"level":"info"}}"#),
        Some(Message::Notification { method, params: Some(r#"{"level":"info"}"#) }) if method == "notifications/message"
    ));
    assert!(matches!(
        parse(br#"{"id":3,"error":{"code":-1,"message":"no"}}"#),
        Some(Message::Error { id: Some(3), error: Some(_) })
    ));
    assert!(matches!(parse(br#"{"id":3,"result":null}"#), Some(Message::Error { id: Some(3), error: None })));
}

#[test]
fn a_log_record_is_no_message() {
    for stray in [
        &br#"{"level":"info","msg":"up"}"#[..],
        b"3",
        b"[1]",
        b"{",
        b"\xff\xfe",
        br#"{"id":{},"method":"ping"}"#,
    ] {
        assert!(parse(stray).is_none(), "{}", String::from_utf8_lossy(stray));
    }
}

fn id_of_oversized(pieces: &[&[u8]]) -> Option<u64> {
    let mut oversized = Oversized::default();
    for piece in pieces {
        oversized.extend(piece);
    }
    oversized.id()
}

#[test]
fn the_id_of_a_message_too_long_to_read() {
    let middle = vec![b'a'; 5000];
    let head: &[u8] = br#"{"jsonrpc":"2.0","id":41,"result":{"content":[{"type":"text","text":"aaaa"#;
    assert_eq!(id_of_oversized(&[head, &middle]), Some(41));
    let head: &[u8] = br#"{"result":{"content":[{"type":"text","id":9,"text":"aaaa"#;
    let ends = |tail: &[u8]| id_of_oversized(&[head, &middle, tail]);
    assert_eq!(ends(br#"aaa"}]},"jsonrpc":"2.0","id":42}"#), Some(42));
    assert_eq!(ends(br#"aaa"}]},"id": 43 ,"jsonrpc" : "2.0" } "#), Some(43));
    assert_eq!(ends(br#"aaa","id":44}}"#), None);
    assert_eq!(id_of_oversized(&[br#"{"id":5,"method":"sampling/createMessage","params":"#, b"}"]), None);
}

#[test]
fn a_name_twice_or_half_a_surrogate_pair_harms_nothing() {
    let text =
        br#"{"\ud800":[1.10],"id":1,"result":{"a":1},"\ude00":{},"id":7,"result": {"b":1, "b":1.10} }"#;
    let Some(Message::Result { id: Some(7), result }) = parse(text) else { panic!("no result") };
    assert_eq!(result, r#"{"b":1, "b":1.10}"#);
    for broken in
        [&br#"{"id":7,"id":7,"result":{}"#[..], br#"{"id":7,"id":7,"result":{}} {}"#, br#"{"\ud800":}"#]
    {
        assert!(parse(broken).is_none(), "{}", String::from_utf8_lossy(broken));
    }
}

/// As PHP's and Swift's encoders write slashes.
#[test]
fn an_escaped_method_is_the_same_method() {
    let text = br#"{"method":"notifications\/tools\/list_changed"}"#;
    let Some(Message::Notification { method, params: None }) = parse(text) else { panic!("no notification") };
    assert_eq!(method, "notifications/tools/list_changed");
    assert!(parse(br#"{"method":"\ud800"}"#).is_none());
}
