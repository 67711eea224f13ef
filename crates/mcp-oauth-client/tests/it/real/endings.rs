//! Logins and registrations that we end ourselves, and what the provider makes of it.

use http::{Request, StatusCode};
use http_body_util::Full;
use mcp_oauth_client::Revocation;
use serde_json::json;

use super::provider::{Provider, error_code, http};

/// C15.5: after a logout neither token is good for anything, to whoever has a copy.
#[tokio::test]
async fn c15_5_logout_revokes() {
    let Some(provider) = Provider::start(json!({})).await else { return };
    let visitor = provider.visitor("/mcp");
    visitor.call("read").await;
    let grant = visitor.renew().await;
    let logout = visitor.manager.logout().await.unwrap();
    assert!(matches!(logout.refresh_token, Revocation::Revoked), "{logout:?}");
    assert!(matches!(logout.access_token, Revocation::Revoked), "{logout:?}");
    let copy = Request::post(provider.url("/mcp"))
        .header("authorization", format!("Bearer {}", grant.access_token().expose()))
        .body(Full::from("{}"))
        .unwrap();
    assert_eq!(http().request(copy).await.unwrap().status(), StatusCode::UNAUTHORIZED);
    let revoked = visitor.recorder.values_of("/token/revocation", "token").remove(0);
    let spent = visitor.recorder.values("refresh_token", "refresh_token").remove(0);
    let refused = visitor
        .recorder
        .replay_changed("refresh_token", &spent, |form| {
            form.into_iter()
                .map(
                    |(name, value)| {
                        if name == "refresh_token" { (name, revoked.clone()) } else { (name, value) }
                    },
                )
                .collect()
        })
        .await;
    assert_eq!(error_code(&refused), "invalid_grant");
    visitor.call("read").await;
    assert_eq!(visitor.logins(), 2);
}

/// C15.5: a provider that cannot revoke access tokens that are JWTs says so; the refresh token is revoked all the same.
#[tokio::test]
async fn c15_5_logout_with_jwts() {
    let Some(provider) = Provider::start(json!({ "format": "jwt" })).await else { return };
    let visitor = provider.visitor("/mcp");
    visitor.call("read").await;
    let logout = visitor.manager.logout().await.unwrap();
    assert!(matches!(logout.refresh_token, Revocation::Revoked), "{logout:?}");
    assert!(matches!(logout.access_token, Revocation::NotOffered), "{logout:?}");
}

/// RFC 7592: our registration is read and changed; after its end the provider does not know us, and a call registers anew.
#[tokio::test]
async fn c6_10_registration_management() {
    let Some(provider) = Provider::start(json!({})).await else { return };
    let visitor = provider.visitor("/mcp");
    let grant = visitor.call("read").await;
    let mut registration = visitor.manager.client_registration().await.unwrap().expect("a registration");
    let read = registration.read().await.unwrap();
    assert_eq!(&read.client_id, grant.client().client_id());
    let mut changed = read.metadata.clone();
    changed.client_name = Some("another name".into());
    let updated = registration.update(&changed).await.unwrap();
    assert_eq!(updated.metadata.client_name.as_deref(), Some("another name"));
    visitor.renew().await;
    visitor.call("read").await;
    visitor.manager.forget().await.unwrap();
    let again = visitor.call("read").await;
    assert_ne!(again.client().client_id(), grant.client().client_id());
}
