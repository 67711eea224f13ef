use serde_json::json;

use super::script::merge;
use super::*;
use crate::browser::Browser;

#[tokio::test]
async fn the_resource_points_to_its_metadata_and_that_to_the_authority() {
    let peer = OAuthPeer::start(|script| script.challenge_scope = Some("a b".into())).await;
    let browser = Browser::new();
    let refused = browser.open(&peer.mcp_url()).await.unwrap();
    assert_eq!(refused.status, 401);
    let metadata = format!("{}/.well-known/oauth-protected-resource/mcp", peer.resource_origin());
    let challenge = format!("Bearer scope=\"a b\", resource_metadata=\"{metadata}\"");
    assert_eq!(refused.header("www-authenticate"), Some(challenge.as_str()));
    let document = browser.open(&metadata).await.unwrap().json().unwrap();
    assert_eq!(document["authorization_servers"], json!([peer.issuer()]));
    assert_eq!(peer.paths(), ["/mcp", "/.well-known/oauth-protected-resource/mcp"]);
}

#[tokio::test]
async fn interceptors_and_patches_change_the_answers() {
    let peer = OAuthPeer::start(|script| {
        script.metadata_patch = json!({ "issuer": "https://evil.test", "token_endpoint": null });
        script.reply("/mcp", Reply::json(500, &json!("down")));
    })
    .await;
    let browser = Browser::new();
    assert_eq!(browser.open(&peer.mcp_url()).await.unwrap().status, 500);
    let place = format!("{}/.well-known/oauth-authorization-server", peer.issuer());
    let document = browser.open(&place).await.unwrap().json().unwrap();
    assert_eq!(document["issuer"], "https://evil.test");
    assert!(document.get("token_endpoint").is_none());
}

#[test]
fn merge_patch() {
    let mut target = json!({ "a": { "b": 1, "c": 2 }, "d": [1] });
    merge(&mut target, &json!({ "a": { "b": null }, "d": [2], "e": "f" }));
    assert_eq!(target, json!({ "a": { "c": 2 }, "d": [2], "e": "f" }));
}
