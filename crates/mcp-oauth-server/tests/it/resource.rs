//! R1 to R9: the bearer token check.

use std::time::Duration;

use http::Method;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use mcp_oauth_server::mcp_oauth_core::{OAuthErrorCode, ResourceUri};
use mcp_oauth_server::{Consent, SigningKey};
use serde_json::{Value, json};

use crate::support::{World, scopes};

const NOW: u64 = 1_767_225_600;

/// A world whose signing key the test has too.
async fn with_key() -> (World, SigningKey) {
    let key = SigningKey::generate();
    let signing = key.clone();
    (World::with(|builder| builder.consent(Consent::AutoApprove).signing_key(signing)).await, key)
}

/// The claims of a real token.
async fn claims(world: &World) -> Value {
    use base64::Engine as _;
    let tokens = world.tokens().await;
    let payload = tokens["access_token"].as_str().unwrap().split('.').nth(1).unwrap().to_owned();
    serde_json::from_slice(&base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(payload).unwrap())
        .unwrap()
}

fn sign(key: &SigningKey, claims: &Value) -> String {
    sign_with(key, claims, |header| header)
}

fn sign_with(key: &SigningKey, claims: &Value, change: impl FnOnce(Header) -> Header) -> String {
    let mut header = Header::new(Algorithm::ES256);
    header.typ = Some("at+jwt".to_owned());
    header.kid = Some(key.id().to_owned());
    jsonwebtoken::encode(&change(header), claims, &EncodingKey::from_ec_der(&key.to_pkcs8_der())).unwrap()
}

/// R2, R3: without a token there is a challenge, and no error in it.
#[tokio::test]
async fn r2_the_first_challenge() {
    let world = World::start().await;
    let answer = world.mcp(None, &json!({"method": "initialize"})).await;
    assert_eq!((answer.status.as_u16(), answer.header("cache-control")), (401, "no-store"));
    let challenge = answer.challenge();
    assert_eq!(
        challenge.resource_metadata.as_deref(),
        Some(format!("{}/.well-known/oauth-protected-resource/mcp", world.base).as_str())
    );
    assert_eq!(challenge.scope, Some(scopes("mcp:read")));
    assert!(challenge.error.is_none() && challenge.error_description.is_none());
    let basic = world.send(Method::POST, "/mcp", &[("authorization", "Basic eDp5")], "").await;
    assert!(basic.status == 401 && basic.challenge().error.is_none(), "not a bearer token");
}

/// The handler gets the claims, and not the token (R6).
#[tokio::test]
async fn r6_the_handler_gets_claims_not_the_token() {
    let world = World::start().await;
    let tokens = world.tokens().await;
    let message = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/list"});
    let answer = world.mcp(tokens["access_token"].as_str(), &message).await;
    assert_eq!(
        answer.json(),
        json!({
            "subject": "user", "client": "public", "scopes": "mcp:read",
            "token_is_gone": true, "bytes": message.to_string().len(),
        })
    );
    let scheme = format!("bEARER  {}", tokens["access_token"].as_str().unwrap());
    let answer = world.send(Method::POST, "/mcp", &[("authorization", &scheme)], "").await;
    assert_eq!(answer.status, 200, "schemes are case-insensitive");
}

/// R3: expired.
#[tokio::test]
async fn r3_expired_tokens() {
    let world = World::start().await;
    let tokens = world.tokens().await;
    world.clock.advance(Duration::from_secs(899));
    assert_eq!(world.mcp(tokens["access_token"].as_str(), &json!({})).await.status, 200);
    world.clock.advance(Duration::from_secs(1));
    let answer = world.mcp(tokens["access_token"].as_str(), &json!({})).await;
    assert_eq!(answer.error(), (401, "invalid_token".to_owned()));
    let challenge = answer.challenge();
    assert_eq!(challenge.error, Some(OAuthErrorCode::InvalidToken));
    assert_eq!(challenge.error_description.as_deref(), Some("the token expired"));
    assert!(challenge.resource_metadata.is_some());
}

/// R3: what is no proper request is 400.
#[tokio::test]
async fn r3_malformed_requests() {
    let world = World::start().await;
    let tokens = world.tokens().await;
    let good = format!("Bearer {}", tokens["access_token"].as_str().unwrap());
    for headers in [
        vec![("authorization", "Bearer")],
        vec![("authorization", "Bearer ")],
        vec![("authorization", "Bearer a b")],
        vec![("authorization", "Bearer a,b")],
        vec![("authorization", "Bearer ==")],
        vec![("authorization", good.as_str()), ("authorization", good.as_str())],
    ] {
        let answer = world.send(Method::POST, "/mcp", &headers, "").await;
        assert_eq!(answer.error(), (400, "invalid_request".to_owned()), "{headers:?}");
        assert_eq!(answer.challenge().error, Some(OAuthErrorCode::InvalidRequest));
    }
}

/// R9: no tokens in the query, not even beside a good one.
#[tokio::test]
async fn r9_no_tokens_in_the_query() {
    let world = World::start().await;
    let tokens = world.tokens().await;
    let token = tokens["access_token"].as_str().unwrap();
    let path = format!("/mcp?x=1&access_token={token}");
    let answer = world.send(Method::POST, &path, &[], "").await;
    assert_eq!(answer.error(), (400, "invalid_request".to_owned()));
    assert!(!String::from_utf8_lossy(&answer.body).contains(token), "R14");
    let good = format!("Bearer {token}");
    let answer = world.send(Method::POST, "/mcp?access%5Ftoken=", &[("authorization", &good)], "").await;
    assert_eq!(answer.status, 400);
}

/// R5: signature, algorithm, type, issuer, audience and time, one wrong at a time.
#[tokio::test]
async fn r5_forged_tokens() {
    let (world, key) = with_key().await;
    let claims = claims(&world).await;
    assert_eq!(world.mcp(Some(&sign(&key, &claims)), &json!({})).await.status, 200, "the forge works");
    let with = |name: &str, value: Value| {
        let mut claims = claims.clone();
        claims[name] = value;
        sign(&key, &claims)
    };
    let without = |name: &str| {
        let mut claims = claims.clone();
        claims.as_object_mut().unwrap().remove(name);
        sign(&key, &claims)
    };
    let other_key = SigningKey::generate();
    let good = sign(&key, &claims);
    let unsigned = {
        use base64::Engine as _;
        let encode = |text: &str| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(text);
        format!("{}.{}.", encode(r#"{"alg":"none","typ":"at+jwt"}"#), encode(&claims.to_string()))
    };
    let confused = {
        // The public key as an HMAC secret.
        let jwk = serde_json::to_vec(&world.get("/jwks").await.json()["keys"][0]).unwrap();
        let mut header = Header::new(Algorithm::HS256);
        header.typ = Some("at+jwt".to_owned());
        header.kid = Some(key.id().to_owned());
        jsonwebtoken::encode(&header, &claims, &EncodingKey::from_secret(&jwk)).unwrap()
    };
    let mut flipped = good.clone().into_bytes();
    let last = flipped.len() - 5;
    flipped[last] = if flipped[last] == b'A' { b'B' } else { b'A' };
    let forged = [
        ("another key", sign(&other_key, &claims)),
        (
            "another key under this name",
            sign_with(&other_key, &claims, |mut header| {
                header.kid = Some(key.id().to_owned());
                header
            }),
        ),
        ("no signature", unsigned),
        ("HMAC with the public key", confused),
        ("a changed signature", String::from_utf8(flipped).unwrap()),
        (
            "an ID token",
            sign_with(&key, &claims, |mut header| {
                header.typ = Some("JWT".to_owned());
                header
            }),
        ),
        (
            "no type",
            sign_with(&key, &claims, |mut header| {
                header.typ = None;
                header
            }),
        ),
        (
            "a critical header",
            sign_with(&key, &claims, |mut header| {
                header.crit = Some(vec!["x".to_owned()]);
                header
            }),
        ),
        ("another issuer", with("iss", json!("https://evil.test"))),
        ("the issuer with a slash", with("iss", json!(format!("{}/", world.base)))),
        ("a list of issuers", with("iss", json!([world.base]))),
        ("another audience", with("aud", json!("https://other.test/mcp"))),
        ("the bare host as audience", with("aud", json!(world.base))),
        ("no audience in it", with("aud", json!([]))),
        ("expired", with("exp", json!(NOW))),
        ("never expiring", without("exp")),
        ("not valid yet", with("nbf", json!(NOW + 1))),
        ("issued in the future", with("iat", json!(NOW + 1))),
        ("bound to a key", with("cnf", json!({"jkt": "x"}))),
        ("an unknown grant", with("grant", json!("x"))),
        ("no grant", without("grant")),
        ("no issuer", without("iss")),
        ("no audience", without("aud")),
        ("no subject", without("sub")),
        ("no client", without("client_id")),
        ("no token id", without("jti")),
        ("garbage", "garbage".to_owned()),
        ("dots", "...".to_owned()),
    ];
    for (what, token) in forged {
        let answer = world.mcp(Some(&token), &json!({})).await;
        assert_eq!(answer.error(), (401, "invalid_token".to_owned()), "{what}");
        assert_eq!(answer.challenge().error, Some(OAuthErrorCode::InvalidToken), "{what}");
        assert!(!String::from_utf8_lossy(&answer.body).contains(&token), "R14: {what}");
    }
    for (what, token, status) in [
        ("one of several audiences", with("aud", json!(["https://x.test", world.resource()])), 200),
        ("valid from now", with("nbf", json!(NOW)), 200),
        ("another end", with("exp", json!(NOW + 60)), 200),
        ("no scope", without("scope"), 403),
    ] {
        assert_eq!(world.mcp(Some(&token), &json!({})).await.status, status, "{what}");
    }
}

/// R4: a tool that needs more says all that it needs, before any handler runs.
#[tokio::test]
async fn r4_a_tool_that_needs_a_wider_scope() {
    let world = World::start().await;
    let call = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "wipe"}});
    let narrow = world.tokens_for("mcp:read").await;
    let answer = world.mcp(narrow["access_token"].as_str(), &call).await;
    assert_eq!(answer.error(), (403, "insufficient_scope".to_owned()));
    let challenge = answer.challenge();
    assert_eq!(challenge.error, Some(OAuthErrorCode::InsufficientScope));
    assert_eq!(challenge.scope, Some(scopes("mcp:read mcp:write")));
    assert!(challenge.resource_metadata.is_some());
    let echo = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "echo"}});
    assert_eq!(world.mcp(narrow["access_token"].as_str(), &echo).await.status, 200);
    let wide = world.tokens_for("mcp:read mcp:write").await;
    assert_eq!(world.mcp(wide["access_token"].as_str(), &call).await.status, 200);
    let other = world.tokens_for("mcp:write").await;
    let answer = world.mcp(other["access_token"].as_str(), &echo).await;
    assert_eq!((answer.status.as_u16(), answer.challenge().scope), (403, Some(scopes("mcp:read"))));
}

/// A body that is too long to look at is refused, not passed on unseen.
#[tokio::test]
async fn a_rule_sees_the_whole_body_or_none() {
    let world = World::start().await;
    let tokens = world.tokens().await;
    let good = format!("Bearer {}", tokens["access_token"].as_str().unwrap());
    let answer =
        world.send(Method::POST, "/mcp", &[("authorization", &good)], vec![b' '; 5 * 1024 * 1024]).await;
    assert_eq!(answer.status, 413);
}

/// A resource elsewhere checks the same tokens with the published keys; it cannot see revocations.
#[tokio::test]
async fn r13_a_resource_in_another_process() {
    use mcp_oauth_server::mcp_oauth_core::AccessToken;
    use mcp_oauth_server::{JwtVerifier, PublicKeys, TokenVerifier as _};

    let world = World::start().await;
    let tokens = world.tokens().await;
    let keys = PublicKeys::from_jwks(&world.get("/jwks").await.body).unwrap();
    let verifier = JwtVerifier::new(world.server.issuer().clone(), keys).with_clock(world.clock.clone());
    let token = AccessToken::parse(tokens["access_token"].as_str().unwrap()).unwrap();
    let resource = ResourceUri::parse(&world.resource()).unwrap();
    let claims = verifier.verify(&token, &resource).await.unwrap();
    assert_eq!((claims.subject.as_str(), &claims.scopes), ("user", &scopes("mcp:read")));
    let other = ResourceUri::parse("https://other.test/mcp").unwrap();
    assert!(verifier.verify(&token, &other).await.is_err());
    world.clock.advance(Duration::from_secs(929));
    assert!(verifier.verify(&token, &resource).await.is_ok(), "clocks may differ by 30 seconds");
    world.clock.advance(Duration::from_secs(1));
    assert!(verifier.verify(&token, &resource).await.is_err());
}

/// A4.1: a new key signs, the previous one's tokens live on.
#[tokio::test]
async fn a4_1_key_rotation() {
    let (old, new) = (SigningKey::generate(), SigningKey::generate());
    let (previous, current) = (old.clone(), new.clone());
    let world = World::with(|builder| {
        builder.consent(Consent::AutoApprove).signing_key(current).previous_signing_key(previous)
    })
    .await;
    let claims = claims(&world).await;
    assert_eq!(world.mcp(Some(&sign(&old, &claims)), &json!({})).await.status, 200);
    let keys = world.get("/jwks").await.json();
    assert_eq!((&keys["keys"][0]["kid"], &keys["keys"][1]["kid"]), (&json!(new.id()), &json!(old.id())));
}
