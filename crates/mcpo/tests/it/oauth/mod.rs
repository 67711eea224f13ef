//! Logins with a configuration like the one of mcpo's OAuth guide: first, again, wider, refused, in every way there is.
#![cfg(unix)]

mod account;
mod alone;
mod clients;
mod first;
mod kinds;
mod paste;
mod ports;
mod refused;
mod renewed;
mod sealed;
mod time_limit;
mod wider;

use serde_json::{Value, json};

use crate::support::{Protected, Proxy, Reply};

/// The entry of the guide's "Basic OAuth Configuration" for a protected server, with a free callback port.
fn entry(vault: &Protected) -> Value {
    json!({
        "type": "streamable-http",
        "url": vault.url(),
        "oauth": { "server_url": vault.origin(), "callback_port": 0 },
    })
}

/// The entry with more in its `oauth` section.
fn entry_with(vault: &Protected, more: Value) -> Value {
    let mut entry = entry(vault);
    let (Value::Object(more), Some(oauth)) = (more, entry["oauth"].as_object_mut()) else {
        panic!("the section is an object");
    };
    oauth.extend(more);
    entry
}

/// A server that needs no login: the demo's local one.
fn local() -> Value {
    json!({ "command": env!("CARGO_BIN_EXE_mcpo"), "args": ["demo-server"] })
}

/// A configuration with one protected server, `vault`, and a local one.
fn config(vault: &Value) -> Value {
    json!({ "mcpServers": { "vault": vault, "local": local() } })
}

/// Calls a tool of the protected server.
async fn call(proxy: &Proxy, tool: &str) -> Reply {
    proxy.post(&format!("/vault/{tool}"), &json!({ "text": "hello" })).await
}

/// Calls a tool of the server beside it.
async fn call_local(proxy: &Proxy) {
    let reply = proxy.post("/local/text_statistics", &json!({ "text": "one two" })).await;
    assert_eq!((reply.status, reply.json()["words"].clone()), (200, json!(2)));
}

/// The proxy's page.
async fn page(proxy: &Proxy) -> String {
    proxy.get("/").await.text()
}

/// What the document of the protected server says of its state.
async fn status(proxy: &Proxy) -> String {
    let document = proxy.get("/vault/openapi.json").await.json();
    document["info"]["x-mcpo-status"].as_str().unwrap_or("ready").to_owned()
}
