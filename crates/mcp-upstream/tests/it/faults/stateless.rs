//! What can go wrong with a server of revision 2026-07-28 alone.
use std::time::Duration;

use mcp_upstream::{CallError, Closed, Limits, Session, StreamableTransport};
use testkit::mcp::{Ask, Era, Framing, Script, ScriptedServer, Step, reply};

use crate::kit::{self, ANY, Way, limits, options, text};

const WAYS: [Way; 3] = [Way::Stdio, Way::Json, Way::Events];
const CHANGED: &str = r#"{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}"#;

fn script() -> Script {
    Script::new().speaks(Era::Modern).tool("echo", ANY, reply::echo()).tool("slow", ANY, reply::slow(50))
}

/// Runs a call with another beside it, which must come out right, as must one after it.
async fn beside(session: &Session, tool: &str) -> Result<String, CallError> {
    let (outcome, slow) = tokio::join!(text(session, tool, "{}"), text(session, "slow", "{}"));
    assert_eq!(slow.unwrap(), "slow");
    assert_eq!(text(session, "echo", "{}").await.unwrap(), "{}");
    outcome
}

fn count(server: &ScriptedServer, what: &str) -> usize {
    server.recorded().iter().filter(|request| request.body.contains(what)).count()
}

/// Waits until so many subscriptions are open.
async fn listening(server: &ScriptedServer, wanted: usize) {
    let waiting = async {
        while server.listeners() != wanted {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), waiting).await.unwrap();
}

#[tokio::test]
async fn headers_that_never_match_fail_the_call_after_one_more_try() {
    let mismatch = || reply::refused(400, -32020, "Header mismatch", "null");
    let script = script().tool("picky", ANY, mismatch());
    for way in [Way::Json, Way::Events] {
        let (session, server) = way.session(&script).await;
        let outcome = beside(&session, "picky").await;
        assert!(matches!(&outcome, Err(CallError::Server(error)) if error.code == -32020), "{outcome:?}");
        let server = server.unwrap();
        assert!(count(&server, "picky") <= 2, "{}", count(&server, "picky"));
        assert!(count(&server, "tools/list") <= 1);
    }
}

#[tokio::test]
async fn headers_that_match_once_the_tools_are_listed_anew() {
    let sql = r#"{"name":"sql","inputSchema":{"type":"object","properties":{"region":{"type":"string","x-mcp-header":"Region"}}}}"#;
    let before = r#"{"tools":[{"name":"sql","inputSchema":{"type":"object"}}],"ttlMs":3600000,"cacheScope":"private"}"#;
    let script = script().defined_tool("sql", sql, reply::echo()).first("tools/list", reply::result(before));
    let (session, server) = Way::Json.session(&script).await;
    assert_eq!(session.list_tools().await.unwrap().tools.len(), 1);
    // The tool has changed since, and nobody has said so.
    assert_eq!(text(&session, "sql", r#"{"region":"x"}"#).await.unwrap(), r#"{"region":"x"}"#);
    let server = server.unwrap();
    assert_eq!((count(&server, "tools/list"), count(&server, "tools/call")), (2, 2));
}

#[tokio::test]
async fn a_revision_refused_half_way_is_the_error_of_its_call() {
    let refused = reply::refused(
        400,
        -32022,
        "Unsupported",
        r#"{"supported":["2099-01-01"],"requested":"2026-07-28"}"#,
    );
    let script = script().tool("future", ANY, refused);
    for way in WAYS {
        let (session, _server) = way.session(&script).await;
        let outcome = beside(&session, "future").await;
        let Err(CallError::Server(error)) = &outcome else { panic!("{way:?}: {outcome:?}") };
        assert_eq!(error.code, -32022);
        assert!(error.data.as_ref().unwrap().get().contains("2099-01-01"));
    }
}

#[tokio::test]
async fn questions_without_end_run_into_the_limit_of_rounds() {
    let again = |requests: Option<&str>, state: Option<&str>| {
        let (requests, state) = (requests.map(ToOwned::to_owned), state.map(ToOwned::to_owned));
        vec![Step::Ask(Ask { requests, state, again: true, ..Ask::default() })]
    };
    let script = script()
        .tool("state", ANY, again(None, Some("again")))
        // Neither a question nor a state, which no server may send.
        .tool("nothing", ANY, again(None, None));
    for way in WAYS {
        let (session, _server) = way.connect_with(&script, Limits { rounds: 5, ..limits() }).await;
        let session = session.unwrap();
        for tool in ["state", "nothing"] {
            let outcome = beside(&session, tool).await;
            assert!(
                matches!(outcome, Err(CallError::TooManyRounds { limit: 5 } | CallError::Malformed { .. })),
                "{way:?} {tool}: {outcome:?}"
            );
        }
    }
}

#[tokio::test]
async fn results_of_no_known_kind_fail_their_call_alone() {
    let results = [
        ("task", r#"{"resultType":"task","task":{}}"#),
        ("number", r#"{"resultType":42,"content":[]}"#),
        ("empty", r#"{"resultType":"","content":[]}"#),
        ("list", r#"{"resultType":"input_required","inputRequests":[]}"#),
        ("text", r#"{"resultType":"input_required","inputRequests":"who?"}"#),
        ("nothing to ask", r#"{"resultType":"input_required","inputRequests":{"a":{}}}"#),
    ];
    let script =
        results.iter().fold(script(), |script, (name, result)| script.tool(name, ANY, reply::result(result)));
    for way in WAYS {
        let (session, _server) = way.session(&script).await;
        for (tool, _) in results {
            let outcome = beside(&session, tool).await;
            assert!(
                matches!(outcome, Err(CallError::UnknownResult { .. } | CallError::Malformed { .. })),
                "{way:?} {tool}: {outcome:?}"
            );
        }
    }
}

#[tokio::test]
async fn a_change_while_nobody_could_listen_is_not_missed() {
    // The second list has one tool more; nobody is told of it, since the stream breaks before.
    let more = r#"{"tools":[{"name":"echo","inputSchema":{}},{"name":"slow","inputSchema":{}},{"name":"new","inputSchema":{}}],"ttlMs":0,"cacheScope":"private"}"#;
    let script = script().rule("tools/list", 1, usize::MAX, reply::result(more));
    for end in
        [ScriptedServer::end_streams, ScriptedServer::cut_streams, ScriptedServer::finish_listening as fn(&_)]
    {
        let (session, server) = Way::Events.session(&script).await;
        let server = server.unwrap();
        listening(&server, 1).await;
        let mut changed = session.tools_changed();
        changed.mark_unchanged();
        assert_eq!(session.list_tools().await.unwrap().tools.len(), 2);
        end(&server);
        assert_eq!(text(&session, "slow", "{}").await.unwrap(), "slow", "calls go on meanwhile");
        tokio::time::timeout(Duration::from_secs(10), changed.changed()).await.unwrap().unwrap();
        assert_eq!(session.list_tools().await.unwrap().tools.len(), 3);
        listening(&server, 1).await;
        // And it is heard again.
        changed.mark_unchanged();
        server.push(CHANGED);
        tokio::time::timeout(Duration::from_secs(10), changed.changed()).await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn a_change_before_the_first_subscription_stands_is_not_missed() {
    // The acknowledgement takes its time. What was listed before it may be out of date by then.
    let listen = [vec![Step::Wait(200)], reply::listen()].concat();
    let script = script().always("subscriptions/listen", listen);
    for way in WAYS {
        let (session, _server) = way.session(&script).await;
        let mut changed = session.tools_changed();
        session.list_tools().await.unwrap();
        tokio::time::timeout(Duration::from_secs(10), changed.changed())
            .await
            .unwrap_or_else(|_| panic!("{way:?}: nobody said that the list may be old"))
            .unwrap();
    }
}

#[tokio::test]
async fn a_subscription_that_stands_before_anything_is_listed_counts_no_change() {
    let (session, server) = Way::Events.session(&script()).await;
    let server = server.unwrap();
    listening(&server, 1).await;
    // The server's word that it listens may still be on its way.
    assert_eq!(text(&session, "slow", "{}").await.unwrap(), "slow");
    session.list_tools().await.unwrap();
    text(&session, "slow", "{}").await.unwrap();
    assert_eq!(*session.tools_changed().borrow(), 0);
    assert_eq!((server.listeners(), session.outstanding_calls()), (1, 0), "it is no call");
}

#[tokio::test]
async fn a_subscription_that_is_refused_or_never_answered_harms_no_call() {
    let refused = reply::refused(404, -32601, "Method not found", "null");
    for (listen, most) in [(refused, 1), (reply::hang(), 1), (reply::status(503, &[], "later"), 4)] {
        let script = script().always("subscriptions/listen", listen);
        let (session, server) = Way::Events.session(&script).await;
        let server = server.unwrap();
        server.wait_for(|request| request.body.contains("subscriptions/listen")).await;
        let until = tokio::time::Instant::now() + Duration::from_millis(1500);
        while tokio::time::Instant::now() < until {
            assert_eq!(text(&session, "echo", "{}").await.unwrap(), "{}");
            text(&session, "slow", "{}").await.unwrap();
        }
        assert!(count(&server, "subscriptions/listen") <= most, "a server is not hammered");
        assert!(session.counters().stray_messages == 0);
    }
}

#[tokio::test]
async fn a_subscription_that_always_ends_at_once_is_made_less_and_less_often() {
    let end = [reply::listen(), vec![Step::EndListening]].concat();
    let script = script().always("subscriptions/listen", end);
    for way in [Way::Json, Way::Events] {
        let (session, server) = way.session(&script).await;
        let until = tokio::time::Instant::now() + Duration::from_secs(2);
        while tokio::time::Instant::now() < until {
            text(&session, "slow", "{}").await.unwrap();
        }
        let times = count(&server.unwrap(), "subscriptions/listen");
        assert!((2..=3).contains(&times), "{way:?}: {times} in two seconds");
    }
}

#[tokio::test]
async fn a_stateless_server_that_is_restarted_is_the_same_server() {
    for framing in [Framing::Json, Framing::Sse] {
        let script = script().tool("stuck", ANY, reply::hang());
        let server = script.clone().serve_streamable(framing).await;
        let address = server.address();
        let transport = StreamableTransport::new(server.url(), kit::http());
        let session = Session::connect(transport, options(limits())).await.unwrap();
        listening(&server, 1).await;
        let mut changed = session.tools_changed();
        changed.mark_unchanged();
        let stuck = tokio::spawn({
            let session = session.clone();
            async move { text(&session, "stuck", "{}").await }
        });
        server.wait_for(|request| request.body.contains("stuck")).await;
        drop(server);
        let server = script.serve_streamable_at(framing, address).await;
        let error = stuck.await.unwrap().unwrap_err();
        assert!(matches!(error, CallError::Transport { .. }) && error.was_sent(), "{error:?}");
        let outcome = text(&session, "echo", "{}").await;
        // A session that has no state cannot be lost; only a connection of the pool may be one that has ended.
        assert!(matches!(outcome, Ok(_) | Err(CallError::Transport { .. })), "{outcome:?}");
        assert_eq!(text(&session, "echo", "{}").await.unwrap(), "{}");
        // The new process may have other tools.
        tokio::time::timeout(Duration::from_secs(10), changed.changed()).await.unwrap().unwrap();
        listening(&server, 1).await;
    }
}

#[tokio::test]
async fn a_plain_404_under_a_call_is_not_an_unknown_session() {
    let script = script()
        .tool("nowhere", ANY, reply::status(404, &[("content-type", "text/html")], "<html>Not Found</html>"))
        .tool("bad", ANY, reply::status(400, &[], "Bad Request"));
    for way in [Way::Json, Way::Events] {
        let (session, _server) = way.session(&script).await;
        for (tool, wanted) in [("nowhere", 404), ("bad", 400)] {
            let outcome = beside(&session, tool).await;
            assert!(
                matches!(&outcome, Err(CallError::Http { status, .. }) if status.as_u16() == wanted),
                "{way:?}: {outcome:?}"
            );
        }
    }
}

#[tokio::test]
async fn a_request_of_a_stateless_server_is_not_answered() {
    let asks = reply::after(r#"{"jsonrpc":"2.0","id":"ask-1","method":"ping"}"#);
    let script = script().tool("asks", ANY, asks).tool("received", ANY, reply::received());
    for way in [Way::Stdio, Way::Events] {
        let (session, _server) = way.session(&script).await;
        assert_eq!(beside(&session, "asks").await.unwrap(), "done");
        assert!(!text(&session, "received", "{}").await.unwrap().contains("ask-1"), "{way:?}");
        assert_eq!(session.counters().stray_messages, 1);
    }
}

#[tokio::test]
async fn a_stateless_process_that_dies_ends_the_session() {
    let script = script().tool("die", ANY, reply::die(4));
    let (session, _) = Way::Stdio.session(&script).await;
    let outcome = text(&session, "die", "{}").await;
    assert!(
        matches!(&outcome, Err(CallError::Closed { reason: Closed::Exited { .. }, sent: true })),
        "{outcome:?}"
    );
    let later = text(&session, "echo", "{}").await;
    assert!(matches!(later, Err(CallError::Closed { sent: false, .. })), "{later:?}");
}
