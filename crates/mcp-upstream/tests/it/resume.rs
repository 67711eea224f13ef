//! Event streams that break off before the reply, and what becomes of their calls (2025-11-25, basic/transports,
//! "Resumability and Redelivery").
use std::time::Duration;

use bytes::Bytes;
use http::HeaderValue;
use mcp_upstream::{CallError, CallOptions, Closed, Limits, ProtocolVersion, Session, SessionOptions};
use testkit::mcp::{Era, Recorded, Script, ScriptedServer, Step, reply};

use crate::kit::{ANY, Way, limits, options, text, within};

/// A script whose tool `polled` says where its stream is and ends it. `retry` is in milliseconds.
fn polled(retry: Option<u64>) -> Script {
    Script::new().without_get_stream().tool("polled", ANY, vec![reply::place("a", retry)]).tool(
        "echo",
        ANY,
        reply::echo(),
    )
}

async fn connect(script: &Script, limits: Limits) -> (Session, ScriptedServer) {
    // One that says `initialize` without a question first, so that a tool's call has the id 2.
    let options = SessionOptions { revision: Some(ProtocolVersion::V2025_11_25), ..options(limits) };
    let (session, server) = Way::Events.connect_by(script, options).await;
    (session.unwrap(), server.unwrap())
}

/// Limits by which nothing takes long.
fn soon() -> Limits {
    let resume_pause = Duration::from_millis(20);
    Limits { resume_pause, shortest_retry: Duration::from_millis(1), ..limits() }
}

fn resumptions(server: &ScriptedServer) -> Vec<Recorded> {
    let resumed = |request: &Recorded| request.headers.contains_key("last-event-id");
    server.recorded().into_iter().filter(resumed).collect()
}

fn log(number: u64) -> String {
    format!(r#"{{"jsonrpc":"2.0","method":"notifications/message","params":{{"data":{number}}}}}"#)
}

/// Cuts the connection, once what was said before is on its way.
fn cut() -> Vec<Step> {
    vec![Step::Wait(1), Step::Break(1)]
}

async fn wait_for_cancelled(server: &ScriptedServer) {
    server.wait_for(|request| request.body.contains("notifications/cancelled")).await;
}

#[tokio::test]
async fn a_call_whose_stream_ends_is_resumed_after_the_servers_pause() {
    for last in [vec![], cut()] {
        let steps = [vec![reply::place("a", Some(150))], last].concat();
        let script = Script::new().tool("polled", ANY, steps).resumed("a", reply::text("at last"));
        let (session, server) = connect(&script, limits()).await;
        let mut call = CallOptions::default();
        call.headers.insert("x-own", HeaderValue::from_static("1"));
        let result = session.call_tool("polled", Bytes::from_static(b"{}"), call).await.unwrap();
        assert!(result.as_str().contains("at last"));
        let post = server.wait_for(|request| request.body.contains("tools/call")).await;
        let [get] = &resumptions(&server)[..] else { panic!("{:?}", server.recorded()) };
        assert_eq!(get.headers["last-event-id"], "a-2");
        assert_eq!(get.headers["accept"], "text/event-stream");
        assert_eq!(get.headers["mcp-session-id"], post.headers["mcp-session-id"]);
        assert_eq!(get.headers["mcp-protocol-version"], "2025-11-25");
        assert_eq!(get.headers["x-own"], "1", "the call's own headers are for all its requests");
        assert!(!get.headers.contains_key("content-type"));
        let waited = get.at - post.at;
        assert!(waited >= Duration::from_millis(150), "{waited:?}");
    }
}

#[tokio::test]
async fn a_stream_is_resumed_until_the_reply_and_all_on_it_is_heard() {
    let say = |place: &str, n| Step::Raw(format!("id: {place}-$ID\ndata: {}\n\n", log(n)));
    let script = Script::new()
        .protocol_version("2025-03-26")
        .without_get_stream()
        .tool("long", ANY, vec![reply::place("a", Some(1)), Step::Send(log(1))])
        .resumed_times("a", 0, 1, vec![])
        .resumed_times("a", 1, 1, [vec![say("b", 2)], cut()].concat())
        .resumed("b", vec![say("c", 3), Step::Raw("id: lost\ndata: {".into())])
        // The id of an event that never came whole does not count, not even when another one comes.
        .resumed_times("c", 0, 1, vec![Step::Send(log(4))])
        .resumed_times(
            "c",
            1,
            1,
            [
                vec![
                    Step::Send(r#"{"jsonrpc":"2.0","id":77,"method":"ping"}"#.into()),
                    Step::Send(r#"{"jsonrpc":"2.0","id":4711,"result":{}}"#.into()),
                    Step::Send(log(5)),
                ],
                reply::text("done"),
            ]
            .concat(),
        );
    let (session, server) = connect(&script, soon()).await;
    let mut events = session.events();
    assert_eq!(text(&session, "long", "{}").await.unwrap(), "done");
    let ids: Vec<_> = resumptions(&server).iter().map(|get| get.headers["last-event-id"].clone()).collect();
    assert_eq!(ids, ["a-2", "a-2", "b-2", "c-2", "c-2"]);
    for n in 1..=5 {
        let event = format!("{:?}", events.try_recv().unwrap());
        assert!(event.contains(&n.to_string()), "{event}");
    }
    assert_eq!(session.counters().foreign_replies, 1);
    let answer = server.wait_for(|request| request.body.contains("77")).await;
    assert_eq!(answer.body, r#"{"jsonrpc":"2.0","id":77,"result":{}}"#);
}

#[tokio::test]
async fn the_stream_of_initialize_is_resumed_too() {
    let initialized =
        r#"{"protocolVersion":"2025-11-25","capabilities":{},"serverInfo":{"name":"late","version":"1"}}"#;
    let script = Script::new()
        .without_get_stream()
        .first("initialize", vec![reply::place("i", Some(1))])
        .resumed("i", reply::result(initialized));
    let (session, server) = connect(&script, soon()).await;
    assert_eq!(session.server().name, "late");
    let [get] = &resumptions(&server)[..] else { panic!("{:?}", server.recorded()) };
    assert_eq!(get.headers["mcp-session-id"], "1");
}

#[tokio::test]
async fn a_refused_resumption_ends_its_call_only() {
    let plain: &[(&str, &str)] = &[("content-type", "text/plain")];
    for status in [200, 204, 400, 403, 404, 405, 501] {
        let script = polled(Some(1)).resumed("a", reply::status(status, plain, "no"));
        let (session, server) = connect(&script, soon()).await;
        let error = text(&session, "polled", "{}").await.unwrap_err();
        assert!(
            matches!(&error, CallError::NotResumable { status: got, .. } if got.as_u16() == status),
            "{error:?}"
        );
        assert!(error.was_sent());
        wait_for_cancelled(&server).await;
        assert_eq!(text(&session, "echo", "{}").await.unwrap(), "{}");
        assert_eq!(resumptions(&server).len(), 1);
    }
}

#[tokio::test]
async fn a_resumption_may_find_out_that_the_session_is_forgotten() {
    for status in [400, 404] {
        let gone = reply::status(status, &[], "no such session");
        let script = polled(Some(1)).resumed("a", gone.clone()).always("ping", gone);
        let (session, _server) = connect(&script, soon()).await;
        let error = text(&session, "polled", "{}").await.unwrap_err();
        assert!(
            matches!(error, CallError::Closed { reason: Closed::SessionExpired, sent: true }),
            "the server had the request: {error:?}"
        );
        assert!(matches!(session.closed().await, Closed::SessionExpired));
    }
}

#[tokio::test]
async fn what_may_pass_is_waited_for_ever_longer() {
    let script = polled(None)
        .resumed_times("a", 0, 1, reply::status(503, &[], "starting"))
        .resumed_times("a", 1, 1, reply::status(409, &[], "still connected"))
        .resumed_times("a", 2, 1, reply::status(429, &[], "slowly"))
        .resumed("a", reply::text("back"));
    let (session, server) = connect(&script, soon()).await;
    assert_eq!(text(&session, "polled", "{}").await.unwrap(), "back");
    let gets = resumptions(&server);
    let pauses: Vec<Duration> = gets.windows(2).map(|pair| pair[1].at - pair[0].at).collect();
    let least = [40, 80, 160].map(Duration::from_millis);
    assert!(
        pauses.len() == 3 && pauses.iter().zip(least).all(|(pause, least)| *pause >= least),
        "{pauses:?}"
    );
}

#[tokio::test]
async fn attempts_that_fail_are_counted() {
    let script = polled(Some(1)).resumed("a", reply::status(503, &[], "down"));
    let (session, server) = connect(&script, Limits { failed_resumptions: 3, ..soon() }).await;
    let error = text(&session, "polled", "{}").await.unwrap_err();
    let CallError::NotResumed { attempts: 3, last: Some(last) } = &error else { panic!("{error:?}") };
    assert!(matches!(&**last, CallError::Http { status, .. } if status.as_u16() == 503), "{last:?}");
    assert_eq!(resumptions(&server).len(), 3);
    wait_for_cancelled(&server).await;
    assert_eq!(text(&session, "echo", "{}").await.unwrap(), "{}");
}

#[tokio::test]
async fn streams_without_anything_new_are_counted() {
    let replayed = Step::Raw(format!("id: a-$ID\ndata: {}\n\n", log(1)));
    for steps in [vec![], vec![Step::Raw(": nothing yet\n\n".into())], vec![replayed], cut()] {
        let script = polled(Some(1)).resumed("a", steps);
        let (session, server) = connect(&script, Limits { resumptions: 4, ..soon() }).await;
        let error = text(&session, "polled", "{}").await.unwrap_err();
        assert!(matches!(error, CallError::NotResumed { attempts: 4, last: None }), "{error:?}");
        assert_eq!(resumptions(&server).len(), 4);
    }
}

#[tokio::test]
async fn a_stream_that_takes_its_id_back_cannot_be_resumed() {
    let script = Script::new().without_get_stream().tool(
        "polled",
        ANY,
        vec![reply::place("a", Some(1)), Step::Raw("id\n\n".into())],
    );
    let (session, server) = connect(&script, soon()).await;
    let error = text(&session, "polled", "{}").await.unwrap_err();
    assert!(matches!(error, CallError::Truncated), "{error:?}");
    assert!(resumptions(&server).is_empty());
}

#[tokio::test]
async fn a_stream_of_a_stateless_revision_is_not_resumed() {
    let script = polled(Some(1)).speaks(Era::Modern).resumed("a", reply::text("never"));
    let (session, server) = Way::Events.session(&script).await;
    let error = text(&session, "polled", "{}").await.unwrap_err();
    assert!(matches!(error, CallError::Truncated), "{error:?}");
    assert!(resumptions(&server.unwrap()).is_empty());
}

#[tokio::test]
async fn a_call_that_waits_to_resume_can_be_given_up() {
    let an_hour = Some(3_600_000);
    let (session, server) = connect(&polled(an_hour), limits()).await;
    let error = within(&session, "polled", Duration::from_millis(50)).await.unwrap_err();
    assert!(matches!(error, CallError::Timeout { .. }), "{error:?}");
    wait_for_cancelled(&server).await;
    assert!(resumptions(&server).is_empty());

    let (session, server) = connect(&polled(an_hour), limits()).await;
    let dropped = async {
        tokio::select! {
            outcome = text(&session, "polled", "{}") => panic!("{outcome:?}"),
            _ = server.wait_for(|request| request.body.contains("tools/call")) => {}
        }
    };
    dropped.await;
    wait_for_cancelled(&server).await;
    assert_eq!(session.outstanding_calls(), 0);
}

#[tokio::test]
async fn the_end_of_the_session_ends_a_call_that_waits_to_resume() {
    let (session, server) = connect(&polled(Some(3_600_000)), limits()).await;
    let call = tokio::spawn({
        let session = session.clone();
        async move { text(&session, "polled", "{}").await }
    });
    server.wait_for(|request| request.body.contains("tools/call")).await;
    session.close().await;
    let error = call.await.unwrap().unwrap_err();
    assert!(matches!(error, CallError::Closed { reason: Closed::Local, sent: true }), "{error:?}");
}

#[tokio::test]
async fn a_reply_on_another_stream_is_a_reply() {
    let script = Script::new().tool("polled", ANY, vec![reply::place("a", Some(3_600_000))]).tool(
        "open",
        ANY,
        vec![reply::place("a", None), Step::Hang],
    );
    for tool in ["polled", "open"] {
        let (session, server) = connect(&script, limits()).await;
        server.wait_for(|request| request.method == "GET").await;
        let answering = async {
            let call = server.wait_for(|request| request.body.contains("tools/call")).await;
            let call: serde_json::Value = serde_json::from_str(&call.body).unwrap();
            let id = &call["id"];
            let result = r#"{"content":[{"type":"text","text":"by another way"}]}"#;
            while server.push(&format!(r#"{{"jsonrpc":"2.0","id":{id},"result":{result}}}"#)) == 0 {
                tokio::task::yield_now().await;
            }
        };
        let (outcome, ()) = tokio::join!(text(&session, tool, "{}"), answering);
        assert_eq!(outcome.unwrap(), "by another way");
        assert_eq!(session.counters().foreign_replies, 0);
    }
}

#[tokio::test]
async fn five_hundred_calls_of_one_session_are_resumed_at_once() {
    let script = polled(Some(100)).resumed("a", reply::slow(200));
    let (session, server) = connect(&script, limits()).await;
    let calls = (0..500).map(|_| text(&session, "polled", "{}"));
    for outcome in futures_util::future::join_all(calls).await {
        assert_eq!(outcome.unwrap(), "slow");
    }
    assert_eq!(resumptions(&server).len(), 500);
}

#[tokio::test]
async fn the_servers_own_stream_is_resumed_where_it_broke_off() {
    let stream: &[(&str, &str)] = &[("content-type", "text/event-stream")];
    let first = "id: own-0\nretry: 200\ndata:\n\n";
    let again = Step::Raw(
        "id: own-1\ndata: {\"jsonrpc\":\"2.0\",\"method\":\"notifications/tools/list_changed\"}\n\n".into(),
    );
    let script = Script::new()
        .first("GET", reply::status(200, stream, first))
        .resumed_times("own", 0, 1, reply::status(502, &[], "a proxy between"))
        .resumed_times("own", 1, 1, vec![again])
        .resumed("own", reply::status(400, &[], "no such event"));
    let (session, server) = connect(&script, soon()).await;
    let mut changes = session.tools_changed();
    changes.wait_for(|times| *times == 1).await.unwrap();
    // Its event is not known any more, but the session is, and the stream is there.
    let fresh =
        |request: &&Recorded| request.method == "GET" && !request.headers.contains_key("last-event-id");
    let asked = server.wait_for(|request| request.body.contains(r#""ping""#)).await;
    server.wait_for(|request| fresh(&request) && request.at > asked.at).await;
    let gets: Vec<Recorded> =
        server.recorded().into_iter().filter(|request| request.method == "GET").collect();
    let ids: Vec<_> = gets.iter().map(|get| get.headers.get("last-event-id").cloned()).collect();
    let id = |id| Some(HeaderValue::from_static(id));
    assert_eq!(ids, [None, id("own-0"), id("own-0"), id("own-1"), None]);
    let waited = |n: usize| gets[n + 1].at - gets[n].at;
    assert!(waited(0) >= Duration::from_millis(200), "{:?}", waited(0));
    assert!(waited(1) >= Duration::from_millis(400), "the server failed: {:?}", waited(1));
    assert!(waited(2) >= Duration::from_millis(200), "{:?}", waited(2));
    session.ping().await.unwrap();
}

#[tokio::test]
async fn the_servers_own_stream_is_open_when_the_session_begins() {
    let (session, server) = connect(&Script::new(), limits()).await;
    let mut changes = session.tools_changed();
    let message = r#"{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}"#;
    assert_eq!(server.push(message), 1);
    changes.wait_for(|times| *times == 1).await.unwrap();
}

#[tokio::test]
async fn a_session_begins_without_the_servers_own_stream_if_that_takes_long() {
    let script = Script::new().always("GET", reply::hang());
    let listen_patience = Duration::from_millis(50);
    let (session, server) = connect(&script, Limits { listen_patience, ..limits() }).await;
    let initialized = server.wait_for(|request| request.body.contains("notifications/initialized")).await;
    session.ping().await.unwrap();
    let ping = server.wait_for(|request| request.body.contains(r#""ping""#)).await;
    assert!(ping.at - initialized.at >= listen_patience);
}

#[tokio::test]
async fn a_reply_in_drips_is_a_reply_and_one_that_never_ends_is_late() {
    let whole = r#"data: {"jsonrpc":"2.0","id":$ID,"result":{"content":[{"type":"text","text":"drip"}]}}"#;
    let (head, rest) = whole.split_at(50);
    let mut drips = vec![Step::Raw(head.to_owned())];
    drips.extend(rest.chars().flat_map(|letter| [Step::Raw(letter.to_string()), Step::Wait(1)]));
    drips.push(Step::Raw("\n\n".into()));
    let endless =
        vec![Step::Raw("data: ".into()), Step::Repeat(100_000, vec![Step::Raw(" ".into()), Step::Wait(1)])];
    let comments = vec![Step::Repeat(100_000, vec![Step::Raw(": alive\n\n".into()), Step::Wait(1)])];
    let script = Script::new()
        .without_get_stream()
        .tool("drips", ANY, drips)
        .tool("endless", ANY, endless)
        .tool("comments", ANY, comments);
    let (session, server) = connect(&script, limits()).await;
    let deadline = Duration::from_millis(100);
    let (drips, endless, comments) = tokio::join!(
        text(&session, "drips", "{}"),
        within(&session, "endless", deadline),
        within(&session, "comments", deadline)
    );
    assert_eq!(drips.unwrap(), "drip");
    assert!(matches!(endless, Err(CallError::Timeout { .. })), "{endless:?}");
    assert!(matches!(comments, Err(CallError::Timeout { .. })), "{comments:?}");
    wait_for_cancelled(&server).await;
}

#[tokio::test]
async fn a_doubled_reply_is_counted_and_changes_nothing() {
    let event = |reply: &str| format!("data: {{\"jsonrpc\":\"2.0\",\"id\":$ID,{reply}}}\n\n");
    let good = |text: &str| event(&format!(r#""result":{{"content":[{{"type":"text","text":"{text}"}}]}}"#));
    let bad = event(r#""error":{"code":1,"message":"no"}"#);
    let doubled = || vec![Step::Raw(good("first") + &good("second"))];
    let script = polled(Some(1))
        .tool("doubled", ANY, doubled())
        .tool("regretted", ANY, vec![Step::Raw(bad + &good("second"))])
        .resumed("a", doubled());
    let (session, _server) = connect(&script, soon()).await;
    for (tool, foreign) in [("doubled", 1), ("polled", 2)] {
        assert_eq!(text(&session, tool, "{}").await.unwrap(), "first");
        assert_eq!(session.counters().foreign_replies, foreign);
    }
    let error = text(&session, "regretted", "{}").await.unwrap_err();
    assert!(matches!(error, CallError::Server(_)), "{error:?}");
    assert_eq!(session.counters().foreign_replies, 3);
}

#[tokio::test]
async fn a_batch_is_a_reply_even_if_the_stream_ends_with_it() {
    let batch = "[{\"jsonrpc\":\"2.0\",\"id\":2,\"result\":{\"content\":[{\"type\":\"text\",\"text\":\"batched\"}]}}]";
    let body = reply::status(200, &[("content-type", "text/event-stream")], &format!("data: {batch}\n\n"));
    // The answer is scripted whole, so that the reply and the end of the stream are there at the same time.
    let script = Script::new().protocol_version("2025-03-26").without_get_stream().always("tools/call", body);
    let (session, server) = connect(&script, limits()).await;
    let outcome = text(&session, "any", "{}").await;
    assert_eq!(outcome.unwrap(), "batched", "{:?}", server.recorded());
}

#[tokio::test]
async fn cancellations_that_the_server_does_not_take_hold_nothing_up() {
    let script = Script::new()
        .without_get_stream()
        .tool("stuck", ANY, reply::hang())
        .tool("echo", ANY, reply::echo())
        .always("notifications/cancelled", reply::hang());
    let (session, _server) =
        Way::Json.connect_with(&script, Limits { outgoing_messages: 4, ..limits() }).await;
    let session = session.unwrap();
    let calls = (0..100).map(|_| within(&session, "stuck", Duration::from_millis(50)));
    for outcome in futures_util::future::join_all(calls).await {
        assert!(matches!(outcome, Err(CallError::Timeout { .. })), "{outcome:?}");
    }
    assert_eq!(text(&session, "echo", "{}").await.unwrap(), "{}");
    let dropped = session.counters().dropped_messages;
    assert!((80..100).contains(&dropped), "{dropped}");
}
