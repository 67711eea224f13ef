//! `resources/read`, subscriptions, and what the lists of resources say.
use mcp_upstream::{CallError, CallOptions, Event, RpcError, Session};
use serde_json::value::RawValue;
use testkit::mcp::{Era, Script, Step, reply};
use tokio::sync::broadcast;

use crate::kit::{Way, text};

const CONTENTS: &str = r#"{"contents":[{"text":"a\tb\u0000","uri":"file:///a b","n":1.10},{"uri":"x:","blob":"AAECAw=="},{"odd":true}],"ttlMs":18446744073709551616,"_meta":{},"resultType":"complete"}"#;

#[tokio::test]
async fn a_resource_comes_to_the_byte() {
    let script = Script::new().always("resources/read", reply::result(CONTENTS)).tool(
        "requests",
        "{}",
        reply::requests(),
    );
    for (era, ways) in [(Era::Legacy, &Way::ALL[..]), (Era::Modern, &Way::ALL[..3])] {
        for way in ways {
            let (session, server) = way.session(&script.clone().speaks(era)).await;
            let uri = "file:///a b/\"ü\"";
            let contents = session.read_resource(uri, CallOptions::default()).await.unwrap();
            assert_eq!(contents.as_str(), CONTENTS, "{way:?}");
            let parts = contents.parts().unwrap();
            let texts: Vec<&str> = parts.contents.iter().map(|content| content.get()).collect();
            assert_eq!(texts[1..], [r#"{"uri":"x:","blob":"AAECAw=="}"#, r#"{"odd":true}"#]);
            assert_eq!(parts.meta.map(RawValue::get), Some("{}"));
            assert_eq!(contents.clone().into_bytes(), contents.as_bytes());

            let requests = text(&session, "requests", "{}").await.unwrap();
            let request = requests.lines().find(|request| request.contains("resources/read")).unwrap();
            assert!(request.contains(r#""params":{"uri":"file:///a b/\"ü\"""#), "{way:?}: {request}");
            if let (Era::Modern, Some(server)) = (era, server) {
                // What is no plain ASCII goes encoded into the header; the server compares it.
                let request = server.wait_for(|request| request.body.contains("resources/read")).await;
                assert!(request.headers["mcp-name"].to_str().unwrap().starts_with("=?base64?"));
            }
        }
    }
}

#[tokio::test]
async fn what_goes_wrong_with_a_resource_is_told() {
    let script = Script::new()
        .first("resources/read", reply::error(RpcError::RESOURCE_NOT_FOUND, "Resource not found"))
        .rule("resources/read", 1, 1, reply::result(r#"{"content":[]}"#));
    let (session, _server) = Way::Json.session(&script).await;
    let read = session.read_resource("file:///none", CallOptions::default()).await;
    assert!(matches!(read, Err(CallError::Server(error)) if error.code == -32002));
    let contents = session.read_resource("file:///odd", CallOptions::default()).await.unwrap();
    assert!(matches!(contents.parts(), Err(CallError::Malformed { .. })));
}

#[tokio::test]
async fn what_a_resource_and_a_template_say_about_themselves() {
    let resource = r#"{"size":1024,"uri":"file:///a","name":"a","title":"A","description":"The first","mimeType":"text/plain","annotations":{"priority": 0.80},"icons":[]}"#;
    let template = r#"{"uriTemplate":"file:///{path}","name":"files","title":"Files","description":"All","mimeType":"text/plain","annotations":{"audience":["user"]}}"#;
    let script = Script::new()
        .always("resources/list", reply::result(&format!(r#"{{"resources":[{resource},{{"uri":"b:"}}]}}"#)))
        .always(
            "resources/templates/list",
            reply::result(&format!(r#"{{"resourceTemplates":[{template}]}}"#)),
        );
    let (session, _server) = Way::Json.session(&script).await;
    let list = session.list_resources().await.unwrap();
    let [first, second] = &list.resources[..] else { panic!("{list:?}") };
    assert_eq!((&*first.uri, first.raw.get()), ("file:///a", resource));
    assert_eq!((first.name(), first.title(), first.description()), (Some("a"), Some("A"), Some("The first")));
    assert_eq!((first.mime_type(), first.size()), (Some("text/plain"), Some(1024)));
    assert_eq!(first.annotations().map(RawValue::get), Some(r#"{"priority": 0.80}"#));
    assert_eq!((&*second.uri, second.name(), second.size()), ("b:", None, None));
    let list = session.list_resource_templates().await.unwrap();
    let [files] = &list.templates[..] else { panic!("{list:?}") };
    assert_eq!((&*files.uri_template, files.raw.get()), ("file:///{path}", template));
    assert_eq!(
        (files.name(), files.title(), files.description()),
        (Some("files"), Some("Files"), Some("All"))
    );
    assert_eq!(files.mime_type(), Some("text/plain"));
    assert_eq!(files.annotations().map(RawValue::get), Some(r#"{"audience":["user"]}"#));
}

/// What came of the one call of `update`: the URIs of the events and their params.
async fn updates(session: &Session, events: &mut broadcast::Receiver<Event>) -> Vec<(String, String)> {
    text(session, "update", "{}").await.unwrap();
    let mut updates = Vec::new();
    while let Ok(event) = events.try_recv() {
        match event {
            Event::ResourceUpdated { uri, params } => {
                updates.push((uri.into(), String::from_utf8_lossy(&params).into_owned()));
            }
            other => panic!("{other:?}"),
        }
    }
    updates
}

#[tokio::test]
async fn a_subscription_is_asked_for_and_given_back() {
    let update = |params: &str| {
        Step::Send(format!(
            r#"{{"jsonrpc":"2.0","method":"notifications/resources/updated","params":{params}}}"#
        ))
    };
    let steps = [
        vec![update(r#"{"title":"x", "uri":"file:\/\/\/a"}"#), update(r#"{"uri":7}"#), update("{}")],
        reply::text("done"),
    ]
    .concat();
    let script = Script::new()
        .always("resources/subscribe", reply::result("{}"))
        .first("resources/unsubscribe", reply::result("{}"))
        .rule("resources/unsubscribe", 1, 1, reply::error(-32602, "No such subscription"))
        .tool("update", "{}", steps)
        .tool("requests", "{}", reply::requests());
    for way in [Way::Stdio, Way::Events, Way::Legacy] {
        let (session, _server) = way.session(&script).await;
        let mut events = session.events();
        session.subscribe_resource("file:///a").await.unwrap();
        let expected = ("file:///a".to_owned(), r#"{"title":"x", "uri":"file:\/\/\/a"}"#.to_owned());
        assert_eq!(updates(&session, &mut events).await, [expected], "{way:?}");
        assert_eq!(session.counters().stray_messages, 2, "an update of nothing is none");
        session.unsubscribe_resource("file:///a").await.unwrap();
        assert!(matches!(session.unsubscribe_resource("file:///a").await, Err(CallError::Server(_))));
        let requests = text(&session, "requests", "{}").await.unwrap();
        for method in ["resources/subscribe", "resources/unsubscribe"] {
            let expected = format!(r#""method":"{method}","params":{{"uri":"file:///a"}}}}"#);
            assert!(requests.contains(&expected), "{way:?}: {requests}");
        }
    }
}

#[tokio::test]
async fn a_stateless_server_is_asked_with_the_filter_of_the_subscription() {
    let pushed =
        r#"{"jsonrpc":"2.0","method":"notifications/resources/updated","params":{"uri":"file:///a"}}"#;
    let script = Script::new().speaks(Era::Modern).capabilities(r#"{"resources":{"subscribe":true}}"#);
    for way in [Way::Json, Way::Events] {
        let (session, server) = way.session(&script).await;
        let server = server.unwrap();
        let mut events = session.events();
        assert_eq!(server.push(pushed), 0, "nothing is listened for yet");
        session.subscribe_resource("file:///a").await.unwrap();
        let update = async {
            while server.push(pushed) == 0 {
                tokio::task::yield_now().await;
            }
            events.recv().await.unwrap()
        };
        match tokio::time::timeout(std::time::Duration::from_secs(10), update).await.unwrap() {
            Event::ResourceUpdated { uri, .. } => assert_eq!(&*uri, "file:///a"),
            other => panic!("{other:?}"),
        }
        let asked = server.wait_for(|request| request.body.contains("subscriptions/listen")).await;
        assert!(
            asked.body.contains(r#""notifications":{"resourceSubscriptions":["file:///a"]}"#),
            "{}",
            asked.body
        );
        session.unsubscribe_resource("file:///a").await.unwrap();
        let given_back = async {
            while server.listeners() > 0 {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(std::time::Duration::from_secs(10), given_back).await.unwrap();
    }
    let unable = Script::new().speaks(Era::Modern).capabilities(r#"{"resources":{}}"#);
    let (session, _server) = Way::Stdio.session(&unable).await;
    let error = session.subscribe_resource("file:///a").await.unwrap_err();
    assert!(matches!(error, CallError::NotOffered { feature: "resources.subscribe" }) && !error.was_sent());
}
