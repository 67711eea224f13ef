//! What a server of the revisions with sessions asks of the client.
use std::{sync::Arc, time::Duration};

use mcp_upstream::{Answering, RpcError, ServerRequest, ServerRequests, SessionOptions};
use serde_json::value::RawValue;
use testkit::mcp::{Era, Script, ScriptedServer, Step, reply};
use tokio_util::sync::CancellationToken;

use crate::kit::{self, ANY, Way, limits, options, text};

/// Answers elicitations with what it was asked, never answers samplings, refuses the rest.
#[derive(Default)]
struct Echo(CancellationToken);

impl ServerRequests for Echo {
    fn capabilities(&self) -> Box<RawValue> {
        RawValue::from_string(r#"{"elicitation":{}}"#.to_owned()).unwrap()
    }

    fn answer(&self, request: ServerRequest) -> Answering<'_> {
        Box::pin(async move {
            match &*request.method {
                "elicitation/create" => {
                    let asked = String::from_utf8(request.params.to_vec()).unwrap();
                    Ok(RawValue::from_string(format!(r#"{{"action":"accept","content":{asked}}}"#)).unwrap())
                }
                "sampling/createMessage" => {
                    let _given_up = self.0.clone().drop_guard();
                    std::future::pending().await
                }
                _ => Err(RpcError::invalid_params("no such thing")),
            }
        })
    }
}

const WAYS: [Way; 4] = Way::ALL;

fn asking() -> Script {
    let asks = |message: &str| [vec![Step::Push(message.to_owned())], reply::text("asked")].concat();
    Script::new()
        .tool(
            "elicit",
            ANY,
            asks(r#"{"jsonrpc":"2.0","id":"q-1","method":"elicitation/create","params":{"n": 1.10}}"#),
        )
        .tool("roots", ANY, asks(r#"{"jsonrpc":"2.0","id":7,"method":"roots/list"}"#))
        .tool(
            "sample",
            ANY,
            asks(r#"{"jsonrpc":"2.0","id":"s","method":"sampling/createMessage","params":{}}"#),
        )
        .tool(
            "never mind",
            ANY,
            asks(r#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":"s"}}"#),
        )
        .tool("received", ANY, reply::received())
}

/// Waits until the stream is open on which a server asks when it does not frame its replies as events.
async fn listened_to(way: Way, server: Option<&ScriptedServer>) {
    if let (Way::Json | Way::Events, Some(server)) = (way, server) {
        server.wait_for(|request| request.method == "GET").await;
        while server.push(r#"{"jsonrpc":"2.0","method":"notifications/none"}"#) == 0 {
            tokio::task::yield_now().await;
        }
    }
}

/// Of the program around the session, beside what the hook declares; to old servers and to stateless ones.
#[tokio::test]
async fn extensions_are_declared_beside_it() {
    let all = r#""elicitation":{},"extensions":{"io.example/one":{},"io.example/two":{}}"#;
    let alone = r#"{"extensions":{"io.example/one":{},"io.example/two":{}}}"#;
    for era in [Era::Legacy, Era::Modern] {
        for (hook, declared) in [(true, all), (false, alone)] {
            let hook = hook.then(|| Arc::new(Echo::default()) as Arc<dyn ServerRequests>);
            let extensions = vec!["io.example/one".to_owned(), "io.example/two".to_owned()];
            let options = SessionOptions { requests: hook, extensions, ..options(limits()) };
            let script = Script::new().speaks(era).tool("echo", ANY, reply::echo());
            let (session, server) = Way::Json.connect_by(&script, options).await;
            session.unwrap().ping().await.unwrap();
            let told = server.unwrap().wait_for(|request| request.body.contains(declared)).await;
            assert!(told.body.contains("clientInfo"), "{}", told.body);
        }
    }
}

#[tokio::test]
async fn the_hook_answers_and_what_it_declares_is_declared() {
    for way in WAYS {
        let hook = Arc::new(Echo::default());
        let given_up = hook.0.clone();
        let options = SessionOptions { requests: Some(hook), ..options(limits()) };
        let (session, server) = way.connect_by(&asking(), options).await;
        let session = session.unwrap();
        listened_to(way, server.as_ref()).await;
        if let Some(server) = &server {
            let initialize = server.wait_for(|request| request.body.contains(r#""initialize""#)).await;
            assert!(initialize.body.contains(r#""capabilities":{"elicitation":{}}"#));
        }
        text(&session, "elicit", "{}").await.unwrap();
        kit::wait_until_received(
            &session,
            r#"{"jsonrpc":"2.0","id":"q-1","result":{"action":"accept","content":{"n": 1.10}}}"#,
        )
        .await;
        text(&session, "roots", "{}").await.unwrap();
        kit::wait_until_received(
            &session,
            r#"{"jsonrpc":"2.0","id":7,"error":{"code":-32602,"message":"no such thing"}}"#,
        )
        .await;
        // One that takes for ever holds up neither calls nor other questions, and is given up when it is taken back.
        text(&session, "sample", "{}").await.unwrap();
        text(&session, "roots", "{}").await.unwrap();
        assert!(!given_up.is_cancelled());
        text(&session, "never mind", "{}").await.unwrap();
        tokio::time::timeout(Duration::from_secs(10), given_up.cancelled()).await.unwrap();
        text(&session, "roots", "{}").await.unwrap();
        let received = kit::wait_until_received(&session, r#""id":7"#).await;
        assert!(!received.contains(r#""id":"s""#), "{received}");
    }
}

#[tokio::test]
async fn more_questions_than_the_limit_are_refused_and_no_call_suffers() {
    let flood = Step::Repeat(
        20,
        vec![Step::Push(
            r#"{"jsonrpc":"2.0","id":"s-$N","method":"sampling/createMessage","params":{}}"#.to_owned(),
        )],
    );
    let script = Script::new().tool("flood", ANY, [vec![flood], reply::text("asked")].concat()).tool(
        "received",
        ANY,
        reply::received(),
    );
    for way in WAYS {
        let limits = mcp_upstream::Limits { server_requests: 2, ..limits() };
        let options = SessionOptions { requests: Some(Arc::new(Echo::default())), ..options(limits) };
        let (session, server) = way.connect_by(&script, options).await;
        let session = session.unwrap();
        listened_to(way, server.as_ref()).await;
        text(&session, "flood", "{}").await.unwrap();
        kit::wait_until_received(&session, "Too many requests").await;
        session.close().await;
    }
}

#[tokio::test]
async fn without_a_hook_nothing_is_declared_and_everything_is_declined() {
    for way in WAYS {
        let (session, server) = way.session(&asking()).await;
        listened_to(way, server.as_ref()).await;
        text(&session, "elicit", "{}").await.unwrap();
        kit::wait_until_received(&session, r#""id":"q-1","error":{"code":-32601"#).await;
    }
}
