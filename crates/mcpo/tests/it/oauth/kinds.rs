//! Defect 34: OAuth for every kind of remote server, and without a configuration file; defect 31: any `server_url`.

use std::process::Stdio;

use serde_json::{Value, json};
use testkit::oauth::OAuthPeer;

use super::{call, config, entry};
use crate::support::{Home, LOCAL, Protected, Proxy, approve, login_url};

async fn logs_in(vault: &Protected, entry: Value) {
    let home = Home::with_config(&config(&entry));
    let proxy = home.start().await;
    approve(&login_url(&proxy, "vault", 0).await).await;
    proxy.ready("/vault/openapi.json").await;
    let reply = call(&proxy, "echo").await;
    assert_eq!((reply.status, reply.json()), (200, json!({ "text": "hello" })));
    assert_eq!(call(&proxy, "write").await.status, 503);
    approve(&login_url(&proxy, "vault", 1).await).await;
    let works = async || (call(&proxy, "write").await.status == 200).then_some(());
    proxy.eventually("the wider call works", works).await;
    vault.reject_access_tokens();
    assert_eq!(call(&proxy, "echo").await.status, 200, "renewed on the 401");
}

#[tokio::test]
async fn d34_server_sent_events() {
    let vault = Protected::planned(|plan| plan.sse = true).await;
    let mut entry = entry(&vault);
    entry["type"] = json!("sse");
    logs_in(&vault, entry).await;
}

/// A URL without a type: streamable HTTP is tried first, and its 401 is about the login, not about the transport.
#[tokio::test]
async fn d34_a_url_without_a_type() {
    let vault = Protected::start().await;
    logs_in(&vault, json!({ "url": vault.url(), "oauth": { "callback_port": 0 } })).await;
}

#[tokio::test]
async fn d34_a_url_without_a_type_that_speaks_server_sent_events() {
    let vault = Protected::planned(|plan| plan.sse = true).await;
    logs_in(&vault, json!({ "url": vault.url(), "oauth": { "callback_port": 0 } })).await;
}

/// Nothing of OAuth is configured at all: the 401 says enough.
#[tokio::test]
async fn d34_a_protected_server_on_the_command_line() {
    for kind in ["streamable-http", "sse"] {
        let vault = Protected::planned(|plan| plan.sse = kind == "sse").await;
        let home = Home::with_config(&json!({}));
        let proxy = Proxy::prepared(|command| {
            command.args(LOCAL).args(["--type", kind, "--", &vault.url()]).stdin(Stdio::null());
            home.settle(command);
        })
        .await;
        let url = login_url(&proxy, "server", 0).await;
        approve(&url).await;
        proxy.ready("/openapi.json").await;
        let reply = proxy.post("/echo", &json!({ "text": "hello" })).await;
        assert_eq!(reply.status, 200, "{}", reply.text());
        assert!(!home.token_files().is_empty());
    }
}

/// Defect 31: the guide says "without /mcp", and that works; so does every other way to write it.
#[tokio::test]
async fn d31_the_server_url_may_be_written_in_any_way() {
    let vault = Protected::start().await;
    for server_url in [vault.origin().to_owned(), format!("{}/", vault.origin()), vault.url()] {
        let home = Home::with_config(&config(&json!({
            "type": "streamable-http",
            "url": vault.url(),
            "oauth": { "server_url": server_url, "callback_port": 0 },
        })));
        let proxy = home.start().await;
        approve(&login_url(&proxy, "vault", 0).await).await;
        proxy.ready("/vault/openapi.json").await;
    }
}

/// The authorization server is on another host than the MCP server, and `server_url` is the MCP server's, as in the guide.
#[tokio::test]
async fn d31_the_server_url_of_a_server_with_an_authorization_server_elsewhere() {
    let peer = OAuthPeer::start(|_| ()).await;
    assert_ne!(peer.issuer(), peer.resource_origin());
    // It binds no client to itself, either: `issuer` does that.
    for client in [json!({}), json!({ "client_id": "by-hand", "client_secret": "s3cr3t" })] {
        let mut oauth = json!({ "server_url": peer.resource_origin(), "callback_port": 0 });
        oauth.as_object_mut().expect("an object").extend(client.as_object().cloned().expect("an object"));
        let home = Home::with_config(&config(&json!({
            "type": "streamable-http", "url": peer.mcp_url(), "oauth": oauth,
        })));
        let proxy = home.start().await;
        let url = login_url(&proxy, "vault", 0).await;
        assert!(url.starts_with(&format!("{}/authorize", peer.issuer())), "{url}");
    }
}
