//! Servers that do not do what servers do: what a person is told, and that the others go on.
#![cfg(unix)]

use std::time::Duration;

use serde_json::{Map, json};
use tokio::time::Instant;

use crate::support::{LOCAL, Proxy};

#[tokio::test]
async fn a_command_that_does_not_exist_is_named() {
    let proxy = Proxy::start(["--", "no-such-mcp-server", "--flag"]).await;
    let line = proxy.logged("no-such-mcp-server").await;
    assert!(line.contains("not found"), "{line}");
    let reply = proxy.post("/anything", &json!({})).await;
    assert_eq!(reply.status, 503);
    assert!(reply.text().contains("cannot be started"), "{}", reply.text());
}

#[tokio::test]
async fn a_server_that_dies_at_once_is_shown_with_its_last_words() {
    let proxy = Proxy::start(["--", "sh", "-c", "echo 'API_TOKEN is not set' >&2; exit 3"]).await;
    let line = proxy.logged("API_TOKEN is not set").await;
    assert!(line.contains('3'), "the exit status is not told: {line}");
    let document = proxy
        .eventually("the document says that it is down", async || {
            let document = proxy.get("/openapi.json").await;
            (document.json()["info"]["x-mcpo-status"] == "failed").then_some(document)
        })
        .await;
    // For whoever runs the proxy, not for whoever calls it.
    assert!(!document.text().contains("API_TOKEN"), "{}", document.text());
}

/// The line that tells what is wrong is seldom the last one.
#[tokio::test]
async fn the_end_of_what_a_server_said_is_in_the_log() {
    let script = "echo 'Error: missing API_KEY: set it' >&2; echo >&2; echo 'Node.js v20.20.2' >&2; exit 1";
    let proxy = Proxy::start(["--", "sh", "-c", script]).await;
    proxy.logged("Error: missing API_KEY: set it").await;
    proxy.logged("| Node.js v20.20.2").await;
}

#[tokio::test]
async fn a_program_that_speaks_no_mcp_is_told_apart() {
    let proxy = Proxy::prepared(|command| {
        command.args(LOCAL).args(["--", "sh", "-c", "while read line; do echo hello; done"]);
        command.env("CONNECTION_TIMEOUT", "0.5");
    })
    .await;
    let line = proxy.logged("no MCP").await;
    assert!(line.contains("hello"), "what it said instead is not shown: {line}");
    let reply = proxy.post("/anything", &json!({})).await;
    assert_eq!(reply.status, 503, "{}", reply.text());
    assert!(reply.text().contains("does not speak MCP"), "{}", reply.text());
}

#[tokio::test]
async fn a_silent_server_is_given_up_after_the_time_it_has() {
    let proxy = Proxy::prepared(|command| {
        command.args(LOCAL).args(["--", "sleep", "600"]).env("CONNECTION_TIMEOUT", "0.3");
    })
    .await;
    let line = proxy.logged("no answer").await;
    assert!(line.contains("300ms") || line.contains("0.3 s"), "the time is not told: {line}");
}

#[tokio::test]
async fn ten_servers_of_which_three_never_answer() {
    let start = Instant::now();
    let mut servers = Map::new();
    for number in 0..7 {
        let server = json!({ "command": env!("CARGO_BIN_EXE_mcpo"), "args": ["demo-server"] });
        servers.insert(format!("good{number}"), server);
    }
    for number in 0..3 {
        servers.insert(format!("silent{number}"), json!({ "command": "sleep", "args": ["600"] }));
    }
    let proxy = Proxy::with_config(&json!({ "mcpServers": servers })).await;
    for number in 0..7 {
        proxy.ready(&format!("/good{number}/openapi.json")).await;
    }
    let took = start.elapsed();
    for number in 0..3 {
        let document = proxy.get(&format!("/silent{number}/openapi.json")).await;
        assert!(document.text().contains("connecting"), "{}", document.text());
    }
    assert!(took < Duration::from_secs(2), "the good ones served after {took:?}");
    let listed = proxy.get("/openapi.json").await.text();
    assert!(listed.contains("silent2") && listed.contains("good6"), "{listed}");
}
