//! Other ways to ask: pushed requests, keys, no person at all.

use mcp_oauth_client::{ClientKey, GrantKind, PreregisteredClient, PrivateKey};
use mcp_oauth_core::{ClientId, ClientSecret, SigningAlgorithm};
use serde_json::{Value, json};
use testkit::oauth::TestKey;

use super::provider::Provider;

const ID: &str = "machine!+ID %:&=";
const SECRET: &str = "s3cr3t: +%&=/?";

/// RFC 9126: a provider that takes pushed requests only; the step-up is pushed, too.
#[tokio::test]
async fn pushed_requests() {
    let Some(provider) = Provider::start(json!({ "par": true })).await else { return };
    let visitor = provider.visitor("/mcp");
    visitor.call("read").await;
    visitor.call("write").await;
    assert_eq!((visitor.recorder.count("/request"), visitor.logins()), (2, 2));
    visitor.renew().await;
    visitor.call("write").await;
}

fn client(method: &str, grants: &[&str], more: &Value) -> Value {
    let mut client = json!({
        "client_id": ID,
        "token_endpoint_auth_method": method,
        "application_type": "native",
        "grant_types": grants,
        "response_types": if grants.contains(&"authorization_code") { json!(["code"]) } else { json!([]) },
        "redirect_uris": if grants.contains(&"authorization_code") { json!(["http://127.0.0.1/callback"]) } else { json!([]) },
    });
    client.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    client
}

fn known() -> PreregisteredClient {
    PreregisteredClient::new(ClientId::parse(ID).unwrap())
}

/// C12.3, C17.2: a client that authenticates by its key, for codes, refresh tokens and pushed requests.
#[tokio::test]
async fn c17_2_private_key_jwt() {
    for algorithm in [SigningAlgorithm::Es256, SigningAlgorithm::EdDsa] {
        let key = TestKey::generate(algorithm.as_str());
        let more = json!({ "pem": key.pem(), "token_endpoint_auth_signing_alg": algorithm.as_str() });
        let client = client("private_key_jwt", &["authorization_code", "refresh_token"], &more);
        let Some(provider) = Provider::start(json!({ "clients": [client], "par": true })).await else {
            return;
        };
        let signer = PrivateKey::from_pem(key.pem().as_bytes(), algorithm).unwrap();
        let visitor = provider
            .visitor_with("/mcp", |builder| builder.preregistered(known().with_key(ClientKey::new(signer))));
        visitor.call("read").await;
        visitor.renew().await;
        visitor.call("read").await;
    }
}

/// C17.1, C17.4: client credentials, by secret and by key; asked for again when the MCP server refuses the token.
#[tokio::test]
async fn c17_1_client_credentials() {
    let key = TestKey::generate("ES256");
    for (method, more) in [
        ("client_secret_basic", json!({ "client_secret": SECRET })),
        ("client_secret_post", json!({ "client_secret": SECRET })),
        ("private_key_jwt", json!({ "pem": key.pem() })),
    ] {
        let client = client(method, &["client_credentials"], &more);
        let Some(provider) = Provider::start(json!({ "clients": [client] })).await else { return };
        let client = if method == "private_key_jwt" {
            let signer = PrivateKey::from_pem(key.pem().as_bytes(), SigningAlgorithm::Es256).unwrap();
            known().with_key(ClientKey::new(signer))
        } else {
            known().with_secret(ClientSecret::parse(SECRET).unwrap()).with_auth_method(method.into())
        };
        let visitor =
            provider.visitor_with("/mcp", |builder| builder.preregistered(client).client_credentials());
        let grant = visitor.call_as("read", ID).await;
        assert_eq!(grant.kind(), GrantKind::ClientCredentials, "{method}");
        let renewed = visitor.renew().await;
        assert_ne!(renewed.access_token(), grant.access_token());
        visitor.call_as("read", ID).await;
        assert_eq!(visitor.recorder.count("/reg"), 0, "C6.14");
    }
}
