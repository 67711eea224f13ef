//! Answers that are no MCP, and replies that belong to nobody.
use std::time::Duration;

use mcp_upstream::{CallError, ConnectError, Session};
use testkit::mcp::{Script, Step, reply as script_reply};

use super::peer::{Act, Peer, bytes, reply};
use crate::kit::{self, ANY, Way, limits, options, text};

/// An answer of this type with this body, which ends with the connection.
fn answer(kind: &str, body: &[u8]) -> Vec<Act> {
    vec![bytes(&format!("HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\n\r\n")), Act::Bytes(body.to_vec())]
}

const BINARY: &[u8] = b"\x00\x01\xff\xfe\x80\x1b[31m\r\n\r\n\x00";
const NOT_UTF8: &[u8] =
    b"{\"jsonrpc\":\"2.0\",\"id\":$ID,\"result\":{\"content\":[{\"type\":\"text\",\"text\":\"\xff\xfe\"}]}}";
/// JSON, but no message; some of it nearly one.
const NO_MESSAGE: [&str; 9] = [
    "42",
    "null",
    "\"$ID\"",
    "[]",
    "[[]]",
    r#"{"hello":"world"}"#,
    r#"{"jsonrpc":"2.0","id":$ID}"#,
    r#"{"result":{"content":[]}"#,
    "{\"jsonrpc\":\"2.0\",\"id\":$ID,\"result\":{}} trailing",
];

#[tokio::test]
async fn a_body_that_is_no_message_fails_its_call_alone() {
    let page = b"<!DOCTYPE html><title>It works!</title>";
    let mut tools = vec![
        ("html", answer("text/html", page)),
        ("html as json", answer("application/json", page)),
        ("binary", answer("application/octet-stream", BINARY)),
        ("binary as json", answer("application/json", BINARY)),
        ("utf-8", answer("application/json", NOT_UTF8)),
        ("empty", answer("application/json", b"")),
    ];
    let names = ["m0", "m1", "m2", "m3", "m4", "m5", "m6", "m7", "m8"];
    for (name, body) in names.into_iter().zip(NO_MESSAGE) {
        tools.push((name, answer("application/json", body.as_bytes())));
    }
    let peer = Peer::start(&tools).await;
    let session = peer.session().await;
    for (tool, _) in &tools {
        let error = peer.trouble(&session, tool).await.unwrap_err();
        assert!(
            matches!(error, CallError::NotMcp { .. } | CallError::Malformed { .. } | CallError::Truncated),
            "{tool}: {error:?}"
        );
        assert!(!kit::chain(&error).contains(char::is_control), "what a peer says is made printable");
    }
}

#[tokio::test]
async fn what_is_no_http_fails_its_call_alone() {
    let peer = Peer::start(&[
        ("ssh", vec![bytes("SSH-2.0-OpenSSH_9.9\r\n")]),
        ("binary", vec![Act::Bytes(BINARY.to_vec())]),
        ("headers", vec![bytes(&format!("HTTP/1.1 200 OK\r\nx: {}\r\n\r\n", "y".repeat(1 << 20)))]),
    ])
    .await;
    let session = peer.session().await;
    for tool in ["ssh", "binary", "headers"] {
        let outcome = peer.trouble(&session, tool).await;
        assert!(matches!(outcome, Err(CallError::Transport { .. })), "{tool}: {outcome:?}");
    }
}

#[tokio::test]
async fn a_message_under_a_wrong_content_type_is_still_the_reply() {
    let kinds = ["text/plain", "text/html; charset=utf-8", "application/octet-stream"];
    let tools: Vec<_> = kinds.iter().map(|kind| (*kind, answer(kind, reply("right").as_bytes()))).collect();
    let peer = Peer::start(&tools).await;
    let session = peer.session().await;
    for kind in kinds {
        assert_eq!(peer.trouble(&session, kind).await.unwrap(), "right", "{kind}");
    }
}

#[tokio::test]
async fn garbage_among_the_events_is_counted_and_the_reply_found() {
    let mut stream = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n".to_vec();
    for garbage in NO_MESSAGE {
        stream.extend_from_slice(format!("data: {}\n\n", garbage.replace("$ID", "0")).as_bytes());
    }
    stream.extend_from_slice(
        b"\x00\xff\xfe: what\n\ndata: \xff\xfe\n\nevent: other\ndata: {}\n\nid: \x00\nretry: soon\n\n",
    );
    stream.extend_from_slice(format!("data: {}\n\n", reply("right")).as_bytes());
    let peer = Peer::start(&[("noisy", vec![Act::Bytes(stream)])]).await;
    let session = peer.session().await;
    assert_eq!(peer.trouble(&session, "noisy").await.unwrap(), "right");
    let stray = session.counters().stray_messages;
    assert!((7..=10).contains(&stray), "{stray}");
}

#[tokio::test]
async fn a_server_of_another_protocol_is_a_transport_error() {
    // Speaks first, as mail servers do.
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut connection, _)) = listener.accept().await {
            let _ = tokio::io::AsyncWriteExt::write_all(&mut connection, b"220 mail ESMTP\r\n").await;
        }
    });
    let transport =
        mcp_upstream::StreamableTransport::new(format!("http://{address}/").parse().unwrap(), kit::http());
    let error = Session::connect(transport, options(limits())).await.unwrap_err();
    assert!(matches!(error, ConnectError::Transport { .. }), "{error:?}");
}

#[tokio::test]
async fn garbage_on_standard_output_is_counted_and_the_reply_found() {
    let lines =
        [BINARY, b"\n", b"\xff\xfe\n", b"{\"jsonrpc\":\"2.0\",\"id\":$ID,\"result\":{\"x\":\"\xff\"}}\n"];
    let garbage = lines.map(|line| Step::Bytes(line.to_vec())).to_vec();
    let no_message = NO_MESSAGE.map(|line| Step::Raw(line.replace("$ID", "0"))).to_vec();
    let steps = [garbage, no_message, script_reply::text("right")].concat();
    let script = Script::new().tool("noisy", ANY, steps).tool("slow", ANY, script_reply::slow(50));
    let (session, _) = Way::Stdio.session(&script).await;
    let (noisy, slow) = tokio::join!(text(&session, "noisy", "{}"), text(&session, "slow", "{}"));
    assert_eq!(noisy.unwrap(), "right");
    assert_eq!(slow.unwrap(), "slow");
    assert!(session.counters().stray_messages >= 8, "{:?}", session.counters());
}

#[tokio::test]
async fn a_second_reply_to_one_call_is_nobody_elses() {
    let twice = |first: &str, second: &str| [script_reply::text(first), script_reply::text(second)].concat();
    let script = Script::new()
        .tool("twice", ANY, twice("first", "second"))
        // The first answer to this one is an error, and it stands.
        .tool("fails", ANY, [script_reply::error(-1, "no"), script_reply::text("yes")].concat())
        .tool("slow", ANY, script_reply::slow(30));
    for way in [Way::Stdio, Way::Events, Way::Legacy] {
        let (session, _server) = way.session(&script).await;
        for _ in 0..10 {
            let (twice, fails, slow) = tokio::join!(
                text(&session, "twice", "{}"),
                text(&session, "fails", "{}"),
                text(&session, "slow", "{}")
            );
            assert_eq!(twice.unwrap(), "first", "{way:?}");
            assert!(matches!(fails, Err(CallError::Server(_))), "{way:?}: {fails:?}");
            assert_eq!(slow.unwrap(), "slow", "{way:?}");
        }
        assert_eq!(session.outstanding_calls(), 0);
    }
}

#[tokio::test]
async fn a_late_reply_is_nobody_elses() {
    let script =
        Script::new().tool("late", ANY, script_reply::slow(200)).tool("echo", ANY, script_reply::echo());
    for way in Way::ALL {
        let (session, _server) = way.session(&script).await;
        let late = kit::within(&session, "late", Duration::from_millis(50)).await;
        assert!(matches!(late, Err(CallError::Timeout { .. })), "{way:?}: {late:?}");
        // Where all replies come the same way, this one still comes; elsewhere its stream is closed with the call.
        let expected = u64::from(matches!(way, Way::Stdio | Way::Legacy));
        let waiting = async {
            while session.counters().foreign_replies < expected {
                assert_eq!(text(&session, "echo", "{}").await.unwrap(), "{}", "{way:?}");
            }
        };
        tokio::time::timeout(Duration::from_secs(10), waiting).await.unwrap();
        assert_eq!(text(&session, "echo", "{}").await.unwrap(), "{}", "{way:?}");
        assert_eq!(session.counters().foreign_replies, expected, "{way:?}");
    }
}

#[tokio::test]
async fn a_reply_under_another_ones_id_on_the_wrong_stream_does_no_harm() {
    // The server mixes up its streams: what comes here is for a call that waits elsewhere.
    let events = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n";
    let foreign = reply("not yours").replace("$ID", "999");
    let peer = Peer::start(&[
        ("mixed", vec![bytes(&format!("{events}data: {foreign}\n\ndata: {}\n\n", reply("yours")))]),
        ("foreign", vec![Act::Json(foreign)]),
    ])
    .await;
    let session = peer.session().await;
    assert_eq!(peer.trouble(&session, "mixed").await.unwrap(), "yours");
    let outcome = peer.trouble(&session, "foreign").await;
    assert!(outcome.is_err(), "{outcome:?}");
    assert_eq!(session.counters().foreign_replies, 2);
}
