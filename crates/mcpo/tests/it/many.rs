//! Slow servers, many servers, and callers that leave (defects 12 and 16).
#![cfg(unix)]

use std::time::Duration;

use hyper::body::Bytes;
use serde_json::{Map, json};
use testkit::mcp::{Framing, Script, ScriptedServer, reply};
use testkit::oauth::{OAuthPeer, Reply as Answer};
use tokio::net::TcpListener;
use tokio::time::Instant;

use crate::support::{Client, Proxy};

const OBJECT: &str = r#"{"type":"object"}"#;

/// A port that takes connections and says nothing.
async fn mute() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}/mcp", listener.local_addr().expect("an address"));
    (listener, url)
}

/// Defect 12: one silent server keeps mcpo's port closed. Here each silent one is silent in its own way.
#[tokio::test]
async fn d12_three_of_ten_servers_never_answer() {
    let (_mute, url) = mute().await;
    let metadata = OAuthPeer::start(|script| {
        script.intercept(|seen| seen.path.contains("well-known").then(Answer::hang));
    })
    .await;
    let remotes = [
        Script::new().tool("echo", OBJECT, reply::echo()).serve_streamable(Framing::Json).await,
        Script::new().tool("echo", OBJECT, reply::echo()).serve_streamable(Framing::Sse).await,
        Script::new().tool("echo", OBJECT, reply::echo()).serve_sse().await,
    ];
    let mut servers = Map::new();
    servers.insert("silent0".into(), json!({ "type": "streamable-http", "url": url }));
    servers.insert("silent1".into(), json!({ "command": "sleep", "args": ["600"] }));
    servers.insert("silent2".into(), json!({ "url": metadata.mcp_url(), "oauth": { "callback_port": 0 } }));
    for number in 0..4 {
        let server = json!({ "command": env!("CARGO_BIN_EXE_mcpo"), "args": ["demo-server"] });
        servers.insert(format!("good{number}"), server);
    }
    for (number, remote) in (4..).zip(&remotes) {
        servers.insert(format!("good{number}"), json!({ "url": remote.url() }));
    }
    let start = Instant::now();
    let proxy = Proxy::with_config(&json!({ "mcpServers": servers })).await;
    for number in 0..7 {
        proxy.ready(&format!("/good{number}/openapi.json")).await;
    }
    // Two seconds on a machine that does nothing else.
    assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
    for number in 4..7 {
        assert_eq!(proxy.post(&format!("/good{number}/echo"), &json!({})).await.status, 200);
    }
    for number in 0..3 {
        let document = proxy.get(&format!("/silent{number}/openapi.json")).await.json();
        let status = &document["info"]["x-mcpo-status"];
        assert!(*status == "connecting" || *status == "login_needed", "{document}");
    }
    let listed = proxy.get("/openapi.json").await.text();
    assert!((0..3).all(|number| listed.contains(&format!("silent{number}"))), "{listed}");
}

/// Defect 16: `CONNECTION_TIMEOUT` does nothing. A remote server, and a session that opens but does not list its tools.
#[tokio::test]
async fn d16_the_connection_timeout_covers_every_step() {
    let (_mute, url) = mute().await;
    let unlisted = Script::new().always("tools/list", reply::hang()).serve_streamable(Framing::Json).await;
    let config = json!({ "mcpServers": {
        "mute": { "type": "streamable-http", "url": url },
        "sse": { "type": "sse", "url": url },
        "unlisted": { "type": "streamable-http", "url": unlisted.url() },
    } });
    let folder = tempfile::tempdir().expect("a temporary directory");
    let file = folder.path().join("config.json");
    std::fs::write(&file, config.to_string()).expect("a config file");
    let proxy = Proxy::prepared(|command| {
        command.args(crate::support::LOCAL).arg("--config").arg(&file).env("CONNECTION_TIMEOUT", "0.4");
    })
    .await;
    for name in ["mute", "sse", "unlisted"] {
        let failed = async || {
            let reply = proxy.post(&format!("/{name}/echo"), &json!({})).await;
            assert_eq!(reply.status, 503);
            reply.text().contains("it did not answer within 0.4 s").then_some(())
        };
        proxy.eventually(&format!("{name} is given up"), failed).await;
    }
    let tried = unlisted.recorded().iter().filter(|request| request.body.contains("\"initialize\"")).count();
    assert!(tried >= 1);
    // The session that was opened in vain is ended.
    unlisted.wait_for(|request| request.method == http::Method::DELETE).await;
}

/// Starts a call and leaves before the answer.
async fn call_and_leave(proxy: &Proxy, path: &str, is_there: impl AsyncFnOnce()) {
    // A client of its own, so that its connection ends with it.
    let client = Client::new(proxy.url());
    let path = path.to_owned();
    let call =
        tokio::spawn(async move { client.send("POST", &path, Bytes::from_static(b"{}")).await.map(|_| ()) });
    is_there().await;
    call.abort();
    assert!(call.await.is_err_and(|error| error.is_cancelled()), "it was answered");
}

async fn stuck(framing: Framing) -> ScriptedServer {
    Script::new().tool("stuck", OBJECT, reply::hang()).serve_streamable(framing).await
}

/// Defect 16: the server works on for a caller that is long gone.
#[tokio::test]
async fn d16_a_caller_that_leaves_cancels_the_call() {
    for framing in [Framing::Json, Framing::Sse] {
        let server = stuck(framing).await;
        let url = server.url().to_string();
        let proxy = Proxy::start(["--type", "streamable-http", "--", &url]).await;
        proxy.ready("/openapi.json").await;
        call_and_leave(&proxy, "/stuck", async || {
            server.wait_for(|request| request.body.contains("tools/call")).await;
        })
        .await;
        let call = server.wait_for(|request| request.body.contains("tools/call")).await;
        let cancelled = server.wait_for(|request| request.body.contains("notifications/cancelled")).await;
        let parsed = |body: &str| serde_json::from_str::<serde_json::Value>(body).expect("JSON");
        assert_eq!(parsed(&cancelled.body)["params"]["requestId"], parsed(&call.body)["id"]);
    }
}

#[tokio::test]
async fn d16_a_caller_that_leaves_cancels_the_call_of_a_command() {
    let script = Script::new()
        .tool("stuck", OBJECT, reply::hang())
        .tool("requests", OBJECT, reply::requests())
        .tool("received", OBJECT, reply::received());
    let (program, arguments) = script.stdio_command();
    let words = std::iter::once(program).chain(arguments);
    let proxy = Proxy::start(std::iter::once("--".into()).chain(words)).await;
    proxy.ready("/openapi.json").await;
    let arrived = async || {
        let requests = proxy.post("/requests", &json!({})).await.text();
        requests.contains("stuck").then_some(())
    };
    call_and_leave(&proxy, "/stuck", async || {
        proxy.eventually("the server has the call", arrived).await;
    })
    .await;
    let told = async || {
        let received = proxy.post("/received", &json!({})).await.text();
        received.contains("notifications/cancelled").then_some(())
    };
    proxy.eventually("the server is told", told).await;
}

/// Defect 16: a call has a time limit, after which the server is told and the caller too.
#[tokio::test]
async fn d16_a_call_that_takes_too_long_is_given_up() {
    let server = stuck(Framing::Json).await;
    let entry = json!({ "type": "streamable-http", "url": server.url(), "timeout": 0.3 });
    let proxy = Proxy::with_config(&json!({ "mcpServers": { "remote": entry } })).await;
    proxy.ready("/remote/openapi.json").await;
    let reply = proxy.post("/remote/stuck", &json!({})).await;
    assert_eq!(reply.status, 504, "{}", reply.text());
    assert!(reply.text().contains("no reply within 0.3 s"), "{}", reply.text());
    server.wait_for(|request| request.body.contains("notifications/cancelled")).await;
}
