//! `use_loopback: false`: the address is printed, the answer is pasted.

use std::fs;

use serde_json::json;
use testkit::browser::Browser;

use super::{call, call_local, config, entry_with, local};
use crate::support::{Home, Protected, Proxy};

/// The address in the prompt for a server, and what the browser's address bar holds after the consent.
async fn consent(proxy: &Proxy, vault: &Protected) -> String {
    let at = format!("{}/authorize", vault.origin());
    let shown = async || {
        let log = format!("{}\n{}", proxy.output(), proxy.log());
        log.lines().map(str::trim).find(|line| line.starts_with(&at)).map(str::to_owned)
    };
    let url = proxy.eventually("the address is printed", shown).await;
    let browser = Browser::new().stop_at("http://127.0.0.1:3030/callback");
    let consent = browser.open(&url).await.expect("the consent page");
    let landed = browser.press(&consent, "Allow").await.expect("an address");
    assert!(landed.stopped);
    landed.url.to_string()
}

#[tokio::test]
async fn the_whole_address_is_pasted() {
    let vault = Protected::start().await;
    let home = Home::with_config(&config(&entry_with(
        &vault,
        json!({ "use_loopback": false, "callback_port": 3030 }),
    )));
    let mut proxy = home.start().await;
    let address = consent(&proxy, &vault).await;
    proxy.ready("/local/openapi.json").await;
    call_local(&proxy).await;

    proxy.type_line("I have done it").await;
    proxy.logged("no authorization code found").await;
    proxy.type_line(&address).await;
    proxy.ready("/vault/openapi.json").await;
    assert_eq!(call(&proxy, "echo").await.status, 200);
    assert!(!home.path("opened").exists(), "no browser is opened: {:?}", fs::read(home.path("opened")));
}

/// There is one terminal: what is typed belongs to the one question that is asked.
#[tokio::test]
async fn two_servers_ask_one_after_the_other() {
    let (one, two) = (Protected::start().await, Protected::start().await);
    let paste = json!({ "use_loopback": false, "callback_port": 3030 });
    let home = Home::with_config(&json!({ "mcpServers": {
        "one": entry_with(&one, paste.clone()),
        "two": entry_with(&two, paste),
        "local": local(),
    } }));
    let mut proxy = home.start().await;
    let first = async || {
        let log = proxy.log();
        [("one", &one), ("two", &two)]
            .into_iter()
            .find(|(_, vault)| log.contains(&format!("{}/authorize", vault.origin())))
    };
    let (name, vault) = proxy.eventually("a login is asked for", first).await;
    let address = consent(&proxy, vault).await;
    proxy.type_line(&address).await;
    proxy.ready(&format!("/{name}/openapi.json")).await;
    let (name, vault) = if name == "one" { ("two", &two) } else { ("one", &one) };
    let address = consent(&proxy, vault).await;
    proxy.type_line(&address).await;
    proxy.ready(&format!("/{name}/openapi.json")).await;
}

/// A service without a terminal: said once, the rest serves, the program goes on.
#[tokio::test]
async fn without_a_terminal_the_login_fails_and_nothing_else() {
    let vault = Protected::start().await;
    let home = Home::with_config(&config(&entry_with(&vault, json!({ "use_loopback": false }))));
    let proxy = Proxy::prepared(|command| {
        command.args(crate::support::LOCAL).arg("--config").arg(home.path("config.json"));
        home.settle(command);
    })
    .await;
    proxy.logged("the login did not succeed").await;
    proxy.ready("/local/openapi.json").await;
    call_local(&proxy).await;
    assert_eq!(call(&proxy, "echo").await.status, 503);
}
