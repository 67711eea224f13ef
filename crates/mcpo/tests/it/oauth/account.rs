//! Defect 25, C13.4: a token belongs to an issuer, a resource and a server's name. Another server under the same name gets none of
//! it.

use serde_json::json;

use super::{call, config, entry, entry_with};
use crate::support::{Home, Protected, approve, login_url, login_urls};

#[tokio::test]
async fn d25_another_url_under_the_same_name_gets_no_token() {
    let (old, new) = (Protected::start().await, Protected::start().await);
    let home = Home::with_config(&config(&entry(&old)));
    let proxy = home.start().await;
    approve(&login_url(&proxy, "vault", 0).await).await;
    proxy.ready("/vault/openapi.json").await;
    drop(proxy);

    home.configure(&config(&entry(&new)));
    let proxy = home.start().await;
    let url = login_url(&proxy, "vault", 0).await;
    assert!(url.starts_with(new.origin()), "{url}");
    let before = new.seen();
    assert!(before.iter().all(|seen| !seen.headers.contains_key("authorization")), "{before:?}");
    let secrets = old.secrets();
    approve(&url).await;
    proxy.ready("/vault/openapi.json").await;
    assert_eq!(call(&proxy, "echo").await.status, 200);
    for seen in new.seen() {
        let shown = format!("{:?} {:?}", seen.headers, seen.form);
        assert!(!secrets.iter().any(|secret| shown.contains(secret.as_str())), "{shown}");
    }
    drop(proxy);

    // Back again: the first login was not lost.
    home.configure(&config(&entry(&old)));
    let proxy = home.start().await;
    proxy.ready("/vault/openapi.json").await;
    assert_eq!(login_urls(&proxy, "vault"), [""; 0]);
}

/// The same, while the proxy runs.
#[tokio::test]
async fn d25_d14_another_url_by_hot_reload_gets_no_token() {
    let (old, new) = (Protected::start().await, Protected::start().await);
    let home = Home::with_config(&config(&entry(&old)));
    let proxy = home.start_with(&["--hot-reload"]).await;
    approve(&login_url(&proxy, "vault", 0).await).await;
    proxy.ready("/vault/openapi.json").await;
    home.configure(&config(&entry(&new)));
    let url = login_url(&proxy, "vault", 1).await;
    assert!(url.starts_with(new.origin()), "{url}");
    assert!(new.seen().iter().all(|seen| !seen.headers.contains_key("authorization")), "{:?}", new.seen());
    approve(&url).await;
    proxy.ready("/vault/openapi.json").await;
}

/// Two names for one server are two accounts.
#[tokio::test]
async fn d25_two_names_are_two_logins() {
    let vault = Protected::start().await;
    let home = Home::with_config(&json!({ "mcpServers": {
        "home": entry(&vault),
        "work": entry_with(&vault, json!({})),
    } }));
    let proxy = home.start().await;
    approve(&login_url(&proxy, "home", 0).await).await;
    proxy.ready("/home/openapi.json").await;
    let work = proxy.get("/work/openapi.json").await.json();
    assert_eq!(work["info"]["x-mcpo-status"], "login_needed");
    approve(&login_url(&proxy, "work", 0).await).await;
    proxy.ready("/work/openapi.json").await;
}
