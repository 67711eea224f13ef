//! What a thief can do with a stolen code or refresh token, and what becomes of the login.

use http::StatusCode;
use serde_json::json;

use super::provider::{Provider, Visitor, error_code};

/// After the provider ended the family of a grant: the next call finds out, and a new login works.
async fn is_over_and_begins_anew(visitor: &Visitor) {
    visitor.required("read").await;
    assert!(visitor.manager.grant().is_none(), "C14.6: the grant that ended is dropped");
    visitor.call("read").await;
    visitor.renew().await;
    visitor.call("read").await;
    assert_eq!(visitor.logins(), 2);
}

/// C14.6, RFC 6749 §4.1.2: a code that is redeemed twice, be it by whom it may, ends what came from it.
#[tokio::test]
async fn c14_6_replayed_code() {
    let Some(provider) = Provider::start(json!({})).await else { return };
    let visitor = provider.visitor("/mcp");
    visitor.call("read").await;
    let code = visitor.recorder.values("authorization_code", "code").remove(0);
    let refused = visitor.recorder.replay("code", &code).await;
    assert_eq!((refused.status(), error_code(&refused).as_str()), (StatusCode::BAD_REQUEST, "invalid_grant"));
    is_over_and_begins_anew(&visitor).await;
}

/// C4.2: without the verifier a stolen code is worth nothing, and harms nobody.
#[tokio::test]
async fn c4_2_stolen_code_without_its_verifier() {
    let Some(provider) = Provider::start(json!({})).await else { return };
    let visitor = provider.visitor("/mcp");
    visitor.call("read").await;
    let code = visitor.recorder.values("authorization_code", "code").remove(0);
    let guess = |form: Vec<(String, String)>| {
        let other = "x".repeat(43);
        form.into_iter()
            .map(|(name, value)| if name == "code_verifier" { (name, other.clone()) } else { (name, value) })
            .collect()
    };
    let refused = visitor.recorder.replay_changed("code", &code, guess).await;
    assert_eq!(error_code(&refused), "invalid_grant");
    visitor.call("read").await;
}

/// C14.6, C14.7: a refresh token that somebody uses a second time ends the whole family (RFC 9700 §4.14.2).
#[tokio::test]
async fn c14_7_reused_refresh_token() {
    let Some(provider) = Provider::start(json!({})).await else { return };
    let visitor = provider.visitor("/mcp");
    visitor.call("read").await;
    visitor.renew().await;
    visitor.call("read").await;
    let spent = visitor.recorder.values("refresh_token", "refresh_token").remove(0);
    let refused = visitor.recorder.replay("refresh_token", &spent).await;
    assert_eq!((refused.status(), error_code(&refused).as_str()), (StatusCode::BAD_REQUEST, "invalid_grant"));
    is_over_and_begins_anew(&visitor).await;
}
