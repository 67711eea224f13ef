//! Who our client is at oidc-provider.

use mcp_oauth_client::{ClientOrigin, PreregisteredClient};
use mcp_oauth_core::{ClientId, ClientSecret, TokenEndpointAuthMethod};
use serde_json::json;

use super::provider::Provider;

/// Characters that tell apart who form-encodes id and secret before base64 (RFC 6749 §2.3.1), and how.
const ID: &str = "client!+ID %:&=";
const SECRET: &str = "s3cr3t: +%&=/?\"'~*";

fn client(method: &str) -> serde_json::Value {
    json!({
        "client_id": ID,
        "client_secret": SECRET,
        "token_endpoint_auth_method": method,
        "application_type": "native",
        "grant_types": ["authorization_code", "refresh_token"],
        "redirect_uris": ["http://127.0.0.1/callback"],
    })
}

/// C6.2, C12.3, C12.4: a client that was registered by hand, with odd characters in id and secret, by either method.
#[tokio::test]
async fn c12_4_preregistered_clients() {
    for method in ["client_secret_basic", "client_secret_post"] {
        let options =
            json!({ "clients": [client(method)], "methods": ["client_secret_basic", "client_secret_post"] });
        let Some(provider) = Provider::start(options).await else { return };
        let known = PreregisteredClient::new(ClientId::parse(ID).unwrap())
            .with_secret(ClientSecret::parse(SECRET).unwrap())
            .with_auth_method(TokenEndpointAuthMethod::from(method));
        let visitor = provider.visitor_with("/mcp", |builder| builder.preregistered(known));
        let grant = visitor.call("read").await;
        assert_eq!(grant.client().origin(), ClientOrigin::Preregistered);
        visitor.renew().await;
        visitor.call("read").await;
        assert_eq!(visitor.recorder.count("/reg"), 0);
        let posted = visitor.recorder.values("refresh_token", "client_secret");
        assert_eq!(posted.len(), usize::from(method == "client_secret_post"), "{method}");
    }
}

/// C6.1, C6.3: the address of a client id metadata document is the client's id.
#[tokio::test]
async fn c6_3_metadata_document() {
    let address = "https://client.test/app.json";
    let document = json!({
        "client_id": address,
        "client_name": "a test",
        "application_type": "native",
        "grant_types": ["authorization_code", "refresh_token"],
        "redirect_uris": ["http://127.0.0.1/callback"],
        "token_endpoint_auth_method": "none",
    });
    let Some(provider) = Provider::start(json!({ "documents": { address: document } })).await else { return };
    let visitor = provider.visitor_with("/mcp", |builder| builder.client_id_metadata_document(address));
    let grant = visitor.call("read").await;
    assert_eq!(grant.client().origin(), ClientOrigin::MetadataDocument);
    assert_eq!(grant.client().client_id().as_str(), address);
    visitor.renew().await;
    assert_eq!(visitor.recorder.count("/reg"), 0);
}

/// C12.9: a provider that forgot our registration gets a new one with the next login, once.
#[tokio::test]
async fn c12_9_forgotten_registration() {
    let Some(provider) = Provider::start(json!({})).await else { return };
    let visitor = provider.visitor("/mcp");
    let grant = visitor.call("read").await;
    provider.control(json!({ "forget": grant.client().client_id() })).await;
    let refused = visitor.manager.recover(Some(grant.access_token())).await.unwrap_err();
    assert!(refused.needs_authorization(), "{refused:?}");
    let again = visitor.call("read").await;
    assert_ne!(again.client().client_id(), grant.client().client_id());
    assert_eq!(visitor.recorder.count("/reg"), 2);
}
