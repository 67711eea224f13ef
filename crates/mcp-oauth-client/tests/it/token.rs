//! C12: the token request and its answer.

use mcp_oauth_client::{Error, TokenError};
use mcp_oauth_core::{OAuthErrorCode, ScopeSet};
use serde_json::json;
use testkit::oauth::{OAuthPeer, Reply};

use crate::support::{login, manager, only};

async fn refused(reply: Reply) -> TokenError {
    let peer = OAuthPeer::start(|script| {
        script.reply("/token", reply);
    })
    .await;
    match login(&manager(&peer)).await.unwrap_err() {
        Error::Token(error) => error,
        other => panic!("{other:?}"),
    }
}

/// C12.1, C12.2, C4.1, C4.6: what a token request carries, each once, and new verifiers every time.
#[tokio::test]
async fn c12_2_token_request() {
    let peer = OAuthPeer::start(|_| {}).await;
    let manager = manager(&peer);
    login(&manager).await.unwrap();
    login(&manager).await.unwrap();
    let requests = peer.seen_at("/token");
    for request in &requests {
        for name in ["grant_type", "code", "redirect_uri", "code_verifier", "resource", "client_id"] {
            assert!(request.parameter(name).is_some(), "{name}");
        }
        assert!(request.query.is_empty(), "C13.2: nothing in the address");
        assert_eq!(request.header("content-type"), Some("application/x-www-form-urlencoded"));
        assert_eq!(request.header("accept"), Some("application/json"));
    }
    assert_ne!(requests[0].parameter("code_verifier"), requests[1].parameter("code_verifier"));
}

/// C12.3, C12.4: each method against a server that takes that one only. Ids and secrets hold characters that must be
/// form-encoded before base64.
#[tokio::test]
async fn c12_4_client_authentication() {
    for method in ["none", "client_secret_basic", "client_secret_post"] {
        let peer = OAuthPeer::start(|script| {
            script.metadata_patch = json!({ "token_endpoint_auth_methods_supported": [method] });
        })
        .await;
        let manager = manager(&peer);
        let grant = login(&manager).await.unwrap();
        manager.recover(Some(grant.access_token())).await.unwrap();
        let requests = peer.seen_at("/token");
        assert_eq!(requests.len(), 2);
        for request in requests {
            let basic = request.header("authorization").is_some_and(|value| value.starts_with("Basic "));
            let post = request.parameter("client_secret").is_some();
            assert_eq!(
                (basic, post),
                (method == "client_secret_basic", method == "client_secret_post"),
                "one method"
            );
        }
    }
}

/// C12.5: a redirect from the token endpoint is not followed.
#[tokio::test]
async fn c12_5_no_redirects() {
    for status in [301, 302, 303, 307, 308] {
        let peer = OAuthPeer::start(|script| {
            script.reply("/token", Reply::redirect(status, "/stolen"));
        })
        .await;
        let error = login(&manager(&peer)).await.unwrap_err();
        assert!(matches!(error, Error::Token(TokenError::Unexpected { .. })), "{status}");
        assert_eq!(peer.count("/stolen"), 0);
    }
}

/// C12.6: no token of an unknown type, no answer without its members.
#[tokio::test]
async fn c12_6_answers() {
    let answer = |patch: serde_json::Value| {
        let mut answer = json!({ "access_token": "a", "token_type": "Bearer" });
        answer.as_object_mut().unwrap().extend(patch.as_object().unwrap().clone());
        Reply::json(200, &answer)
    };
    assert!(matches!(refused(answer(json!({ "token_type": "N_A" }))).await, TokenError::TokenType(_)));
    assert!(matches!(refused(answer(json!({ "token_type": "DPoP" }))).await, TokenError::TokenType(_)));
    for broken in
        [json!({ "access_token": null }), json!({ "token_type": 5 }), json!({ "expires_in": "soon" })]
    {
        assert!(matches!(refused(answer(broken)).await, TokenError::Malformed));
    }
    assert!(matches!(refused(Reply::status(200).with_body("text/html", "<p>")).await, TokenError::Malformed));
}

/// C12.7: the lifetime as a text.
#[tokio::test]
async fn c12_7_expires_in_as_text() {
    let peer = OAuthPeer::start(|script| script.token_patch = json!({ "expires_in": "3600" })).await;
    assert!(login(&manager(&peer)).await.unwrap().expires_at().is_some());
}

/// C12.8: error codes with what the server says about them, also in a 200.
#[tokio::test]
async fn c12_8_errors() {
    for (status, code) in [
        (400, OAuthErrorCode::InvalidGrant),
        (401, OAuthErrorCode::InvalidClient),
        (400, OAuthErrorCode::InvalidTarget),
        (400, OAuthErrorCode::InvalidScope),
        (400, OAuthErrorCode::UnauthorizedClient),
        (400, OAuthErrorCode::UnsupportedGrantType),
        (200, OAuthErrorCode::InvalidRequest),
    ] {
        let body = json!({ "error": code, "error_description": "why", "error_uri": "https://as.test/e" });
        let error = refused(Reply::json(status, &body)).await;
        assert_eq!(error.code(), Some(&code));
        assert!(!error.is_retryable());
        let TokenError::Refused(refusal) = error else { panic!("a refusal") };
        assert_eq!((refusal.description(), refusal.uri()), (Some("why"), Some("https://as.test/e")));
    }
    assert!(refused(Reply::status(503)).await.is_retryable());
    assert!(refused(Reply::json(400, &json!({ "error": "temporarily_unavailable" }))).await.is_retryable());
}

/// C9.6: the answer states what was granted.
#[tokio::test]
async fn c9_6_granted_scope() {
    let peer = OAuthPeer::start(|script| {
        script.resource_patch = json!({ "scopes_supported": ["a", "b"] });
        script.token_patch = json!({ "scope": "a" });
    })
    .await;
    let grant = login(&manager(&peer)).await.unwrap();
    assert_eq!(grant.scopes(), &ScopeSet::parse("a").unwrap());
    assert_eq!(grant.requested_scopes(), &ScopeSet::parse("a b").unwrap());
    assert_eq!(only(&peer, "/authorize").parameter("scope").as_deref(), Some("a b"));
}

/// C12.8: a 401 without a body says that the client was not authenticated where it challenges for the scheme that the client
/// used (RFC 6749 §5.2). Any other says nothing about the client: a gateway, or a server that wants a nonce.
#[tokio::test]
async fn c12_8_a_401_without_a_body() {
    for (method, challenge, counts) in [
        ("client_secret_basic", Some("Basic realm=\"as\""), true),
        ("client_secret_basic", Some("Negotiate YWJj, basic realm=x"), true),
        ("client_secret_basic", Some("Bearer realm=\"Basic\""), false),
        ("client_secret_basic", Some("DPoP error=\"use_dpop_nonce\""), false),
        ("client_secret_basic", None, false),
        ("client_secret_post", Some("Basic realm=\"as\""), false),
        ("none", Some("Basic realm=\"as\""), false),
    ] {
        let peer = OAuthPeer::start(|script| {
            script.metadata_patch = json!({ "token_endpoint_auth_methods_supported": [method] });
            let reply = Reply::status(401);
            let reply =
                challenge.iter().fold(reply, |reply, line| reply.with_header("www-authenticate", line));
            script.reply("/token", reply);
        })
        .await;
        let Err(Error::Token(error)) = login(&manager(&peer)).await else { panic!("a token error") };
        let counted = error.code() == Some(&OAuthErrorCode::InvalidClient);
        assert_eq!(counted, counts, "{method}, {challenge:?}: {error:?}");
        assert_eq!(matches!(error, TokenError::Unexpected { .. }), !counts);
        assert!(!error.is_retryable());
    }
}
