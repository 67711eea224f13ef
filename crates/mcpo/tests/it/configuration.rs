//! Configuration files: what is read, and what is said of the ones that cannot be.

use std::fs;

use serde_json::json;

use crate::support::{Finished, Proxy, run};

/// Runs the program with this text as its configuration file, which it must refuse.
async fn refused(text: &str) -> Finished {
    let folder = tempfile::tempdir().expect("a temporary directory");
    let file = folder.path().join("servers.json");
    fs::write(&file, text).expect("a config file");
    let finished = run(["--config".as_ref(), file.as_os_str()]).await;
    assert_eq!(finished.code, Some(1), "{finished:?}");
    assert!(finished.stderr.contains("servers.json"), "the file is not named: {finished:?}");
    finished
}

#[tokio::test]
async fn a_missing_file_is_named() {
    let finished = run(["--config", "no/such/servers.json"]).await;
    assert_eq!(finished.code, Some(1));
    assert!(finished.stderr.contains("no/such/servers.json"), "{finished:?}");
}

#[tokio::test]
async fn broken_json_is_named_with_its_line() {
    let finished = refused("{\n  \"mcpServers\": {\n    \"a\": {\"command\": }\n  }\n}\n").await;
    assert!(finished.stderr.contains("line 3"), "{finished:?}");
}

#[tokio::test]
async fn a_wrong_value_is_named_with_its_line_and_key() {
    let finished =
        refused("{\"mcpServers\": {\n  \"a\": {\"command\": \"x\",\n    \"args\": [1]}\n}}\n").await;
    assert!(finished.stderr.contains("line 3"), "{finished:?}");
    assert!(finished.stderr.contains("mcpServers.a.args"), "{finished:?}");
}

#[tokio::test]
async fn a_file_without_servers_is_refused() {
    for text in ["{}", "{\"mcpServers\": {}}", ""] {
        let finished = refused(text).await;
        assert!(finished.stderr.contains("mcpServers") || finished.stderr.contains("empty"), "{finished:?}");
    }
}

#[tokio::test]
async fn a_server_with_neither_command_nor_url_is_refused() {
    let finished = refused("{\"mcpServers\": {\"lost\": {\"args\": []}}}").await;
    assert!(finished.stderr.contains("mcpServers.lost"), "{finished:?}");
}

/// mcpo refuses the file that its own README shows.
#[tokio::test]
async fn comments_and_trailing_commas_are_read() {
    let folder = tempfile::tempdir().expect("a temporary directory");
    let file = folder.path().join("config.json");
    let server = json!(env!("CARGO_BIN_EXE_mcpo"));
    let text = format!(
        "{{\n // local ones\n \"mcpServers\": {{ \"demo\": {{ \"command\": {server}, \"args\": [\"demo-server\",], }}, }},\n}}"
    );
    fs::write(&file, text).expect("a config file");
    let proxy = Proxy::start(["--config".as_ref(), file.as_os_str()]).await;
    let document = proxy.get("/openapi.json").await.json();
    let listed = document["info"]["description"].as_str().expect("a description");
    assert!(listed.contains("[demo](/demo/docs)"), "{listed}");
}

#[tokio::test]
async fn each_server_lies_under_its_name_and_the_prefix() {
    let demo = json!({ "command": env!("CARGO_BIN_EXE_mcpo"), "args": ["demo-server"] });
    let folder = tempfile::tempdir().expect("a temporary directory");
    let file = folder.path().join("config.json");
    fs::write(&file, json!({ "mcpServers": { "one": demo, "two": demo } }).to_string())
        .expect("a config file");
    let arguments = ["--config".as_ref(), file.as_os_str(), "--path-prefix".as_ref(), "tools".as_ref()];
    let proxy = Proxy::start(arguments).await;
    for name in ["one", "two"] {
        let document = proxy.ready(&format!("/tools/{name}/openapi.json")).await;
        assert!(document["paths"].as_object().is_some_and(|paths| !paths.is_empty()), "{document}");
        assert_eq!(proxy.get(&format!("/tools/{name}/docs")).await.status, 200);
        assert_eq!(proxy.get(&format!("/{name}/openapi.json")).await.status, 404);
    }
}
