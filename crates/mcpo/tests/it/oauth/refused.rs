//! Logins that do not succeed: by the person, by the authorization server, by somebody in between.

use serde_json::{Value, json};
use testkit::browser::Browser;
use testkit::oauth::{MetadataPlace, OAuthPeer, Reply as Answer};

use super::{call, call_local, config, entry, page, status};
use crate::support::{Home, Protected, Proxy, answer, approve, login_url, login_urls, parameter};

/// A configuration with a scripted authorization server and resource, as in the guide.
fn scripted(peer: &OAuthPeer) -> Value {
    config(&json!({
        "type": "streamable-http",
        "url": peer.mcp_url(),
        "oauth": { "server_url": peer.issuer(), "callback_port": 0 },
    }))
}

/// Starts, and waits until a login that needs no person to fail has failed with these words in log and page.
async fn fails(peer: &OAuthPeer, words: &str) -> (Home, Proxy) {
    let home = Home::with_config(&scripted(peer));
    let proxy = home.start().await;
    proxy.logged(words).await;
    let told = async || page(&proxy).await.contains(words).then_some(());
    proxy.eventually("the page tells why", told).await;
    assert_eq!(status(&proxy).await, "login_needed");
    proxy.ready("/local/openapi.json").await;
    call_local(&proxy).await;
    assert_eq!(login_urls(&proxy, "vault"), [""; 0], "there is nothing to show");
    (home, proxy)
}

#[tokio::test]
async fn the_person_says_no_and_is_not_asked_again_unasked() {
    let vault = Protected::start().await;
    let home = Home::with_config(&config(&entry(&vault)));
    let proxy = home.start().await;
    let refused = answer(&login_url(&proxy, "vault", 0).await, "Deny").await;
    assert!(refused.text().contains("The login failed"), "{}", refused.text());
    proxy.logged("access_denied").await;
    let told = async || page(&proxy).await.contains("access_denied").then_some(());
    proxy.eventually("the page tells why", told).await;
    let reply = call(&proxy, "echo").await;
    assert_eq!(reply.status, 503);
    assert!(reply.text().contains("login"), "{}", reply.text());

    // Two windows ask for a login at once: that is one login.
    let button = format!("{}/_mcpo/login/vault", proxy.url());
    let (one, other) = (Browser::new(), Browser::new());
    let (one, other) = tokio::join!(one.open(&button), other.open(&button));
    assert!(one.expect("the consent page").text().contains("mcpo"));
    assert!(other.expect("the consent page").text().contains("mcpo"));
    assert_eq!(login_urls(&proxy, "vault").len(), 2);
    answer(&login_urls(&proxy, "vault")[1], "Deny").await;
    // Which is the same refusal as the first one, so it is not told aloud again.
    let failed = async || proxy.log().contains("the login did not succeed, as before").then_some(());
    proxy.eventually("the second login ends", failed).await;
    for _ in 0..20 {
        call_local(&proxy).await;
    }
    assert_eq!(login_urls(&proxy, "vault").len(), 2, "nobody asked for a third login");
    assert_eq!(home.opened().len(), 2);

    let consent = Browser::new();
    let consent_page = consent.open(&button).await.expect("the consent page");
    consent.press(&consent_page, "Allow").await.expect("the page after it");
    proxy.ready("/vault/openapi.json").await;
    assert_eq!(call(&proxy, "echo").await.status, 200);
}

/// Somebody else's answer is not taken, and does not end the login.
#[tokio::test]
async fn an_answer_with_another_state_changes_nothing() {
    let vault = Protected::start().await;
    let home = Home::with_config(&config(&entry(&vault)));
    let proxy = home.start().await;
    let url = login_url(&proxy, "vault", 0).await;
    let back = parameter(&url, "redirect_uri");
    for query in ["code=evil&state=evil", "code=evil", "error=access_denied&state=evil", ""] {
        let page = Browser::new().open(&format!("{back}?{query}")).await.expect("a page");
        assert_eq!(page.status, 404, "{query}");
    }
    approve(&url).await;
    proxy.ready("/vault/openapi.json").await;
    assert_eq!(vault.tokens("authorization_code"), 1, "no other code was sent");
}

/// A mixed-up authorization server: the answer names another issuer (RFC 9207).
#[tokio::test]
async fn an_answer_from_another_issuer_is_refused() {
    let peer = OAuthPeer::start(|script| {
        script.callback_patch = vec![("iss".into(), Some("https://evil.example".into()))];
    })
    .await;
    let home = Home::with_config(&scripted(&peer));
    let proxy = home.start().await;
    let page = Browser::new().open(&login_url(&proxy, "vault", 0).await).await.expect("the page after it");
    assert_eq!(page.status, 400, "{}", page.text());
    proxy.logged("the login did not succeed").await;
    assert_eq!(peer.count("/token"), 0, "the code is not redeemed");
    assert_eq!(status(&proxy).await, "login_needed");
}

/// Defect 24: mcpo's page shows what the server says as HTML.
#[tokio::test]
async fn d24_what_the_server_says_is_shown_as_text() {
    const EVIL: &str = "<script>alert(1)</script>";
    let peer = OAuthPeer::start(|script| {
        script.refuse_login = Some("access_denied".into());
        script.callback_patch = vec![("error_description".into(), Some(EVIL.into()))];
    })
    .await;
    let home = Home::with_config(&scripted(&peer));
    let proxy = home.start().await;
    let landed = Browser::new().open(&login_url(&proxy, "vault", 0).await).await.expect("the page after it");
    assert!(!landed.html().contains("<script"), "{}", landed.html());
    proxy.logged("the login did not succeed").await;
    let told = async || page(&proxy).await.contains("did not succeed").then_some(());
    proxy.eventually("the page tells that it failed", told).await;
    assert!(!page(&proxy).await.contains("<script"), "{}", page(&proxy).await);
}

#[tokio::test]
async fn an_authorization_server_without_pkce_is_refused() {
    let peer = OAuthPeer::start(|script| {
        script.metadata_patch = json!({ "code_challenge_methods_supported": null });
    })
    .await;
    let (_home, proxy) = fails(&peer, "PKCE with S256").await;
    assert!(page(&proxy).await.contains(&peer.issuer()), "the authorization server is named");
}

#[tokio::test]
async fn a_refused_registration_says_what_to_configure() {
    let peer = OAuthPeer::start(|script| {
        let refusal = json!({ "error": "invalid_client_metadata", "error_description": "no clients here" });
        script.reply("/register", Answer::json(400, &refusal));
    })
    .await;
    let (_home, proxy) = fails(&peer, "invalid_client_metadata").await;
    assert!(page(&proxy).await.contains("client_id"), "{}", page(&proxy).await);
    // The button tries again, and leads back to the page that tells why.
    let tried = peer.count("/register");
    let led = proxy.get("/_mcpo/login/vault").await;
    assert_eq!((led.status, led.header("location")), (303, "../../"), "{}", led.text());
    assert_eq!(peer.count("/register"), tried + 1);
    assert_eq!(proxy.log().matches("the login did not succeed:").count(), 1, "told once");
}

#[tokio::test]
async fn no_registration_at_all_says_what_to_configure() {
    let peer =
        OAuthPeer::start(|script| script.metadata_patch = json!({ "registration_endpoint": null })).await;
    let (_home, proxy) = fails(&peer, "client_id").await;
    assert!(page(&proxy).await.contains(&peer.issuer()), "the authorization server is named");
}

#[tokio::test]
async fn an_authorization_server_that_publishes_nothing_is_named() {
    let peer = OAuthPeer::start(|script| script.metadata_place = MetadataPlace::Nowhere).await;
    let (_home, proxy) = fails(&peer, "publishes no metadata").await;
    assert!(page(&proxy).await.contains(&peer.issuer()), "{}", page(&proxy).await);
}

/// It comes back, and nobody has to do anything for that.
#[tokio::test]
async fn an_authorization_server_that_is_down_is_tried_again() {
    let gone = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let issuer = format!("http://{}", gone.local_addr().expect("an address"));
    drop(gone);
    let named = issuer.clone();
    let peer = OAuthPeer::start(move |script| {
        script.resource_patch = json!({ "authorization_servers": [named] });
    })
    .await;
    let (_home, proxy) = fails(&peer, issuer.trim_start_matches("http://")).await;
    peer.change(|script| script.resource_patch = json!({}));
    let url = login_url(&proxy, "vault", 0).await;
    assert!(url.starts_with(&format!("{}/authorize", peer.issuer())), "{url}");
}
