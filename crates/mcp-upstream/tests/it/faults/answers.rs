//! Answers over HTTP that come late, in pieces, or not whole.
use std::time::Duration;

use mcp_upstream::{CallError, Limits};

use super::peer::{Act, Peer, bytes, reply};
use crate::kit::{chain, limits, text, within};

const EVENTS: &str = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n";
const CHUNKED: &str =
    "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";

fn json_head(length: usize) -> Act {
    bytes(&format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n"))
}

#[tokio::test]
async fn headers_that_do_not_come_run_into_the_deadline() {
    let half = bytes("HTTP/1.1 200 OK\r\ncontent-ty");
    let peer = Peer::start(&[("none", vec![Act::Hang]), ("half", vec![half, Act::Hang])]).await;
    let session = peer.session().await;
    let after = Duration::from_millis(100);
    for tool in ["none", "half"] {
        let outcome = peer.beside(&session, within(&session, tool, after)).await;
        assert!(
            matches!(outcome, Err(CallError::Timeout { after: passed }) if passed == after),
            "{outcome:?}"
        );
    }
}

#[tokio::test]
async fn headers_and_bodies_that_drip_arrive() {
    let whole = format!("{EVENTS}data: {}\n\n", reply("dripped"));
    let to_the_end = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n";
    let body = format!("{to_the_end}{}", reply("dripped"));
    let peer = Peer::start(&[
        ("events", vec![Act::Drip(whole.into_bytes(), 1)]),
        ("body", vec![Act::Drip(body.into_bytes(), 1)]),
    ])
    .await;
    let session = peer.session().await;
    for tool in ["events", "body"] {
        assert_eq!(peer.trouble(&session, tool).await.unwrap(), "dripped");
    }
}

#[tokio::test]
async fn a_body_that_drips_too_slowly_runs_into_the_deadline() {
    let body = |head: Act| vec![head, Act::Drip(vec![b' '; 10_000], 5)];
    let comments = vec![bytes(EVENTS), Act::Drip(": still at it\n\n".repeat(1000).into_bytes(), 5)];
    let peer = Peer::start(&[("json", body(json_head(10_000))), ("events", comments)]).await;
    let session = peer.session().await;
    let after = Duration::from_millis(150);
    for tool in ["json", "events"] {
        let outcome = peer.beside(&session, within(&session, tool, after)).await;
        assert!(matches!(outcome, Err(CallError::Timeout { .. })), "{tool}: {outcome:?}");
    }
}

#[tokio::test]
async fn a_stream_that_ends_before_the_reply_is_truncated() {
    let log = "data: {\"jsonrpc\":\"2.0\",\"method\":\"notifications/message\",\"params\":{}}\n\n";
    let half = format!("data: {}", &reply("x")[..30]);
    // A whole line, but no empty one: the event is not complete (HTML standard, 9.2.6).
    let unfinished = format!("data: {}\n", reply("x"));
    let peer = Peer::start(&[
        ("nothing", vec![bytes(EVENTS)]),
        ("log", vec![bytes(&format!("{EVENTS}{log}"))]),
        ("half", vec![bytes(&format!("{EVENTS}{half}"))]),
        ("unfinished", vec![bytes(&format!("{EVENTS}{unfinished}"))]),
    ])
    .await;
    let session = peer.session().await;
    for tool in ["nothing", "log", "half", "unfinished"] {
        let outcome = peer.trouble(&session, tool).await;
        assert!(matches!(outcome, Err(CallError::Truncated)), "{tool}: {outcome:?}");
        assert_eq!(peer.calls(tool), 1, "the server may have done it: it is not sent again");
    }
}

#[tokio::test]
async fn a_connection_that_breaks_under_a_stream_is_a_transport_error() {
    let chunk = |text: &str| format!("{CHUNKED}{:x}\r\n{text}\r\n", text.len());
    let peer = Peer::start(&[
        ("cut", vec![bytes(&chunk(": hello\n\n"))]),
        ("reset", vec![bytes(&chunk(": hello\n\n")), Act::Reset]),
    ])
    .await;
    let session = peer.session().await;
    for tool in ["cut", "reset"] {
        let outcome = peer.trouble(&session, tool).await;
        assert!(matches!(outcome, Err(CallError::Transport { .. })), "{tool}: {outcome:?}");
        assert!(outcome.unwrap_err().was_sent());
    }
}

#[tokio::test]
async fn a_body_shorter_than_promised_is_a_transport_error() {
    let whole = reply("x");
    let peer = Peer::start(&[
        ("half", vec![json_head(1000), bytes(&whole[..20])]),
        // What came is a whole message, but not what was promised.
        ("whole", vec![json_head(1000), bytes(&whole)]),
        ("reset", vec![json_head(1000), bytes(&whole[..20]), Act::Reset]),
        ("at once", vec![Act::Reset]),
    ])
    .await;
    let session = peer.session().await;
    for tool in ["half", "whole", "reset", "at once"] {
        let outcome = peer.trouble(&session, tool).await;
        let Err(error @ CallError::Transport { .. }) = outcome else { panic!("{tool}: {outcome:?}") };
        assert!(error.was_sent() && chain(&error).len() > 20, "{tool}: {}", chain(&error));
        assert_eq!(peer.calls(tool), 1, "the server may have done it: it is not sent again");
    }
}

#[tokio::test]
async fn a_message_in_two_writes_is_one_message() {
    let event = format!("data: {}\n\n", reply("two"));
    let (first, second) = event.split_at(40);
    let message = reply("two");
    let peer = Peer::start(&[
        ("events", vec![bytes(&format!("{EVENTS}{first}")), Act::Drip(second.as_bytes().to_vec(), 1)]),
        (
            "body",
            vec![
                bytes("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n\r\n"),
                bytes(&message[..30]),
                Act::Drip(message.as_bytes()[30..].to_vec(), 1),
            ],
        ),
    ])
    .await;
    let session = peer.session().await;
    for tool in ["events", "body"] {
        assert_eq!(peer.trouble(&session, tool).await.unwrap(), "two");
    }
}

#[tokio::test]
async fn a_reply_longer_than_the_limit_fails_alone() {
    let long = reply(&"x".repeat(20_000));
    // One line that does not want to end.
    let pieces =
        [vec![bytes(&format!("{EVENTS}data: "))], vec![bytes(&"x".repeat(1000)); 20], vec![bytes("\n\n")]]
            .concat();
    let peer = Peer::start(&[
        ("body", vec![Act::Json(long.clone())]),
        ("event", vec![bytes(&format!("{EVENTS}data: {long}\n\n"))]),
        ("endless", pieces),
        ("lines", vec![bytes(&format!("{EVENTS}{}\n", "data: x\n".repeat(10_000)))]),
    ])
    .await;
    let session = peer.session_with(Limits { message_bytes: 10_000, ..limits() }).await;
    for tool in ["body", "event", "endless", "lines"] {
        let outcome = peer.trouble(&session, tool).await;
        assert!(matches!(outcome, Err(CallError::TooLarge { limit: 10_000 })), "{tool}: {outcome:?}");
    }
    assert_eq!(text(&session, "echo", "{}").await.unwrap(), "echo");
}
