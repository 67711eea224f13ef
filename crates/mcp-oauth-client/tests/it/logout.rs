//! C15.5: logging out, here and at the authorization server (RFC 7009).

use std::sync::Arc;
use std::time::Duration;

use mcp_oauth_client::{Logout, Revocation, RevocationError};
use mcp_oauth_core::AccessToken;
use serde_json::json;
use testkit::oauth::{OAuthPeer, Reply, Script};
use tokio::sync::Semaphore;

use crate::support::{builder, login, manager, policy};

async fn logged_out(change: impl FnOnce(&mut Script)) -> (OAuthPeer, Logout, AccessToken) {
    let peer = OAuthPeer::start(|script| {
        script.revocation = true;
        change(script);
    })
    .await;
    let mut policy = policy();
    policy.limits.revocation_pause = Duration::from_millis(5);
    let manager = builder(&peer).policy(policy).build().unwrap();
    let token = login(&manager).await.unwrap().access_token().clone();
    let logout = manager.logout().await.unwrap();
    assert!(manager.grant().is_none() && manager.load().await.unwrap().is_none(), "forgotten in any case");
    (peer, logout, token)
}

/// C15.5: the refresh token, then the access token, each with its hint and the client's authentication.
#[tokio::test]
async fn c15_5_both_tokens() {
    for method in ["none", "client_secret_basic", "client_secret_post"] {
        let (peer, logout, token) = logged_out(|script| {
            script.metadata_patch = json!({ "token_endpoint_auth_methods_supported": [method] });
        })
        .await;
        assert!(matches!(logout.refresh_token, Revocation::Revoked), "{method}: {logout:?}");
        assert!(matches!(logout.access_token, Revocation::Revoked));
        let requests = peer.seen_at("/revoke");
        let hints: Vec<_> = requests.iter().filter_map(|seen| seen.parameter("token_type_hint")).collect();
        assert_eq!(hints, ["refresh_token", "access_token"]);
        assert_eq!(requests[1].parameter("token").as_deref(), Some(token.expose()));
    }
}

/// C15.5: no refresh token, no request for one; the server's endpoint is looked up by the issuer of the grant.
#[tokio::test]
async fn c15_5_only_an_access_token() {
    let (peer, logout, _) = logged_out(|script| script.refresh_tokens = false).await;
    assert!(matches!(logout.refresh_token, Revocation::NoToken));
    assert!(matches!(logout.access_token, Revocation::Revoked));
    assert_eq!(peer.count("/revoke"), 1);
}

/// A server without the endpoint, or that revokes no access tokens (RFC 7009 §2.2.1): no error.
#[tokio::test]
async fn c15_5_not_offered() {
    let (_, logout, _) = logged_out(|script| script.revocation = false).await;
    assert!(matches!(logout.refresh_token, Revocation::NotOffered));
    assert!(matches!(logout.access_token, Revocation::NotOffered));
    let (_, logout, _) = logged_out(|script| {
        script.intercept(|seen| {
            let access = seen.parameter("token_type_hint").as_deref() == Some("access_token");
            (seen.path == "/revoke" && access)
                .then(|| Reply::json(400, &json!({ "error": "unsupported_token_type" })))
        });
    })
    .await;
    assert!(matches!(logout.refresh_token, Revocation::Revoked));
    assert!(matches!(logout.access_token, Revocation::NotOffered));
}

/// C15.5: 503 is tried again, for a bounded time and number, whatever the server asks for.
#[tokio::test]
async fn c15_5_overloaded() {
    let busy = Reply::status(503).with_header("retry-after", "86400");
    let (peer, logout, _) = logged_out(|script| {
        let answered = std::sync::atomic::AtomicUsize::new(0);
        let busy = busy.clone();
        script.intercept(move |seen| {
            let is_first = || answered.fetch_add(1, std::sync::atomic::Ordering::SeqCst) == 0;
            (seen.path == "/revoke" && is_first()).then(|| busy.clone())
        });
    })
    .await;
    assert!(matches!(logout.refresh_token, Revocation::Revoked), "{logout:?}");
    assert_eq!(peer.count("/revoke"), 3);
    let (peer, logout, _) = logged_out(|script| {
        script.reply("/revoke", busy);
    })
    .await;
    assert!(matches!(logout.refresh_token, Revocation::Failed(RevocationError::Endpoint(_))), "{logout:?}");
    assert_eq!(peer.count("/revoke"), 6);
}

/// C15.5: a server that is down does not keep anybody logged in here.
#[tokio::test]
async fn c15_5_a_server_that_is_down() {
    let peer = OAuthPeer::start(|script| script.revocation = true).await;
    let manager = manager(&peer);
    login(&manager).await.unwrap();
    peer.change(|script| {
        script.reply("/.well-known/oauth-authorization-server", Reply::status(503));
    });
    let logout = manager.logout().await.unwrap();
    assert!(matches!(logout.access_token, Revocation::Failed(RevocationError::Discovery(_))), "{logout:?}");
    assert!(manager.load().await.unwrap().is_none());
    let nothing = manager.logout().await.unwrap();
    assert!(matches!(nothing.access_token, Revocation::NoToken), "nobody is logged in any more");
}

/// C12.5, C15.4: the endpoint is held to the same rules as any other: no redirects, no strange addresses, and no token in
/// an error.
#[tokio::test]
async fn c15_5_strange_endpoints() {
    let (peer, logout, token) = logged_out(|script| {
        script.reply("/revoke", Reply::redirect(307, "/stolen"));
    })
    .await;
    assert!(matches!(logout.refresh_token, Revocation::Failed(_)));
    assert_eq!(peer.count("/stolen"), 0);
    assert!(!format!("{logout:?}").contains(token.expose()));
    let (_, logout, _) = logged_out(|script| {
        script.metadata_patch = json!({ "revocation_endpoint": "http://evil.test/revoke" });
    })
    .await;
    assert!(matches!(logout.access_token, Revocation::Failed(RevocationError::Discovery(_))), "{logout:?}");
}

/// A renewal that is under way at a logout ends nobody's logout: what it got is revoked when it finds nobody logged in.
#[tokio::test]
async fn c15_5_what_a_late_renewal_got_is_revoked() {
    let peer = OAuthPeer::start(|_| {}).await;
    let manager = manager(&peer);
    let rejected = login(&manager).await.unwrap().access_token().clone();
    let gate = Arc::new(Semaphore::new(0));
    peer.clear();
    peer.change(|script| script.hold("/token", &gate));
    let renewal = tokio::spawn({
        let manager = manager.clone();
        async move { manager.recover(Some(&rejected)).await }
    });
    while peer.count("/token") == 0 {
        tokio::task::yield_now().await;
    }
    assert!(matches!(manager.logout().await.unwrap().access_token, Revocation::NotOffered));
    peer.change(|script| script.revocation = true);
    gate.add_permits(1);
    assert!(renewal.await.unwrap().unwrap_err().needs_authorization());
    assert_eq!(peer.count("/revoke"), 2);
    assert!(manager.load().await.unwrap().is_none());
}
