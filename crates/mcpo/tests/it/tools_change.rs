//! Tools that change while the proxy serves them (defect 2), and servers that talk without end.

use serde_json::json;
use testkit::mcp::{Framing, Script, Step, reply};

use crate::support::Proxy;

const CHANGED: &str = r#"{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}"#;

fn list_of(name: &str) -> Vec<Step> {
    reply::result(&format!(r#"{{"tools":[{{"name":"{name}","inputSchema":{{"type":"object"}}}}]}}"#))
}

async fn over_stdio(script: &Script) -> Proxy {
    let (program, arguments) = script.stdio_command();
    Proxy::start([vec!["--".into(), program], arguments].concat()).await
}

/// Defect 2: mcpo ignores the notification. Here it counts even when it comes with the first list.
#[tokio::test]
async fn d02_a_change_on_the_heels_of_the_first_list() {
    let first = [list_of("old"), vec![Step::Send(CHANGED.into())]].concat();
    let script = Script::new().first("tools/list", first).always("tools/list", list_of("new"));
    let proxy = over_stdio(&script).await;
    proxy
        .eventually("the new tool is served", async || {
            let document = proxy.get("/openapi.json").await.json();
            (document["paths"].get("/new").is_some() && document["paths"].get("/old").is_none()).then_some(())
        })
        .await;
}

/// The server says once that its tools changed. If it cannot list them at that moment, it is asked again.
#[tokio::test]
async fn a_list_that_fails_after_a_change_is_asked_for_again() {
    let first = [list_of("old"), vec![Step::Send(CHANGED.into())]].concat();
    let script = Script::new()
        .first("tools/list", first)
        .rule("tools/list", 1, 1, reply::error(-32603, "not at this moment"))
        .always("tools/list", list_of("new"));
    let proxy = over_stdio(&script).await;
    proxy.logged("cannot list its tools again").await;
    proxy
        .eventually("the new tool is served", async || {
            proxy.get("/openapi.json").await.json()["paths"].get("/new").map(|_| ())
        })
        .await;
}

/// Every page of the list is served.
#[tokio::test]
async fn d02_all_pages_are_served() {
    let mut script = Script::new().page_size(2);
    for number in 0..7 {
        script = script.tool(&format!("tool{number}"), r#"{"type":"object"}"#, reply::text("x"));
    }
    let server = script.serve_streamable(Framing::Json).await;
    let url = server.url().to_string();
    let proxy = Proxy::start(["--type", "streamable-http", "--", &url]).await;
    let document = proxy.ready("/openapi.json").await;
    assert_eq!(document["paths"].as_object().map(serde_json::Map::len), Some(7));
}

/// A server that logs thousands of lines during a call has not changed its tools.
#[tokio::test]
async fn a_talkative_server_is_not_asked_for_its_tools_again() {
    let log = r#"{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","data":"$N"}}"#;
    let steps = [vec![Step::Repeat(5_000, vec![Step::Send(log.into())])], reply::text("done")].concat();
    let script = Script::new().tool("talk", r#"{"type":"object"}"#, steps);
    let proxy = over_stdio(&script).await;
    proxy.ready("/openapi.json").await;
    for _ in 0..3 {
        let reply = proxy.post("/talk", &json!({})).await;
        assert_eq!((reply.status, reply.json()), (200, json!("done")));
    }
    assert!(!proxy.log().contains("its tools changed"), "{}", proxy.log());
}
