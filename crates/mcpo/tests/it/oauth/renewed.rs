//! The second start, and tokens that end: what is renewed without a person, and what needs one again.

use std::time::Duration;

use super::{call, call_local, config, entry, page, status};
use crate::support::{Home, Protected, Proxy, approve, login_url, login_urls};

async fn logged_in(home: &Home) -> Proxy {
    let proxy = home.start().await;
    approve(&login_url(&proxy, "vault", 0).await).await;
    proxy.ready("/vault/openapi.json").await;
    proxy
}

/// Defect 28: mcpo's second login always fails. First the second start, which needs none.
#[tokio::test]
async fn d28_the_second_start_asks_nobody_and_a_login_after_a_logout_works() {
    let vault = Protected::start().await;
    let home = Home::with_config(&config(&entry(&vault)));
    drop(logged_in(&home).await);

    let again = home.start().await;
    again.ready("/vault/openapi.json").await;
    assert_eq!(call(&again, "echo").await.status, 200);
    assert_eq!(login_urls(&again, "vault"), [""; 0]);
    let counts = ["POST /register", "GET /authorize"].map(|what| vault.count(what));
    assert_eq!(counts, [1, 1]);
    assert_eq!((vault.tokens("authorization_code"), vault.tokens("refresh_token")), (1, 0));
    drop(again);

    home.log_out();
    let anew = logged_in(&home).await;
    assert_eq!(call(&anew, "echo").await.status, 200);
    assert_eq!(vault.tokens("authorization_code"), 2);
}

/// Defect 32: expiry is known, so that the token is renewed before it ends and no call is refused.
#[tokio::test]
async fn d32_a_token_is_renewed_before_it_expires() {
    let vault = Protected::planned(|plan| plan.access_token = Duration::from_secs(2)).await;
    let home = Home::with_config(&config(&entry(&vault)));
    let proxy = logged_in(&home).await;
    let before = vault.seen().len();
    let renewed = async || {
        assert_eq!(call(&proxy, "echo").await.status, 200);
        (vault.tokens("refresh_token") >= 2).then_some(())
    };
    proxy.eventually("the token is renewed twice", renewed).await;
    let refused: Vec<_> = vault.seen().into_iter().skip(before).filter(|seen| seen.status == 401).collect();
    assert!(refused.is_empty(), "{refused:?}");

    // The proxy was away when the token expired.
    drop(proxy);
    let renewals = vault.tokens("refresh_token");
    let again = home.start().await;
    again.ready("/vault/openapi.json").await;
    again
        .eventually("the next token", async || {
            assert_eq!(call(&again, "echo").await.status, 200);
            (vault.tokens("refresh_token") > renewals).then_some(())
        })
        .await;
    assert_eq!(login_urls(&again, "vault"), [""; 0]);
}

/// Defect 32: mcpo never tries its refresh token on a 401.
#[tokio::test]
async fn d32_a_revoked_token_is_renewed_on_the_401() {
    let vault = Protected::start().await;
    let home = Home::with_config(&config(&entry(&vault)));
    let proxy = logged_in(&home).await;
    vault.reject_access_tokens();
    assert_eq!(call(&proxy, "echo").await.status, 200);
    assert_eq!(vault.tokens("refresh_token"), 1);
    assert_eq!(login_urls(&proxy, "vault").len(), 1, "nobody is asked");
}

#[tokio::test]
async fn an_ended_grant_asks_for_a_login_and_disturbs_nobody_else() {
    let vault = Protected::start().await;
    let home = Home::with_config(&config(&entry(&vault)));
    let proxy = logged_in(&home).await;
    vault.reject_access_tokens();
    vault.refuse_refresh(true);
    let reply = call(&proxy, "echo").await;
    assert_eq!(reply.status, 503);
    assert!(reply.text().contains("a login is needed"), "{}", reply.text());
    let url = login_url(&proxy, "vault", 1).await;
    let offered = async || {
        let page = page(&proxy).await;
        (page.contains("_mcpo/login/vault") && page.contains("login needed")).then_some(())
    };
    proxy.eventually("the page offers the login", offered).await;
    call_local(&proxy).await;
    assert_eq!(call(&proxy, "echo").await.status, 503, "still, and not for ever");

    vault.refuse_refresh(false);
    approve(&url).await;
    let works = async || (call(&proxy, "echo").await.status == 200).then_some(());
    proxy.eventually("the call works again", works).await;
    let settled = async || {
        (status(&proxy).await == "ready" && !page(&proxy).await.contains("_mcpo/login")).then_some(())
    };
    proxy.eventually("the page is quiet again", settled).await;
    assert_eq!(login_urls(&proxy, "vault").len(), 2, "one login was enough");
}

/// The same while the proxy was not running.
#[tokio::test]
async fn an_ended_grant_is_noticed_at_the_start() {
    let vault = Protected::start().await;
    let home = Home::with_config(&config(&entry(&vault)));
    drop(logged_in(&home).await);
    vault.reject_access_tokens();
    vault.refuse_refresh(true);
    let proxy = home.start().await;
    let url = login_url(&proxy, "vault", 0).await;
    assert_eq!(status(&proxy).await, "login_needed");
    approve(&url).await;
    proxy.ready("/vault/openapi.json").await;
    assert_eq!(call(&proxy, "echo").await.status, 200);
}
