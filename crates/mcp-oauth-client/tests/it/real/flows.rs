//! Whole flows: from the first refusal to the call, and on.

use http::{Request, StatusCode};
use http_body_util::Full;
use mcp_oauth_client::{ClientOrigin, FileStore, MemoryStore};
use mcp_oauth_core::{Challenges, RedirectUri};
use serde_json::json;
use testkit::browser::Browser;

use super::provider::Provider;

/// C1.2, C2.1, C6.1, C13.1: dynamic registration, login and a call, with tokens that the MCP server checks by itself, and
/// with tokens that it asks about.
#[tokio::test]
async fn c6_1_registration_login_and_call() {
    for format in ["jwt", "opaque"] {
        let Some(provider) = Provider::start(json!({ "format": format })).await else { return };
        let visitor = provider.visitor("/mcp");
        let grant = visitor.call("read").await;
        assert_eq!(grant.client().origin(), ClientOrigin::Dynamic);
        assert_eq!(grant.issuer().as_str(), provider.issuer());
        assert_eq!(grant.scopes().to_string(), "mcp:read");
        assert!(grant.is_refreshable() && grant.expires_at().is_some());
        assert_eq!(grant.access_token().expose().contains('.'), format == "jwt", "{format}");
        assert_eq!(visitor.recorder.count("/reg"), 1);
    }
}

/// C14.5, C14.7: each refresh token is used once, the next one in its stead; the token before stays good for nothing here.
#[tokio::test]
async fn c14_5_rotation() {
    let Some(provider) = Provider::start(json!({})).await else { return };
    let visitor = provider.visitor("/mcp");
    let mut tokens = vec![visitor.call("read").await.access_token().clone()];
    for _ in 0..5 {
        let grant = visitor.renew().await;
        assert!(!tokens.contains(grant.access_token()), "a new one");
        visitor.call("read").await;
        tokens.push(grant.access_token().clone());
    }
    let mut spent = visitor.recorder.values("refresh_token", "refresh_token");
    assert_eq!(spent.len(), 5);
    spent.sort();
    spent.dedup();
    assert_eq!(spent.len(), 5, "none was presented twice");
}

/// C14.7: two clients of one store, as two processes would be, renew at once: nobody presents a spent token, which would
/// end the login of both.
#[tokio::test]
async fn c14_7_two_clients_of_one_store() {
    let Some(provider) = Provider::start(json!({})).await else { return };
    let directory = tempfile::tempdir().unwrap();
    let visitor = || {
        let store = FileStore::open(directory.path()).unwrap();
        provider.visitor_with("/mcp", |builder| builder.store(store))
    };
    let (one, other) = (visitor(), visitor());
    one.call("read").await;
    other.call("read").await;
    for _ in 0..10 {
        let token = one.manager.access_token().await.unwrap();
        let (first, second) =
            tokio::join!(one.manager.recover(Some(&token)), other.manager.recover(Some(&token)));
        assert_eq!(first.unwrap(), second.unwrap());
    }
    let renewals = [&one, &other].map(|visitor| visitor.recorder.count("/token"));
    assert_eq!(renewals.iter().sum::<usize>(), 11, "one login and ten renewals: {renewals:?}");
    one.call("read").await;
    other.call("read").await;
}

/// C8.2, C12.1: a provider that gives nothing without `resource` gives us a token for it; the same authorization request
/// without it is refused.
#[tokio::test]
async fn c8_2_resource_indicators() {
    let Some(provider) = Provider::start(json!({ "format": "jwt" })).await else { return };
    let visitor = provider.visitor("/mcp");
    let grant = visitor.call("read").await;
    assert_eq!(grant.resource().as_str(), provider.url("/mcp"));
    let redirect = RedirectUri::loopback(3030);
    let session = visitor.manager.begin(&Challenges::default(), redirect.clone()).await.unwrap();
    let outcome = async |url: &str| {
        let page = Browser::new().stop_at(redirect.as_str()).open(url).await.unwrap();
        (page.query("error"), page.query("code").is_some())
    };
    let mut without = session.authorization_url().clone();
    let kept = without.query_pairs().into_owned().filter(|(name, _)| name != "resource").collect::<Vec<_>>();
    without.query_pairs_mut().clear().extend_pairs(kept);
    assert_eq!(outcome(without.as_str()).await, (Some("invalid_target".to_owned()), false));
    assert_eq!(outcome(session.authorization_url().as_str()).await, (None, true));
}

/// C13.3, C15.2: each MCP server has its own token, and takes no other's.
#[tokio::test]
async fn c13_3_a_token_for_each_resource() {
    for format in ["jwt", "opaque"] {
        let Some(provider) = Provider::start(json!({ "format": format })).await else { return };
        let store = MemoryStore::new();
        let visitor = |path: &str| provider.visitor_with(path, |builder| builder.store(store.clone()));
        let (mcp, other) = (visitor("/mcp"), visitor("/other"));
        let here = mcp.call("read").await;
        let there = other.call("read").await;
        assert_ne!(here.access_token(), there.access_token());
        assert_eq!(there.resource().as_str(), provider.url("/other"));
        mcp.call("read").await;
        let stray = Request::post(provider.url("/other"))
            .header("authorization", format!("Bearer {}", here.access_token().expose()))
            .body(Full::from("{}"))
            .unwrap();
        assert_eq!(super::provider::http().request(stray).await.unwrap().status(), StatusCode::UNAUTHORIZED);
    }
}
