//! `tools/call` over every transport: results, errors, deadlines, cancellation, progress, many at once.
use std::time::Duration;

use bytes::Bytes;
use mcp_upstream::{CallError, CallOptions, Limits};
use testkit::mcp::{Script, Step, reply};
use tokio::sync::mpsc;

use crate::kit::{self, ANY, Way, limits, text, within};

#[tokio::test]
async fn arguments_and_result_travel_to_the_byte() {
    let arguments = r#"{"z":18446744073709551616, "a":1.10,"\u0061":"\u00e4ö𝄞","e":{},"n":[ ]}"#;
    let result = r#"{"_meta":{"k":1.10},"content":[{"type":"video","x":12345678901234567890123},{"type":"text","text":"\u0000"}], "structuredContent":[1.0],"isError":true,"unknown":null}"#;
    let script = Script::new().tool("echo", ANY, reply::echo()).tool("odd", ANY, reply::result(result));
    for way in Way::ALL {
        let (session, _server) = way.session(&script).await;
        assert_eq!(text(&session, "echo", arguments).await.unwrap(), arguments, "{way:?}");
        let got = session.call_tool("odd", Bytes::new(), CallOptions::default()).await.unwrap();
        assert_eq!(got.as_str(), result, "{way:?}");
        let parts = got.parts().unwrap();
        assert!(parts.is_error);
        assert_eq!(parts.content[0].get(), r#"{"type":"video","x":12345678901234567890123}"#);
        assert_eq!(parts.structured_content.unwrap().get(), "[1.0]");
        assert_eq!(parts.meta.unwrap().get(), r#"{"k":1.10}"#);
    }
}

#[tokio::test]
async fn a_servers_error_is_typed() {
    let script = Script::new().tool("fails", ANY, reply::error(-32000, "no luck"));
    for way in Way::ALL {
        let (session, _server) = way.session(&script).await;
        for (tool, code, message) in [("fails", -32000, "no luck"), ("nobody", -32602, "Unknown tool")] {
            match text(&session, tool, "{}").await {
                Err(CallError::Server(error)) => {
                    assert_eq!((error.code, &*error.message), (code, message));
                    assert_eq!(error.data.unwrap().get(), r#"{"n":1.10}"#);
                }
                other => panic!("{way:?}: {other:?}"),
            }
        }
    }
}

#[tokio::test]
async fn a_deadline_ends_one_call_and_the_server_is_told() {
    let script = Script::new()
        .tool("stuck", ANY, reply::hang())
        .tool("received", ANY, reply::received())
        .tool("echo", ANY, reply::echo());
    for way in Way::ALL {
        let (session, _server) = way.session(&script).await;
        let after = Duration::from_millis(100);
        let (stuck, echo) = tokio::join!(within(&session, "stuck", after), text(&session, "echo", "{}"));
        assert!(
            matches!(stuck, Err(CallError::Timeout { after: passed }) if passed == after),
            "{way:?}: {stuck:?}"
        );
        assert_eq!(echo.unwrap(), "{}");
        kit::wait_until_received(&session, r#""method":"notifications/cancelled","params":{"requestId":"#)
            .await;
        assert_eq!(session.outstanding_calls(), 0);
    }
}

#[tokio::test]
async fn a_caller_that_leaves_cancels_its_call() {
    let script = Script::new().tool("stuck", ANY, reply::hang()).tool("received", ANY, reply::received());
    for way in Way::ALL {
        let (session, server) = way.session(&script).await;
        let call = tokio::spawn({
            let session = session.clone();
            async move { text(&session, "stuck", "{}").await }
        });
        match &server {
            Some(server) => drop(server.wait_for(|request| request.body.contains("stuck")).await),
            // Over stdio what is sent is sent in order.
            None => drop(text(&session, "received", "{}").await),
        }
        call.abort();
        let received = kit::wait_until_received(&session, "notifications/cancelled").await;
        // initialize was 1, or so; it was the stuck call that was cancelled, and only that one.
        assert_eq!(received.matches("notifications/cancelled").count(), 1, "{way:?}: {received}");
    }
}

#[tokio::test]
async fn progress_comes_in_order_to_the_call_that_asked() {
    let script = Script::new().tool("work", ANY, reply::progress(100)).tool("echo", ANY, reply::echo());
    for way in Way::ALL {
        let (session, _server) = way.session(&script).await;
        let (sender, mut receiver) = mpsc::channel(200);
        let options = CallOptions { progress: Some(sender), ..CallOptions::default() };
        let result = session.call_tool("work", Bytes::from_static(b"{}"), options).await.unwrap();
        assert!(result.as_str().contains("done"));
        // Behind JSON replies progress comes on the server's own stream, which may be later than the reply, or not open
        // yet: then there is nobody to tell.
        if way == Way::Json {
            continue;
        }
        for n in 1..=100 {
            let progress = receiver.recv().await.unwrap();
            assert!((progress.progress - f64::from(n)).abs() < f64::EPSILON, "{way:?}");
            assert_eq!(progress.total, Some(100.0));
            assert_eq!(progress.message, Some(format!("step {n}")));
        }
        assert!(receiver.recv().await.is_none(), "the sender goes with the call");
        // A call that did not ask has no token.
        text(&session, "echo", "{}").await.unwrap();
    }
}

#[tokio::test]
async fn progress_that_nobody_reads_holds_nothing_up() {
    let script = Script::new().tool("work", ANY, reply::progress(1000));
    for way in [Way::Stdio, Way::Events, Way::Legacy] {
        let (session, _server) = way.session(&script).await;
        let (sender, _receiver) = mpsc::channel(1);
        let options = CallOptions { progress: Some(sender), ..CallOptions::default() };
        session.call_tool("work", Bytes::from_static(b"{}"), options).await.unwrap();
        assert_eq!(session.counters().dropped_progress, 999, "{way:?}");
    }
}

#[tokio::test]
async fn ten_thousand_calls_at_once() {
    let script = Script::new().tool("slow", ANY, reply::slow(100)).tool("echo", ANY, reply::echo());
    let (session, _) = Way::Stdio.session(&script).await;
    let mut calls = tokio::task::JoinSet::new();
    for n in 0..10_000 {
        let session = session.clone();
        calls.spawn(async move {
            let (tool, arguments) =
                if n % 2 == 0 { ("slow", "{}".to_owned()) } else { ("echo", format!(r#"{{"n":{n}}}"#)) };
            let result =
                session.call_tool(tool, Bytes::from(arguments), CallOptions::default()).await.unwrap();
            let wanted = if n % 2 == 0 { "slow".to_owned() } else { format!(r#"{{\"n\":{n}}}"#) };
            assert!(result.as_str().contains(&wanted), "{}", result.as_str());
        });
    }
    while let Some(call) = calls.join_next().await {
        call.unwrap();
    }
    assert_eq!(session.outstanding_calls(), 0);
    assert_eq!(session.counters(), mcp_upstream::Counters::default());
}

#[tokio::test]
async fn a_waiting_call_is_small() {
    let (session, _) = Way::Stdio.session(&Script::new()).await;
    let call = session.call_tool("echo", Bytes::new(), CallOptions::default());
    assert!(size_of_val(&call) <= 4096, "a call takes {} bytes", size_of_val(&call));
}

#[tokio::test]
async fn one_call_too_many_is_refused_unsent() {
    let script = Script::new().tool("stuck", ANY, reply::hang());
    let limits = Limits { outstanding_calls: 2, ..limits() };
    for way in Way::ALL {
        let (session, _server) = way.connect_with(&script, limits.clone()).await;
        let session = session.unwrap();
        let after = Duration::from_millis(200);
        let call = || within(&session, "stuck", after);
        let outcomes: [_; 3] = tokio::join!(call(), call(), call()).into();
        let busy: Vec<_> =
            outcomes.iter().filter(|outcome| matches!(outcome, Err(CallError::Busy { limit: 2 }))).collect();
        assert_eq!(busy.len(), 1, "{way:?}: {outcomes:?}");
        assert!(matches!(busy[0], Err(error) if !error.was_sent()));
    }
}

#[tokio::test]
async fn large_results_pass_and_larger_ones_fail_alone() {
    let script = Script::new()
        .tool("large", ANY, reply::large(90_000))
        .tool("larger", ANY, reply::large(300_000))
        .tool("stuck", ANY, reply::slow(300))
        // A reply whose id stands behind what is too long.
        .tool(
            "backwards",
            ANY,
            vec![Step::Padded(r#"{"result":{"x":"$PAD"},"jsonrpc":"2.0","id":$ID}"#.into(), 300_000)],
        );
    let limits = Limits { message_bytes: 100_000, ..limits() };
    for way in Way::ALL {
        let (session, _server) = way.connect_with(&script, limits.clone()).await;
        let session = session.unwrap();
        assert_eq!(text(&session, "large", "{}").await.unwrap().len(), 90_000);
        let (other, larger, backwards) = tokio::join!(
            text(&session, "stuck", "{}"),
            text(&session, "larger", "{}"),
            text(&session, "backwards", "{}")
        );
        assert!(matches!(larger, Err(CallError::TooLarge { limit: 100_000 })), "{way:?}: {larger:?}");
        assert!(matches!(backwards, Err(CallError::TooLarge { limit: 100_000 })), "{way:?}: {backwards:?}");
        assert_eq!(other.unwrap(), "slow", "{way:?}");
        assert_eq!(text(&session, "large", "{}").await.unwrap().len(), 90_000, "{way:?}");
    }
}

#[tokio::test]
async fn closing_fails_the_calls_under_way() {
    let script = Script::new().tool("stuck", ANY, reply::hang());
    for way in Way::ALL {
        let (session, server) = way.session(&script).await;
        let call = tokio::spawn({
            let session = session.clone();
            async move { text(&session, "stuck", "{}").await }
        });
        while session.outstanding_calls() == 0 {
            tokio::task::yield_now().await;
        }
        session.close().await;
        match call.await.unwrap() {
            Err(CallError::Closed { reason: mcp_upstream::Closed::Local, .. }) => {}
            other => panic!("{way:?}: {other:?}"),
        }
        assert!(matches!(session.closed().await, mcp_upstream::Closed::Local));
        let Err(CallError::Closed { sent: false, .. }) = text(&session, "stuck", "{}").await else {
            panic!("{way:?}: a closed session takes no calls")
        };
        if let (Some(server), Way::Json | Way::Events) = (server, way) {
            let delete = server.wait_for(|request| request.method == "DELETE").await;
            assert!(delete.headers.contains_key("mcp-session-id"));
            assert_eq!(delete.headers["mcp-protocol-version"], "2025-11-25");
        }
    }
}
