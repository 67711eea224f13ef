//! What a server says on its own: requests, notifications, and what is neither.
use mcp_upstream::Event;
use testkit::mcp::{Script, Step, reply};

use crate::kit::{self, ANY, Way, text};

fn asking(method: &str) -> Vec<Step> {
    reply::after(&format!(r#"{{"jsonrpc":"2.0","id":"ask-1","method":"{method}","params":{{}}}}"#))
}

#[tokio::test]
async fn ping_is_answered_and_everything_else_declined() {
    let methods = ["ping", "roots/list", "sampling/createMessage", "elicitation/create", "tasks/list"];
    let script = methods
        .iter()
        .fold(Script::new(), |script, method| script.tool(method, ANY, asking(method)))
        .tool("received", ANY, reply::received());
    for way in [Way::Stdio, Way::Events, Way::Legacy] {
        for method in methods {
            let (session, _server) = way.session(&script).await;
            text(&session, method, "{}").await.unwrap();
            let received = kit::wait_until_received(&session, r#""id":"ask-1""#).await;
            let answer = received.lines().find(|line| line.contains("ask-1")).unwrap();
            let expected = if method == "ping" {
                r#"{"jsonrpc":"2.0","id":"ask-1","result":{}}"#.to_owned()
            } else {
                r#"{"jsonrpc":"2.0","id":"ask-1","error":{"code":-32601,"message":"Method not found: the client did not declare this capability"}}"#.to_owned()
            };
            assert_eq!(answer, expected, "{way:?} {method}");
        }
    }
}

#[tokio::test]
async fn notifications_come_in_the_order_of_the_wire() {
    let log = |n: u32| {
        Step::Send(format!(
            r#"{{"jsonrpc":"2.0","method":"notifications/message","params":{{"level":"info","data":{n}}}}}"#
        ))
    };
    let other = Step::Send(r#"{"jsonrpc":"2.0","method":"notifications/x","params":{"a": 1.10}}"#.into());
    let steps: Vec<Step> = (0..100).map(log).chain([other]).chain(reply::text("done")).collect();
    let script = Script::new().tool("talk", ANY, steps);
    for way in [Way::Stdio, Way::Events, Way::Legacy] {
        let (session, _server) = way.session(&script).await;
        let mut events = session.events();
        text(&session, "talk", "{}").await.unwrap();
        for n in 0..100 {
            match events.recv().await.unwrap() {
                Event::Log(record) => assert_eq!(record.raw(), &format!(r#"{{"level":"info","data":{n}}}"#)),
                other => panic!("{way:?}: {other:?}"),
            }
        }
        match events.recv().await.unwrap() {
            Event::Other { method, params } => {
                assert_eq!((&*method, &*params), ("notifications/x", &br#"{"a": 1.10}"#[..]));
            }
            other => panic!("{way:?}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn a_flood_of_notifications_drops_the_oldest_and_nothing_else() {
    let log = Step::Send(r#"{"jsonrpc":"2.0","method":"notifications/message","params":{}}"#.into());
    let steps: Vec<Step> = [vec![Step::Repeat(10_000, vec![log])], reply::text("done")].concat();
    let script = Script::new().tool("flood", ANY, steps);
    let (session, _server) = Way::Events.session(&script).await;
    let mut events = session.events();
    assert_eq!(text(&session, "flood", "{}").await.unwrap(), "done");
    assert!(matches!(events.recv().await, Err(tokio::sync::broadcast::error::RecvError::Lagged(9744))));
}

#[tokio::test]
async fn a_change_of_the_tools_is_lost_to_nobody() {
    let changed = Step::Send(r#"{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}"#.into());
    let log = Step::Send(r#"{"jsonrpc":"2.0","method":"notifications/message","params":{}}"#.into());
    let flood = Step::Repeat(10_000, vec![log]);
    let steps = [vec![changed.clone(), flood, changed], reply::text("done")].concat();
    let script = Script::new().tool("change", ANY, steps);
    for way in [Way::Stdio, Way::Events, Way::Legacy] {
        let (session, _server) = way.session(&script).await;
        let mut early = session.tools_changed();
        assert_eq!(*early.borrow_and_update(), 0);
        text(&session, "change", "{}").await.unwrap();
        early.changed().await.unwrap();
        assert_eq!(*early.borrow_and_update(), 2, "{way:?}");
        assert_eq!(*session.tools_changed().borrow(), 2, "{way:?}: a receiver that is made afterwards");
    }
}

#[tokio::test]
async fn what_is_too_long_to_hand_on_or_back_is_stray() {
    let notification = r#"{"jsonrpc":"2.0","method":"notifications/message","params":{"data":"$PAD"}}"#;
    let request = r#"{"jsonrpc":"2.0","id":"$PAD","method":"ping"}"#;
    let padded = |message: &str, bytes| vec![Step::Padded(message.into(), bytes)];
    let steps = [padded(notification, 2_000), padded(request, 2_000), reply::text("done")].concat();
    let script = Script::new().tool("long", ANY, steps);
    for way in [Way::Stdio, Way::Events, Way::Legacy] {
        let limits = mcp_upstream::Limits { notification_bytes: 1_000, ..kit::limits() };
        let (session, _server) = way.connect_with(&script, limits).await;
        let session = session.unwrap();
        let mut events = session.events();
        text(&session, "long", "{}").await.unwrap();
        assert_eq!(session.counters().stray_messages, 2, "{way:?}");
        assert!(events.try_recv().is_err());
    }
}

#[tokio::test]
async fn replies_to_nobody_and_repeated_ones_are_ignored() {
    let steps = |first: &str| {
        [vec![Step::Send(first.to_owned())], reply::text("right"), reply::text("again")].concat()
    };
    let script = Script::new()
        .tool("foreign", ANY, steps(r#"{"jsonrpc":"2.0","id":999999,"result":{}}"#))
        .tool("invented", ANY, steps(r#"{"jsonrpc":"2.0","id":"someone-else","result":{}}"#));
    for way in [Way::Stdio, Way::Events, Way::Legacy] {
        let (session, _server) = way.session(&script).await;
        for tool in ["foreign", "invented"] {
            assert_eq!(text(&session, tool, "{}").await.unwrap(), "right", "{way:?}");
        }
        session.ping().await.unwrap();
        let foreign = session.counters().foreign_replies;
        // What follows a reply on its own stream may come when nobody reads it any more.
        let expected = if way == Way::Events { 2..=4 } else { 4..=4 };
        assert!(expected.contains(&foreign), "{way:?}: {foreign}");
    }
}

#[tokio::test]
async fn stray_lines_are_counted_and_ignored() {
    let stray =
        ["Listening on port 3000", r#"{"level":"info","msg":"called"}"#, "{", "", "[1]", "\u{1b}[32mok"];
    let steps: Vec<Step> =
        stray.iter().map(|line| Step::Raw((*line).to_owned())).chain(reply::text("right")).collect();
    let script = Script::new().before(Step::Raw("starting".into())).tool("noisy", ANY, steps);
    let (session, _) = Way::Stdio.session(&script).await;
    assert_eq!(text(&session, "noisy", "{}").await.unwrap(), "right");
    assert_eq!(session.counters().stray_messages, 6, "an empty line is no message and no stray one either");
}

#[tokio::test]
async fn a_batch_is_taken_apart() {
    let steps = vec![Step::Send(
        r#"[{"jsonrpc":"2.0","method":"notifications/tools/list_changed"},{"jsonrpc":"2.0","id":$ID,"result":{"content":[{"type":"text","text":"in a batch"}]}}]"#
            .into(),
    )];
    let script = Script::new().protocol_version("2025-03-26").tool("batch", ANY, steps);
    for way in Way::ALL {
        let (session, _server) = way.session(&script).await;
        assert_eq!(text(&session, "batch", "{}").await.unwrap(), "in a batch", "{way:?}");
        assert_eq!(*session.tools_changed().borrow(), 1, "{way:?}");
    }
}

#[tokio::test]
async fn an_id_may_come_back_as_a_string() {
    let script = Script::new().tool(
        "stringly",
        ANY,
        vec![Step::Send(
            r#"{"jsonrpc":"2.0","id":"$ID","result":{"content":[{"type":"text","text":"yes"}]}}"#.into(),
        )],
    );
    for way in Way::ALL {
        let (session, _server) = way.session(&script).await;
        assert_eq!(text(&session, "stringly", "{}").await.unwrap(), "yes", "{way:?}");
    }
}
