//! The callback port: taken by another program, shared by several servers, registered beforehand.

use std::net::TcpListener;

use serde_json::json;
use testkit::browser::Browser;

use super::{call_local, config, entry_with, local, page};
use crate::support::{Home, Protected, approve, login_url, login_urls, parameter};

fn taken() -> (TcpListener, u16) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("an address").port();
    (listener, port)
}

#[tokio::test]
async fn a_callback_port_in_use_is_named_with_its_setting() {
    let (other, port) = taken();
    let vault = Protected::start().await;
    let home = Home::with_config(&config(&entry_with(&vault, json!({ "callback_port": port }))));
    let proxy = home.start().await;
    let line = proxy.logged(&format!("port {port} is already in use")).await;
    assert!(line.contains("callback_port"), "the setting is not named: {line}");
    assert_eq!(login_urls(&proxy, "vault"), [""; 0], "no address is shown that leads nowhere");
    let told = async || page(&proxy).await.contains(&format!("port {port} is already in use")).then_some(());
    proxy.eventually("the page tells why", told).await;
    proxy.ready("/local/openapi.json").await;
    call_local(&proxy).await;

    drop(other);
    let browser = Browser::new();
    let consent =
        browser.open(&format!("{}/_mcpo/login/vault", proxy.url())).await.expect("the consent page");
    browser.press(&consent, "Allow").await.expect("the page after it");
    proxy.ready("/vault/openapi.json").await;
}

#[tokio::test]
async fn two_servers_share_a_callback_port_and_neither_login_is_lost() {
    let (listener, port) = taken();
    drop(listener);
    let (one, two) = (Protected::start().await, Protected::start().await);
    let home = Home::with_config(&json!({ "mcpServers": {
        "one": entry_with(&one, json!({ "callback_port": port })),
        "two": entry_with(&two, json!({ "callback_port": port })),
        "local": local(),
    } }));
    let proxy = home.start().await;
    proxy.ready("/local/openapi.json").await;
    // Whichever is asked for first, and the other whether or not it waits for that.
    let first =
        async || ["one", "two"].into_iter().find_map(|name| Some((name, login_urls(&proxy, name).pop()?)));
    let (name, url) = proxy.eventually("a login is offered", first).await;
    let other = if name == "one" { "two" } else { "one" };
    assert!(parameter(&url, "redirect_uri").contains(&format!(":{port}/")));
    // Nobody answers the first one yet: the other one is offered all the same.
    let second = login_url(&proxy, other, 0).await;
    approve(&second).await;
    proxy.ready(&format!("/{other}/openapi.json")).await;
    approve(&url).await;
    proxy.ready(&format!("/{name}/openapi.json")).await;
    for name in [name, other] {
        let reply = proxy.post(&format!("/{name}/echo"), &json!({ "text": "hello" })).await;
        assert_eq!(reply.status, 200, "{}", reply.text());
    }
}

/// `redirect_uris` as the guide has them: by the name `localhost`, which a browser may take for either address (defect 29).
#[tokio::test]
async fn d29_a_registered_redirect_uri_is_received_on_both_addresses() {
    let (listener, port) = taken();
    drop(listener);
    let vault = Protected::start().await;
    let uri = format!("http://localhost:{port}/callback");
    let metadata = json!({
        "client_name": "My MCPO Client",
        "redirect_uris": [uri],
        "grant_types": ["authorization_code", "refresh_token"],
        "response_types": ["code"],
    });
    let home = Home::with_config(&config(&entry_with(&vault, json!({ "client_metadata": metadata }))));
    let proxy = home.start().await;
    let url = login_url(&proxy, "vault", 0).await;
    assert_eq!(parameter(&url, "redirect_uri"), uri);
    for address in [format!("127.0.0.1:{port}"), format!("[::1]:{port}")] {
        tokio::net::TcpStream::connect(&address).await.unwrap_or_else(|error| panic!("{address}: {error}"));
    }
    let browser = Browser::new();
    let consent = browser.open(&url).await.expect("the consent page");
    assert!(consent.text().contains("My MCPO Client"), "{}", consent.text());
    browser.press(&consent, "Allow").await.expect("the page after it");
    proxy.ready("/vault/openapi.json").await;
}
