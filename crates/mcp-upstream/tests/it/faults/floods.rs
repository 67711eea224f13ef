//! More than anybody wants to hear.
use mcp_upstream::{Event, Limits};
use testkit::mcp::{Era, Script, Step, reply};
use tokio::sync::broadcast::error::RecvError;

use crate::kit::{self, ANY, Way, limits, text};

const WAYS: [(Way, Era); 5] = [
    (Way::Stdio, Era::Legacy),
    (Way::Events, Era::Legacy),
    (Way::Legacy, Era::Legacy),
    (Way::Stdio, Era::Modern),
    (Way::Events, Era::Modern),
];

/// Log records of a kilobyte, numbered, then the answer.
fn flood(times: usize) -> Vec<Step> {
    let padding = "x".repeat(1000);
    let log = Step::Send(format!(
        r#"{{"jsonrpc":"2.0","method":"notifications/message","params":{{"n":$N,"data":"{padding}"}}}}"#
    ));
    [vec![Step::Repeat(times, vec![log])], reply::text("done")].concat()
}

fn number(event: Event) -> usize {
    let Event::Log(record) = event else { panic!("{event:?}") };
    let params: serde_json::Value = serde_json::from_slice(record.raw()).unwrap();
    usize::try_from(params["n"].as_u64().unwrap()).unwrap()
}

#[tokio::test]
async fn ten_thousand_notifications_keep_their_order_and_hold_up_nobody() {
    let script = Script::new().tool("flood", ANY, flood(10_000)).tool("echo", ANY, reply::echo());
    for (way, era) in WAYS {
        let script = script.clone().speaks(era);
        let (session, _server) = way.connect_with(&script, Limits { events: 16_384, ..limits() }).await;
        let session = session.unwrap();
        let mut events = session.events();
        let (flood, echo) = tokio::join!(text(&session, "flood", "{}"), text(&session, "echo", "{}"));
        assert_eq!((flood.unwrap(), echo.unwrap()), ("done".into(), "{}".into()), "{way:?}");
        for expected in 1..=10_000 {
            assert_eq!(number(events.recv().await.unwrap()), expected, "{way:?}");
        }
        assert_eq!(session.outstanding_calls(), 0);
    }
}

#[tokio::test]
async fn ten_thousand_notifications_that_nobody_reads_take_no_more_room_than_allowed() {
    let script = Script::new().tool("flood", ANY, flood(10_000)).tool("echo", ANY, reply::echo());
    for (way, era) in WAYS {
        let script = script.clone().speaks(era);
        let (session, _server) = way.connect_with(&script, Limits { events: 64, ..limits() }).await;
        let session = session.unwrap();
        let mut events = session.events();
        assert_eq!(text(&session, "flood", "{}").await.unwrap(), "done", "{way:?}");
        // The oldest are gone, and how many is told; the newest are there, in order.
        let Err(RecvError::Lagged(lost)) = events.recv().await else { panic!("{way:?}: nothing was lost") };
        assert_eq!(lost, 10_000 - 64, "{way:?}");
        for expected in 10_000 - 63..=10_000 {
            assert_eq!(number(events.recv().await.unwrap()), expected, "{way:?}");
        }
        assert_eq!(text(&session, "echo", "{}").await.unwrap(), "{}");
    }
}

#[tokio::test]
async fn requests_of_the_server_in_a_flood_are_answered_or_counted() {
    let ask = Step::Send(r#"{"jsonrpc":"2.0","id":"ask-$N","method":"ping"}"#.into());
    let steps = [vec![Step::Repeat(5_000, vec![ask])], reply::text("done")].concat();
    let script = Script::new().tool("flood", ANY, steps).tool("received", ANY, reply::received());
    for way in [Way::Stdio, Way::Events, Way::Legacy] {
        let (session, _server) =
            way.connect_with(&script, Limits { outgoing_messages: 100, ..limits() }).await;
        let session = session.unwrap();
        assert_eq!(text(&session, "flood", "{}").await.unwrap(), "done", "{way:?}");
        let all = async {
            loop {
                let received = text(&session, "received", "{}").await.unwrap();
                let answered = received.lines().filter(|line| line.contains("ask-")).count();
                let dropped = usize::try_from(session.counters().dropped_messages).unwrap();
                if answered + dropped >= 5_000 {
                    return (answered, dropped);
                }
            }
        };
        let (answered, dropped) =
            tokio::time::timeout(std::time::Duration::from_secs(20), all).await.unwrap();
        assert_eq!(answered + dropped, 5_000, "{way:?}");
        assert!(answered > 0, "{way:?}");
    }
}

#[tokio::test]
async fn progress_in_a_flood_is_dropped_and_counted() {
    let script = Script::new().tool("work", ANY, reply::progress(10_000)).tool("echo", ANY, reply::echo());
    for (way, era) in WAYS {
        let (session, _server) = way.session(&script.clone().speaks(era)).await;
        let (sender, mut receiver) = tokio::sync::mpsc::channel(10);
        let call = mcp_upstream::CallOptions { progress: Some(sender), ..Default::default() };
        session.call_tool("work", bytes::Bytes::from_static(b"{}"), call).await.unwrap();
        let mut last = 0.0;
        let mut heard = 0;
        while let Some(progress) = receiver.recv().await {
            assert!(progress.progress > last, "{way:?}: the order is kept");
            last = progress.progress;
            heard += 1;
        }
        assert_eq!(heard, 10, "{way:?}");
        assert_eq!(session.counters().dropped_progress, 9_990, "{way:?}");
        assert_eq!(kit::text(&session, "echo", "{}").await.unwrap(), "{}");
    }
}
