//! Logins on another device (RFC 8628).

use std::time::Duration;

use mcp_oauth_client::DeviceLogin;
use serde_json::json;
use testkit::browser::Browser;

use super::provider::Provider;
use crate::support::policy;

/// The client registers itself, the code is shown, the person types it in elsewhere and consents, and the grant is renewed without them.
#[tokio::test]
async fn login_on_another_device() {
    let Some(provider) = Provider::start(json!({})).await else { return };
    let mut policy = policy();
    policy.limits.device_interval = Duration::from_millis(100);
    let visitor = provider.visitor_with("/mcp", |builder| builder.policy(policy));
    let login = DeviceLogin::announced(|prompt| {
        let (url, code) = (prompt.verification_uri.clone(), prompt.user_code.clone());
        tokio::spawn(async move {
            let browser = Browser::new();
            let asks = browser.open(url.as_str()).await.unwrap();
            let mut forms = asks.forms();
            forms[0].fill("user_code", &code);
            let confirms = browser.press_in(&asks, &forms, "Continue").await.unwrap();
            let done = browser.press(&confirms, "Continue").await.unwrap();
            assert!(done.status.is_success(), "{}", done.text());
        });
    });
    let required = visitor.required("read").await;
    let grant = visitor.manager.authorize(&login, &required.challenges);
    let grant = tokio::time::timeout(Duration::from_secs(20), grant).await.expect("a login").unwrap();
    assert!(grant.is_refreshable());
    visitor.call("read").await;
    visitor.renew().await;
    visitor.call("read").await;
}
