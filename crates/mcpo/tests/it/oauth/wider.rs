//! A tool that needs a wider scope than its server's other tools.

use serde_json::json;

use super::{call, config, entry, page};
use crate::support::{Home, Protected, Proxy, answer, approve, login_url, login_urls, parameter};

async fn logged_in(home: &Home) -> Proxy {
    let proxy = home.start().await;
    let url = login_url(&proxy, "vault", 0).await;
    assert_eq!(parameter(&url, "scope"), "mcp:read offline_access", "no more than is needed");
    approve(&url).await;
    proxy.ready("/vault/openapi.json").await;
    proxy
}

#[tokio::test]
async fn a_call_that_needs_more_says_so_and_the_others_go_on() {
    let vault = Protected::start().await;
    let home = Home::with_config(&config(&entry(&vault)));
    let proxy = logged_in(&home).await;

    let reply = call(&proxy, "write").await;
    assert_eq!(reply.status, 503);
    assert!(reply.text().contains("mcp:write"), "the reason is not told: {}", reply.text());
    let url = login_url(&proxy, "vault", 1).await;
    let offered = async || page(&proxy).await.contains("_mcpo/login/vault").then_some(());
    proxy.eventually("the page offers the login", offered).await;
    for _ in 0..5 {
        assert_eq!(call(&proxy, "echo").await.status, 200, "while the login is pending");
    }
    assert_eq!(parameter(&url, "scope"), "mcp:read offline_access mcp:write");

    approve(&url).await;
    let works = async || {
        let reply = call(&proxy, "write").await;
        (reply.status == 200).then(|| reply.json())
    };
    assert_eq!(proxy.eventually("the call works", works).await, json!({ "text": "hello" }));
    assert_eq!(call(&proxy, "echo").await.status, 200);
    let quiet = async || (!page(&proxy).await.contains("_mcpo/login")).then_some(());
    proxy.eventually("the page is quiet again", quiet).await;
}

/// However many calls are turned away, the person is asked once.
#[tokio::test]
async fn many_calls_that_need_more_are_one_login() {
    let vault = Protected::start().await;
    let home = Home::with_config(&config(&entry(&vault)));
    let proxy = logged_in(&home).await;
    assert_eq!(call(&proxy, "write").await.status, 503);
    let url = login_url(&proxy, "vault", 1).await;
    for _ in 0..3 {
        assert_eq!(call(&proxy, "write").await.status, 503, "while the login is pending");
    }
    approve(&url).await;
    let works = async || (call(&proxy, "write").await.status == 200).then_some(());
    proxy.eventually("the call works", works).await;
    // As long as that takes, nothing more is asked.
    assert_eq!(call(&proxy, "slow").await.status, 200);
    assert_eq!(login_urls(&proxy, "vault").len(), 2);
    assert!(!page(&proxy).await.contains("_mcpo/login"), "{}", page(&proxy).await);
}

/// The login after a refusal is for what is wanted now, not for what was refused.
#[tokio::test]
async fn a_refused_widening_leaves_the_rest_and_the_next_asks_for_its_own() {
    let vault = Protected::start().await;
    let home = Home::with_config(&config(&entry(&vault)));
    let proxy = logged_in(&home).await;
    assert_eq!(call(&proxy, "write").await.status, 503);
    answer(&login_url(&proxy, "vault", 1).await, "Deny").await;
    proxy.logged("access_denied").await;
    assert_eq!(call(&proxy, "echo").await.status, 200);

    let reply = call(&proxy, "erase").await;
    assert_eq!(reply.status, 503);
    assert!(reply.text().contains("mcp:erase"), "{}", reply.text());
    let url = login_url(&proxy, "vault", 2).await;
    assert_eq!(parameter(&url, "scope"), "mcp:read offline_access mcp:erase");
    approve(&url).await;
    let works = async || (call(&proxy, "erase").await.status == 200).then_some(());
    proxy.eventually("the call works", works).await;
    assert_eq!(call(&proxy, "echo").await.status, 200);
}

/// Two tools that need different things, one after the other: the second login keeps what the first one got.
#[tokio::test]
async fn widening_twice_keeps_both() {
    let vault = Protected::start().await;
    let home = Home::with_config(&config(&entry(&vault)));
    let proxy = logged_in(&home).await;
    for (number, tool) in [(1, "write"), (2, "erase")] {
        assert_eq!(call(&proxy, tool).await.status, 503);
        approve(&login_url(&proxy, "vault", number).await).await;
        let works = async || (call(&proxy, tool).await.status == 200).then_some(());
        proxy.eventually("the call works", works).await;
    }
    assert_eq!(call(&proxy, "write").await.status, 200);
    assert_eq!(login_urls(&proxy, "vault").len(), 3);
}

/// A second tool asks for more while the first login is pending: it is not lost.
#[tokio::test]
async fn a_second_need_during_a_login_is_served_after_it() {
    let vault = Protected::start().await;
    let home = Home::with_config(&config(&entry(&vault)));
    let proxy = logged_in(&home).await;
    assert_eq!(call(&proxy, "write").await.status, 503);
    let first = login_url(&proxy, "vault", 1).await;
    assert_eq!(call(&proxy, "erase").await.status, 503);
    approve(&first).await;
    let second = login_url(&proxy, "vault", 2).await;
    approve(&second).await;
    for tool in ["erase", "write", "echo"] {
        let works = async || (call(&proxy, tool).await.status == 200).then_some(());
        proxy.eventually("the call works", works).await;
    }
}

/// Defect 2: tools that change are learned anew; the login that waits for a person is not forgotten over it.
#[tokio::test]
async fn d2_tools_that_change_during_a_login_leave_it_offered() {
    let vault = Protected::start().await;
    let home = Home::with_config(&config(&entry(&vault)));
    let proxy = logged_in(&home).await;
    assert_eq!(call(&proxy, "write").await.status, 503);
    let url = login_url(&proxy, "vault", 1).await;
    let listed = async || {
        let sent = vault.scripted().push(r#"{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}"#);
        (sent > 0 && proxy.log().contains("listed again")).then_some(())
    };
    proxy.eventually("the tools are listed again", listed).await;
    assert!(page(&proxy).await.contains("_mcpo/login/vault"), "{}", page(&proxy).await);
    approve(&url).await;
    let works = async || (call(&proxy, "write").await.status == 200).then_some(());
    proxy.eventually("the call works", works).await;
}
