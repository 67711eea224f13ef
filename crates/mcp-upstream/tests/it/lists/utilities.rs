//! Completion, log levels, and methods of extensions.
use bytes::Bytes;
use mcp_upstream::{CallError, CallOptions, Event, Limits, LogLevel, Meta, Reference};
use serde_json::value::RawValue;
use testkit::mcp::{Era, Script, Step, reply};

use crate::kit::{Way, limits, text};

const ERAS: [(Era, &[Way]); 2] =
    [(Era::Legacy, &Way::ALL), (Era::Modern, &[Way::Stdio, Way::Json, Way::Events])];

#[tokio::test]
async fn an_argument_is_completed() {
    let result = r#"{"completion":{"hasMore":true,"values":["python","pyt\u006frch"],"total":10,"x":1.10},"resultType":"complete"}"#;
    let script = Script::new().always("completion/complete", reply::result(result)).tool(
        "requests",
        "{}",
        reply::requests(),
    );
    for (era, ways) in ERAS {
        for way in ways {
            let (session, _server) = way.session(&script.clone().speaks(era)).await;
            let known = Bytes::from_static(br#"{"b":"2", "a":"1"}"#);
            let template = Reference::Template("file:///{path}");
            let completion =
                session.complete(template, "path", "p\"y", known, CallOptions::default()).await.unwrap();
            assert_eq!(completion.values, ["python", "pytorch"], "{way:?}");
            assert_eq!((completion.total, completion.has_more), (Some(10), true));
            assert_eq!(completion.raw, result);
            let requests = text(&session, "requests", "{}").await.unwrap();
            let expected = r#""params":{"ref":{"type":"ref/resource","uri":"file:///{path}"},"argument":{"name":"path","value":"p\"y"},"context":{"arguments":{"b":"2", "a":"1"}}"#;
            assert!(requests.contains(expected), "{way:?}: {requests}");
        }
    }
}

#[tokio::test]
async fn suggestions_have_an_end() {
    let values: Vec<String> = (0..250).map(|n| format!(r#""{n}""#)).collect();
    let result = reply::result(&format!(r#"{{"completion":{{"values":[{}]}}}}"#, values.join(",")));
    let script = Script::new().always("completion/complete", result);
    for (limits, kept) in [(limits(), 100), (Limits { completion_values: 7, ..limits() }, 7)] {
        let (session, _server) = Way::Stdio.connect_with(&script, limits).await;
        let prompt = Reference::Prompt("p");
        let completion =
            session.unwrap().complete(prompt, "a", "", Bytes::new(), CallOptions::default()).await.unwrap();
        assert_eq!((completion.values.len(), completion.has_more), (kept, true));
        assert_eq!(completion.values.last(), Some(&(kept - 1).to_string()));
    }
}

#[tokio::test]
async fn a_server_that_does_not_complete_has_no_suggestions() {
    for (capabilities, completes) in [("{}", false), (r#"{"completions":{}}"#, true)] {
        let (session, _server) = Way::Json.session(&Script::new().capabilities(capabilities)).await;
        let completed =
            session.complete(Reference::Prompt("p"), "a", "", Bytes::new(), CallOptions::default()).await;
        if completes {
            assert!(matches!(completed, Err(CallError::Server(error)) if error.code == -32601));
        } else {
            let completion = completed.unwrap();
            assert!(completion.values.is_empty() && completion.raw.is_empty() && !completion.has_more);
        }
    }
}

#[tokio::test]
async fn the_level_of_the_log_is_told_to_the_server() {
    let script = Script::new().always("logging/setLevel", reply::result("{}")).tool(
        "requests",
        "{}",
        reply::requests(),
    );
    for (era, ways) in ERAS {
        for way in ways {
            let (session, _server) = way.session(&script.clone().speaks(era)).await;
            session.set_log_level(LogLevel::Error).await.unwrap();
            session.set_log_level(LogLevel::Notice).await.unwrap();
            let requests = text(&session, "requests", "{}").await.unwrap();
            let told = r#""method":"logging/setLevel","params":{"level":"notice"}}"#;
            let with_each = r#""io.modelcontextprotocol/logLevel":"notice""#;
            let modern = era == Era::Modern;
            assert_eq!(
                (requests.contains(told), requests.contains(with_each)),
                (!modern, modern),
                "{way:?}: {requests}"
            );
        }
    }
    // Who does not log says so.
    let (session, _server) = Way::Stdio.session(&Script::new()).await;
    assert!(
        matches!(session.set_log_level(LogLevel::Info).await, Err(CallError::Server(error)) if error.code == -32601)
    );
}

#[tokio::test]
async fn a_log_record_is_read_and_kept() {
    let record = r#"{"logger":"db","data":{"n": 1.10},"level":"warning"}"#;
    let log = format!(r#"{{"jsonrpc":"2.0","method":"notifications/message","params":{record}}}"#);
    let bare = r#"{"jsonrpc":"2.0","method":"notifications/message"}"#;
    let steps = [vec![Step::Send(log), Step::Send(bare.into())], reply::text("done")].concat();
    let script = Script::new().tool("log", "{}", steps);
    for way in [Way::Stdio, Way::Events, Way::Legacy] {
        let (session, _server) = way.session(&script).await;
        let mut events = session.events();
        text(&session, "log", "{}").await.unwrap();
        let (Event::Log(log), Event::Log(bare)) =
            (events.recv().await.unwrap(), events.recv().await.unwrap())
        else {
            panic!("{way:?}: other events")
        };
        assert_eq!(log.raw(), record);
        let parts = log.parts();
        assert_eq!((parts.level, parts.logger.as_deref()), (Some(LogLevel::Warning), Some("db")));
        assert_eq!(parts.data.map(RawValue::get), Some(r#"{"n": 1.10}"#));
        assert!(bare.raw().is_empty() && bare.parts().level.is_none());
    }
}

#[tokio::test]
async fn any_other_method_can_be_called() {
    let result = r#"{"resultType":"task", "n":18446744073709551616}"#;
    let script =
        Script::new().always("tasks/get", reply::result(result)).tool("requests", "{}", reply::requests());
    let mut meta = Meta::default();
    meta.insert("traceparent", "00-1-2-03").unwrap();
    for (era, ways) in ERAS {
        for way in ways {
            let (session, server) = way.session(&script.clone().speaks(era)).await;
            let options = || CallOptions { meta: meta.clone(), ..CallOptions::default() };
            let params = Bytes::from_static(br#" { "taskId":"7", "n":1.10 } "#);
            assert_eq!(session.call("tasks/get", params, options()).await.unwrap(), result, "{way:?}");
            session.call("tasks/get", Bytes::from_static(b"{ }"), options()).await.unwrap();
            session.call("tasks/get", Bytes::new(), CallOptions::default()).await.unwrap();
            let requests = text(&session, "requests", "{}").await.unwrap();
            let requests: Vec<&str> =
                requests.lines().filter(|request| request.contains(r#""method":"tasks/get""#)).collect();
            assert!(
                requests[0].contains(r#""params":{"taskId":"7", "n":1.10,"_meta":{"#),
                "{way:?}: {requests:?}"
            );
            assert!(requests[0].contains(r#""traceparent":"00-1-2-03""#));
            assert!(requests[1].contains(r#""params":{"_meta":{"#), "{way:?}: {requests:?}");
            if era == Era::Legacy {
                assert!(requests[2].ends_with(r#""method":"tasks/get"}"#), "{way:?}: {requests:?}");
            }
            if let (Era::Modern, Some(server)) = (era, server) {
                let request = server.wait_for(|request| request.body.contains("tasks/get")).await;
                assert_eq!(request.headers["mcp-method"], "tasks/get");
            }
        }
    }
}

#[tokio::test]
async fn what_cannot_be_part_of_a_request_is_not_sent() {
    let (session, _server) =
        Way::Stdio.session(&Script::new().tool("requests", "{}", reply::requests())).await;
    for params in [r#"{"_meta":{}}"#, "[]", "{", "null", r#"{"a":1},"id":3"#] {
        let called = session.call("x/y", Bytes::from_static(params.as_bytes()), CallOptions::default()).await;
        assert!(matches!(called, Err(CallError::InvalidParams(_))), "{params}: {called:?}");
    }
    // A method is a string, whatever is in it.
    let called = session.call("x\",\"id\":\"1\n", Bytes::new(), CallOptions::default()).await;
    assert!(matches!(called, Err(CallError::Server(error)) if error.code == -32601));
    let requests = text(&session, "requests", "{}").await.unwrap();
    assert!(!requests.contains("x/y"), "{requests}");
}
