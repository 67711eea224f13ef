//! Tokens that are bound to a key (RFC 9449), with nonces of the provider and of the MCP server.

use std::collections::HashSet;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{Request, StatusCode};
use http_body_util::Full;
use mcp_oauth_client::FileStore;
use serde_json::{Value, json};

use super::provider::{Provider, Visitor, error_code, http};

/// Header and claims of the proofs that went to the token endpoint.
fn proofs(visitor: &Visitor) -> Vec<(Value, Value)> {
    let part = |text: &str| serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).unwrap()).unwrap();
    let proofs = visitor.recorder.headers("/token", "dpop");
    let parts = proofs.iter().map(|proof| {
        let mut parts = proof.split('.');
        (part(parts.next().unwrap()), part(parts.next().unwrap()))
    });
    parts.collect()
}

/// C17.10 to C17.12, C1.8, C14.9: login, calls, step-up and refresh with bound tokens: the first 401 has no Bearer
/// challenge at all, both servers want nonces, and each proof is made once.
#[tokio::test]
async fn c17_12_bound_tokens_with_nonces() {
    for format in ["jwt", "opaque"] {
        let Some(provider) = Provider::start(json!({ "format": format, "dpop": true })).await else { return };
        let visitor = provider.visitor("/mcp");
        visitor.call("read").await;
        visitor.call("read").await;
        visitor.call("write").await;
        visitor.renew().await;
        visitor.call("write").await;
        assert_eq!(visitor.logins(), 2, "{format}");
        let proofs = proofs(&visitor);
        let ids: HashSet<_> = proofs.iter().map(|(_, claims)| claims["jti"].to_string()).collect();
        assert_eq!(ids.len(), proofs.len(), "{format}: each is new");
        assert_eq!(visitor.recorder.count("/token"), proofs.len(), "{format}: with each request");
        assert!(proofs.iter().filter(|(_, claims)| claims.get("nonce").is_none()).count() <= 1, "C17.12");
    }
}

/// C14.9, C15.2: the key comes back from the store with the grant, and renews it.
#[tokio::test]
async fn c14_9_the_key_is_kept_with_the_grant() {
    let Some(provider) = Provider::start(json!({ "dpop": true })).await else { return };
    let directory = tempfile::tempdir().unwrap();
    let visitor = || {
        let store = FileStore::open(directory.path()).unwrap();
        provider.visitor_with("/mcp", |builder| builder.store(store))
    };
    let first = visitor();
    first.call("read").await;
    let key = proofs(&first)[0].0["jwk"].clone();
    assert_eq!(key.get("d"), None, "C17.14: the public half");
    let second = visitor();
    second.call("read").await;
    second.renew().await;
    second.call("read").await;
    assert_eq!(second.logins(), 0);
    assert!(proofs(&second).iter().all(|(header, _)| header["jwk"] == key));
}

/// C17.13: a bound token that is stolen, with or without an old proof, opens nothing, and a bound refresh token neither.
#[tokio::test]
async fn c17_13_stolen_tokens_are_of_no_use() {
    let Some(provider) = Provider::start(json!({ "dpop": true })).await else { return };
    let visitor = provider.visitor("/mcp");
    visitor.call("read").await;
    let grant = visitor.renew().await;
    let token = grant.access_token().expose();
    let proof = visitor.recorder.headers("/token", "dpop").remove(0);
    for (scheme, proof) in [("Bearer", None), ("DPoP", None), ("DPoP", Some(proof))] {
        let mut request =
            Request::post(provider.url("/mcp")).header("authorization", format!("{scheme} {token}"));
        if let Some(proof) = proof {
            request = request.header("dpop", proof);
        }
        let refused = http().request(request.body(Full::from("{}")).unwrap()).await.unwrap();
        assert_eq!(refused.status(), StatusCode::UNAUTHORIZED, "{scheme}");
    }
    // The request that a thief saw, once more: its proof is spent.
    let spent = visitor.recorder.values("refresh_token", "refresh_token").remove(0);
    let refused = visitor.recorder.replay("refresh_token", &spent).await;
    assert!(refused.status().is_client_error(), "{}", error_code(&refused));
    visitor.call("read").await;
}
