//! Revision 2026-07-28: what each request bears, questions in results, and subscriptions.
use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use mcp_upstream::{
    Answering, CallError, CallOptions, Limits, Meta, RejectReason, RpcError, ServerRequest, ServerRequests,
    Session, SessionOptions, StdioTransport, StreamableTransport, Transport,
};
use serde_json::value::RawValue;
use testkit::mcp::{Ask, Era, Framing, Script, ScriptedServer, Step, reply};

use crate::kit::{self, ANY, Way, limits, options, text};

/// Accepts every elicitation, says what it was asked in another, and refuses the rest.
struct Person;

impl ServerRequests for Person {
    fn capabilities(&self) -> Box<RawValue> {
        RawValue::from_string(r#"{"elicitation":{},"sampling":{},"roots":{}}"#.to_owned()).unwrap()
    }

    fn answer(&self, request: ServerRequest) -> Answering<'_> {
        Box::pin(async move {
            let raw = |text: &str| Ok(RawValue::from_string(text.to_owned()).unwrap());
            match &*request.method {
                "elicitation/create" => raw(r#"{"action":"accept","content":{"name":"octocat"}}"#),
                "roots/list" => raw(r#"{"roots":[]}"#),
                "sampling/createMessage" => std::future::pending().await,
                _ => Err(RpcError::method_not_found()),
            }
        })
    }
}

fn asked() -> SessionOptions {
    SessionOptions { requests: Some(Arc::new(Person)), ..options(limits()) }
}

const ELICIT: &str = r#"{"who":{"method":"elicitation/create","params":{"message":"Who?","requestedSchema":{"type":"object"}}}}"#;

async fn connect(way: Way, script: &Script, options: SessionOptions) -> (Session, Option<ScriptedServer>) {
    let server = match way {
        Way::Stdio => None,
        Way::Json => Some(script.clone().serve_streamable(Framing::Json).await),
        _ => Some(script.clone().serve_streamable(Framing::Sse).await),
    };
    let transport: Transport = match &server {
        Some(server) => StreamableTransport::new(server.url(), kit::http()).into(),
        None => StdioTransport::new(kit::command(script)).into(),
    };
    (Session::connect(transport, options).await.unwrap(), server)
}

const WAYS: [Way; 3] = [Way::Stdio, Way::Json, Way::Events];

#[tokio::test]
async fn each_request_bears_what_the_server_must_know_and_what_the_caller_adds() {
    let script = Script::new().speaks(Era::Modern).tool("what?", ANY, reply::requests());
    let mut meta = Meta::default();
    meta.insert("traceparent", "00-0af7651916cd43dd8448eb211c80319c-00f067aa0ba902b7-01").unwrap();
    for way in WAYS {
        let (session, server) = connect(way, &script, asked()).await;
        let options = CallOptions { meta: meta.clone(), ..CallOptions::default() };
        let result = session.call_tool("what?", Bytes::from_static(b"{}"), options).await.unwrap();
        for wanted in [
            "io.modelcontextprotocol/protocolVersion",
            "io.modelcontextprotocol/clientInfo",
            r#"\"elicitation\":{}"#,
            "00-0af7651916cd43dd8448eb211c80319c-00f067aa0ba902b7-01",
        ] {
            assert!(result.as_str().contains(wanted), "{way:?}: no {wanted} in {}", result.as_str());
        }
        let Some(server) = server else { continue };
        let call = server.wait_for(|request| request.body.contains("tools/call")).await;
        assert_eq!(call.headers["mcp-method"], "tools/call");
        assert_eq!(call.headers["mcp-name"], "what?");
        assert_eq!(call.headers["mcp-protocol-version"], "2026-07-28");
    }
}

#[tokio::test]
async fn a_question_in_a_result_is_answered_and_the_call_made_again() {
    let rounds = vec![
        Step::Ask(Ask {
            requests: Some(ELICIT.to_owned()),
            state: Some("one $ID".to_owned()),
            ..Ask::default()
        }),
        // Nothing is asked here, but the state must come back all the same.
        Step::Ask(Ask { state: Some("two".to_owned()), ..Ask::default() }),
        Step::Ask(Ask {
            requests: Some(
                r#"{"a":{"method":"roots/list"},"b":{"method":"elicitation/create","params":{}}}"#.to_owned(),
            ),
            ..Ask::default()
        }),
    ];
    let script = Script::new().speaks(Era::Modern).tool("asks", ANY, [rounds, reply::responses()].concat());
    for way in WAYS {
        let (session, _server) = connect(way, &script, asked()).await;
        let result = session.call_tool("asks", Bytes::from_static(br#"{"n":1}"#), CallOptions::default());
        let result = result.await.unwrap();
        let answers: serde_json::Value =
            serde_json::from_str(result.parts().unwrap().structured_content.unwrap().get()).unwrap();
        assert_eq!(answers["a"], serde_json::json!({"roots": []}), "{way:?}");
        assert_eq!(answers["b"]["content"]["name"], "octocat");
    }
}

#[tokio::test]
async fn a_question_that_nobody_here_answers_ends_the_call_and_no_other() {
    let undeclared = Ask { requests: Some(ELICIT.to_owned()), undeclared: true, ..Ask::default() };
    let refused = r#"{"a":{"method":"tasks/steal","params":{}}}"#;
    let script = Script::new()
        .speaks(Era::Modern)
        .tool("asks", ANY, [vec![Step::Ask(undeclared)], reply::text("x")].concat())
        .tool(
            "steals",
            ANY,
            vec![Step::Ask(Ask { requests: Some(refused.to_owned()), undeclared: true, ..Ask::default() })],
        )
        .tool("odd", ANY, reply::result(r#"{"resultType":"task","task":{}}"#))
        .tool("echo", ANY, reply::echo());
    for way in WAYS {
        let (session, _server) = connect(way, &script, options(limits())).await;
        let error = text(&session, "asks", "{}").await.unwrap_err();
        assert!(
            matches!(&error, CallError::InputRequired { method } if method.as_str() == "elicitation/create"),
            "{error:?}"
        );
        let error = text(&session, "odd", "{}").await.unwrap_err();
        assert!(matches!(&error, CallError::UnknownResult { kind } if kind.as_str() == "task"), "{error:?}");
        text(&session, "echo", "{}").await.unwrap();
        let (session, _server) = connect(way, &script, asked()).await;
        let error = text(&session, "steals", "{}").await.unwrap_err();
        assert!(
            matches!(&error, CallError::InputRefused { source, .. } if source.code == -32601),
            "{error:?}"
        );
        text(&session, "echo", "{}").await.unwrap();
    }
}

#[tokio::test]
async fn a_server_that_never_stops_asking_is_left() {
    let ask = Ask { requests: Some(ELICIT.to_owned()), again: true, ..Ask::default() };
    let script = Script::new().speaks(Era::Modern).tool("asks", ANY, vec![Step::Ask(ask)]);
    let limits = Limits { rounds: 3, ..limits() };
    let (session, server) = connect(Way::Json, &script, SessionOptions { limits, ..asked() }).await;
    let error = text(&session, "asks", "{}").await.unwrap_err();
    assert!(matches!(error, CallError::TooManyRounds { limit: 3 }), "{error:?}");
    let calls = server.unwrap().recorded().into_iter().filter(|request| request.body.contains("tools/call"));
    assert_eq!(calls.count(), 4);
}

const REGION: &str = r#"{"name":"sql","inputSchema":{"type":"object","properties":{"region":{"type":"string","x-mcp-header":"Region"}}}}"#;

#[tokio::test]
async fn arguments_go_into_headers_where_the_tool_says_so() {
    let script = Script::new()
        .speaks(Era::Modern)
        .defined_tool("sql", REGION, reply::echo())
        .listed(r#"{"name":"bad","inputSchema":{"type":"object","properties":{"a":{"type":"number","x-mcp-header":"A"}}}}"#);
    let (session, server) = connect(Way::Json, &script, options(limits())).await;
    // Nothing is known of the tool yet: the server's refusal makes the engine list the tools and call again.
    assert_eq!(text(&session, "sql", r#"{"region":"Zürich"}"#).await.unwrap(), r#"{"region":"Zürich"}"#);
    let server = server.unwrap();
    let calls = |server: &ScriptedServer| {
        let all = server.recorded().into_iter().filter(|request| request.body.contains("tools/call"));
        all.map(|request| request.headers.contains_key("mcp-param-region")).collect::<Vec<_>>()
    };
    assert_eq!(calls(&server), [false, true]);
    text(&session, "sql", r#"{"region":"us-west1"}"#).await.unwrap();
    text(&session, "sql", r#"{"region":null}"#).await.unwrap();
    assert_eq!(calls(&server), [false, true, true, false]);
    let list = session.list_tools().await.unwrap();
    assert_eq!(list.tools.len(), 1);
    let [rejected] = &*list.rejected else { panic!("{list:?}") };
    assert_eq!(rejected.name.as_deref(), Some("bad"));
    assert!(matches!(rejected.reason, RejectReason::ParameterHeader(_)));

    // Over stdio there are no headers, and nothing is wrong with the tool.
    let (session, _) = connect(Way::Stdio, &script, options(limits())).await;
    assert_eq!(session.list_tools().await.unwrap().tools.len(), 2);
}

const CHANGING: &str = r#"{"tools":{"listChanged":true},"prompts":{"listChanged":true}}"#;
const CHANGED: &str = r#"{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}"#;

#[tokio::test]
async fn changes_are_heard_of_through_a_subscription() {
    let script = Script::new().speaks(Era::Modern).capabilities(CHANGING).tool(
        "change",
        ANY,
        [vec![Step::Push(CHANGED.to_owned())], reply::text("done")].concat(),
    );
    for way in WAYS {
        let (session, server) = connect(way, &script, options(limits())).await;
        let mut changed = session.tools_changed();
        if let Some(server) = &server {
            let listen = server.wait_for(|request| request.body.contains("subscriptions/listen")).await;
            assert!(
                listen.body.contains(r#""toolsListChanged":true,"promptsListChanged":true"#),
                "{}",
                listen.body
            );
            assert_eq!(listen.headers["mcp-method"], "subscriptions/listen");
        }
        // The subscription may still be on its way when the call is made.
        let heard = async {
            loop {
                text(&session, "change", "{}").await.unwrap();
                let soon = tokio::time::timeout(Duration::from_millis(100), changed.changed());
                if soon.await.is_ok_and(|changed| changed.is_ok()) {
                    return;
                }
            }
        };
        tokio::time::timeout(Duration::from_secs(10), heard).await.unwrap_or_else(|_| panic!("{way:?}"));
        session.close().await;
    }
}

#[tokio::test]
async fn a_subscription_that_breaks_is_made_again_and_nothing_in_between_is_missed() {
    let script = Script::new().speaks(Era::Modern).capabilities(CHANGING).tool("echo", ANY, reply::echo());
    for end in
        [ScriptedServer::end_streams, ScriptedServer::cut_streams, ScriptedServer::finish_listening as fn(&_)]
    {
        let (session, server) = connect(Way::Json, &script, options(limits())).await;
        let server = server.unwrap();
        let listening = |request: &testkit::mcp::Recorded| request.body.contains("subscriptions/listen");
        server.wait_for(listening).await;
        let mut changed = session.tools_changed();
        let seen = *changed.borrow_and_update();
        while server.listeners() == 0 {
            tokio::task::yield_now().await;
        }
        end(&server);
        // Nobody says that anything changed, but it may have.
        tokio::time::timeout(Duration::from_secs(10), changed.changed()).await.unwrap().unwrap();
        assert!(*changed.borrow() > seen);
        text(&session, "echo", "{}").await.unwrap();
    }
}

#[tokio::test]
async fn a_resource_that_the_server_refuses_silences_nothing_else() {
    let script = Script::new()
        .speaks(Era::Modern)
        .capabilities(r#"{"tools":{"listChanged":true},"resources":{"subscribe":true}}"#)
        .rule("subscriptions/listen", 1, 1, reply::refused(400, -32602, "unknown resource", "null"))
        .tool("echo", ANY, reply::echo());
    let (session, server) = connect(Way::Json, &script, options(limits())).await;
    let server = server.unwrap();
    let listening = async || {
        while server.listeners() == 0 {
            tokio::task::yield_now().await;
        }
    };
    listening().await;
    session.subscribe_resource("file:///nothing").await.unwrap();
    server.wait_for(|request| request.body.contains("file:///nothing")).await;
    let mut changed = session.tools_changed();
    let heard = async {
        loop {
            listening().await;
            server.push(CHANGED);
            let soon = tokio::time::timeout(Duration::from_millis(100), changed.changed());
            if soon.await.is_ok_and(|changed| changed.is_ok()) {
                return;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(10), heard).await.unwrap();
}

#[tokio::test]
async fn a_server_that_declares_no_changes_is_not_subscribed_to() {
    let echo = Script::new().speaks(Era::Modern).tool("echo", ANY, reply::echo());
    let script = echo.capabilities(r#"{"tools":{"listChanged":false}}"#);
    let (session, server) = connect(Way::Json, &script, options(limits())).await;
    text(&session, "echo", "{}").await.unwrap();
    assert_eq!(server.unwrap().listeners(), 0);
}

#[tokio::test]
async fn a_call_that_nobody_waits_for_is_cancelled_in_the_way_of_the_transport() {
    let script = Script::new().speaks(Era::Modern).tool("hang", ANY, reply::hang()).tool(
        "received",
        ANY,
        reply::received(),
    );
    let (session, server) = connect(Way::Events, &script, options(limits())).await;
    let server = server.unwrap();
    let error = kit::within(&session, "hang", Duration::from_millis(100)).await.unwrap_err();
    assert!(matches!(error, CallError::Timeout { .. }));
    let gone = async {
        while server.cancelled().is_empty() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), gone).await.unwrap();
    // Closing the stream says it all.
    assert!(!server.recorded().iter().any(|request| request.body.contains("notifications/cancelled")));

    let (session, _) = connect(Way::Stdio, &script, options(limits())).await;
    let _ = kit::within(&session, "hang", Duration::from_millis(100)).await;
    kit::wait_until_received(&session, "notifications/cancelled").await;
}

#[tokio::test]
async fn progress_resets_the_idle_time_and_the_deadline_holds_all_the_same() {
    let report = r#"{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":$TOKEN,"progress":$N}}"#;
    let step = vec![Step::Wait(60), Step::Send(report.to_owned())];
    let script = Script::new()
        .tool("lively", ANY, [vec![Step::Repeat(10, step.clone())], reply::text("done")].concat())
        .tool("endless", ANY, vec![Step::Repeat(1000, step)])
        .tool("hang", ANY, reply::hang());
    for way in [Way::Stdio, Way::Events, Way::Legacy] {
        let (session, _server) = way.session(&script).await;
        let call = |tool: &'static str, idle: u64, deadline: u64| {
            let options = CallOptions {
                idle: Some(Duration::from_millis(idle)),
                deadline: Some(Duration::from_millis(deadline)),
                ..CallOptions::default()
            };
            session.call_tool(tool, Bytes::from_static(b"{}"), options)
        };
        call("lively", 500, 10_000).await.unwrap();
        let error = call("hang", 100, 10_000).await.unwrap_err();
        assert!(matches!(error, CallError::Silent { .. }), "{way:?}: {error:?}");
        let error = call("endless", 5_000, 300).await.unwrap_err();
        assert!(matches!(error, CallError::Timeout { .. }), "{way:?}: {error:?}");
    }
}
