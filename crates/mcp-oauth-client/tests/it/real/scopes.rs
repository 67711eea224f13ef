//! Narrower and wider scopes.

use mcp_oauth_client::{AuthorizationReason, LoginObstacle};
use mcp_oauth_core::ScopeSet;
use serde_json::json;

use super::provider::Provider;

/// C11.1, C11.2, C11.3: a call that needs more gets a login for the union; what worked before still does.
#[tokio::test]
async fn c11_2_step_up() {
    for format in ["jwt", "opaque"] {
        let Some(provider) = Provider::start(json!({ "format": format })).await else { return };
        let visitor = provider.visitor("/mcp");
        visitor.call("read").await;
        let required = visitor.required("write").await;
        assert_eq!(required.reason, AuthorizationReason::InsufficientScope);
        let union = ScopeSet::parse("mcp:read mcp:write").unwrap();
        assert!(required.scopes.covers(&union), "{}", required.scopes);
        let grant = visitor.call("write").await;
        assert!(grant.scopes().covers(&union), "{}", grant.scopes());
        visitor.call("read").await;
        assert_eq!(visitor.logins(), 2);
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
    let grant = visitor.call("read").await;
    assert_eq!(grant.scopes().to_string(), "mcp:read");
    assert!(grant.requested_scopes().contains("mcp:write"));
    let refused = visitor.refused("write").await;
    assert_eq!(refused.reason, AuthorizationReason::InsufficientScope);
    assert!(matches!(refused.obstacle, Some(LoginObstacle::OfNoUse)), "{:?}", refused.obstacle);
    // Nobody is asked for the same again in a hurry.
    let logins = visitor.logins();
    assert!(logins <= 2, "{logins}");
    let refused = visitor.refused("write").await;
    assert!(matches!(refused.obstacle, Some(LoginObstacle::RefusedLately { .. })), "{:?}", refused.obstacle);
    assert_eq!(visitor.logins(), logins);
    visitor.call("read").await;
}
