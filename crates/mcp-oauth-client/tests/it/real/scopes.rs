//! Narrower and wider scopes.

use mcp_oauth_client::AuthorizationReason;
use mcp_oauth_core::ScopeSet;
use serde_json::json;

use super::provider::Provider;

/// C11.1, C11.2, C11.3: a call that needs more gets a login for the union; what worked before still does.
#[tokio::test]
async fn c11_2_step_up() {
    for format in ["jwt", "opaque"] {
        let Some(provider) = Provider::start(json!({ "format": format })).await else { return };
        let visitor = provider.visitor("/mcp");
        visitor.login_and_call("read").await;
        let required = visitor.required("write").await;
        assert_eq!(required.reason, AuthorizationReason::InsufficientScope);
        let union = ScopeSet::parse("mcp:read mcp:write").unwrap();
        assert!(required.scopes.covers(&union), "{}", required.scopes);
        let grant = visitor.authorize(&required.challenges).await.unwrap();
        assert!(grant.scopes().covers(&union), "{}", grant.scopes());
        for tool in ["write", "read"] {
            visitor.call(tool).await;
        }
        // C14.4: a refresh keeps them.
        visitor.renew().await;
        visitor.call("write").await;
    }
}

/// C9.6, C11.5: a person who grants less than was asked for: the grant says so, and the call says what it lacks.
#[tokio::test]
async fn c9_6_narrower_scopes() {
    let options = json!({ "challengeScope": "mcp:read mcp:write", "deny": ["mcp:write"] });
    let Some(provider) = Provider::start(options).await else { return };
    let visitor = provider.visitor("/mcp");
    let grant = visitor.login_and_call("read").await;
    assert_eq!(grant.scopes().to_string(), "mcp:read");
    assert!(grant.requested_scopes().contains("mcp:write"));
    assert_eq!(visitor.required("write").await.reason, AuthorizationReason::InsufficientScope);
    // They change their mind.
    provider.control(json!({ "deny": [] })).await;
    visitor.login_and_call("write").await;
}
