//! A5: dynamic registration.

use std::time::Duration;

use http::Method;
use mcp_oauth_server::{Consent, Lifetimes, Limits};
use serde_json::{Value, json};

use crate::support::{CALLBACK, World, basic};

fn native() -> Value {
    json!({
        "redirect_uris": ["http://127.0.0.1/callback", "http://localhost:7777/callback"],
        "token_endpoint_auth_method": "none",
        "grant_types": ["authorization_code", "refresh_token"],
        "response_types": ["code"],
        "client_name": "  Example\u{202e}\n CLI ",
        "application_type": "native",
        "scope": "mcp:read unheard",
        "logo_uri": "https://tracker.test/logo.png",
        "something_new": {"a": 1},
    })
}

/// A5.3: everything that was registered comes back, and the client works.
#[tokio::test]
async fn a5_3_a_public_client() {
    let world = World::start().await;
    let answer = world.post_json("/register", &native()).await;
    assert_eq!((answer.status.as_u16(), answer.header("cache-control")), (201, "no-store"));
    let registered = answer.json();
    let id = registered["client_id"].as_str().unwrap();
    assert_eq!(
        registered,
        json!({
            "client_id": id,
            "client_id_issued_at": 1_767_225_600,
            "redirect_uris": ["http://127.0.0.1/callback", "http://localhost:7777/callback"],
            "token_endpoint_auth_method": "none",
            "grant_types": ["authorization_code", "refresh_token"],
            "response_types": ["code"],
            "client_name": "Example CLI",
            "application_type": "native",
            "scope": "mcp:read",
        })
    );
    let flow = world.flow().set("client_id", id).set("redirect_uri", CALLBACK);
    let code = world.code(&flow).await;
    let mut form = world.exchange(&flow, &code);
    form.retain(|(name, _)| *name != "client_id");
    form.push(("client_id", id.to_owned()));
    assert_eq!(world.token(&form).await.status, 200);
}

/// A5.3, A5.6: without a method the client gets a secret, which may have an end.
#[tokio::test]
async fn a5_3_a_confidential_client() {
    let world = World::with(|builder| {
        let mut lifetimes = Lifetimes::default();
        lifetimes.client_secret = Some(Duration::from_secs(3600));
        builder.consent(Consent::AutoApprove).lifetimes(lifetimes)
    })
    .await;
    let answer = world.post_json("/register", &json!({"redirect_uris": ["https://app.test/callback"]})).await;
    assert_eq!(answer.status, 201);
    let registered = answer.json();
    assert_eq!(registered["token_endpoint_auth_method"], "client_secret_basic");
    assert_eq!(
        (&registered["grant_types"], &registered["application_type"]),
        (&json!(["authorization_code"]), &json!("web"))
    );
    assert_eq!(registered["client_secret_expires_at"], 1_767_229_200);
    let credentials =
        (registered["client_id"].as_str().unwrap(), registered["client_secret"].as_str().unwrap());
    let flow = world.flow_of(credentials).set("scope", "mcp:read offline_access");
    let code = world.code(&flow).await;
    let mut form = world.exchange(&flow, &code);
    form.retain(|(name, _)| !matches!(*name, "client_id" | "redirect_uri"));
    let tokens = world.form("/token", &form, Some(&basic(credentials))).await;
    assert_eq!(tokens.status, 200);
    assert!(tokens.json().get("refresh_token").is_none(), "A3.11: not registered for it");
    assert_eq!(tokens.json()["scope"], "mcp:read");
    let refresh = [("grant_type", "refresh_token".to_owned()), ("refresh_token", "x".to_owned())];
    let answer = world.form("/token", &refresh, Some(&basic(credentials))).await;
    assert_eq!(answer.error(), (400, "unauthorized_client".to_owned()));
    world.clock.advance(Duration::from_secs(3600));
    let answer = world.form("/token", &refresh, Some(&basic(credentials))).await;
    assert_eq!(answer.error(), (401, "invalid_client".to_owned()), "the secret expired");

    let posting = json!({"redirect_uris": ["https://app.test/callback"], "token_endpoint_auth_method": "client_secret_post"});
    let registered = world.post_json("/register", &posting).await.json();
    let form = [
        ("grant_type", "authorization_code".to_owned()),
        ("client_id", registered["client_id"].as_str().unwrap().to_owned()),
        ("client_secret", registered["client_secret"].as_str().unwrap().to_owned()),
        ("code", "x".to_owned()),
        ("code_verifier", "x".to_owned()),
    ];
    assert_eq!(world.token(&form).await.error(), (400, "invalid_grant".to_owned()), "authenticated");
}

/// A5.3, A5.4, A5.5: what is refused, and as what.
#[tokio::test]
async fn a5_5_what_is_refused() {
    let world = World::start().await;
    let with = |name: &str, value: Value| {
        let mut metadata = native();
        metadata[name] = value;
        metadata
    };
    let uri = |uri: &str| with("redirect_uris", json!([uri]));
    for metadata in [
        uri("javascript:alert(1)"),
        uri("data:text/html,x"),
        uri("file:///etc/passwd"),
        uri("http://app.test/callback"),
        uri("https://*.app.test/callback"),
        uri("https://app.test/callback#fragment"),
        uri("https://user:pass@app.test/callback"),
        uri("/callback"),
        uri(""),
        uri("https://app.test/call back"),
        uri("https://app.test/\tcallback"),
        uri(&format!("https://app.test/{}", "x".repeat(2048))),
        with("redirect_uris", json!([])),
        with("redirect_uris", json!("https://app.test/callback")),
        with("redirect_uris", json!([1])),
        with("redirect_uris", json!(vec!["https://app.test/callback"; 21])),
        json!({"application_type": "web", "redirect_uris": ["http://localhost/callback"]}),
        json!({"application_type": "web", "redirect_uris": ["https://localhost/callback"]}),
        json!({"application_type": "web", "redirect_uris": ["com.example.app:/callback"]}),
        json!({}),
    ] {
        let answer = world.post_json("/register", &metadata).await;
        assert_eq!(answer.error(), (400, "invalid_redirect_uri".to_owned()), "{metadata}");
    }
    for metadata in [
        with("application_type", json!("kiosk")),
        with("token_endpoint_auth_method", json!("private_key_jwt")),
        with("token_endpoint_auth_method", json!(1)),
        with("grant_types", json!(["client_credentials"])),
        with("grant_types", json!("authorization_code")),
        with("response_types", json!(["token"])),
    ] {
        let answer = world.post_json("/register", &metadata).await;
        assert_eq!(answer.error(), (400, "invalid_client_metadata".to_owned()), "{metadata}");
    }
    for (kind, body) in [("application/json", "{"), ("application/json", ""), ("text/plain", "{}")] {
        let answer = world.send(Method::POST, "/register", &[("content-type", kind)], body).await;
        assert_eq!(answer.error(), (400, "invalid_client_metadata".to_owned()), "{body}");
    }
    let long = world
        .send(Method::POST, "/register", &[("content-type", "application/json")], vec![b' '; 70_000])
        .await;
    assert_eq!(long.error(), (400, "invalid_client_metadata".to_owned()));
}

/// A5.4: a client that does not say what it is, is what its redirect URIs are.
#[tokio::test]
async fn a5_4_application_type() {
    let world = World::start().await;
    for (uri, kind) in [
        ("http://localhost:1/callback", "native"),
        ("com.example.app:/callback", "native"),
        ("https://app.test/callback", "web"),
    ] {
        let answer = world.post_json("/register", &json!({"redirect_uris": [uri]})).await;
        assert_eq!(answer.json()["application_type"], kind, "{uri}");
    }
    let claimed = json!({"redirect_uris": ["https://app.test/callback"], "application_type": "native"});
    assert_eq!(world.post_json("/register", &claimed).await.status, 201, "a claimed https address");
}

/// A3.12, A5.3: registrations are limited in time.
#[tokio::test]
async fn a3_12_registrations_are_limited() {
    let world = World::with(|builder| {
        let mut limits = Limits::default();
        limits.registrations_per_minute = 2;
        builder.limits(limits)
    })
    .await;
    assert_eq!(world.post_json("/register", &native()).await.status, 201);
    assert_eq!(world.post_json("/register", &native()).await.status, 201);
    let answer = world.post_json("/register", &native()).await;
    assert_eq!(
        (answer.error(), answer.header("retry-after")),
        ((429, "temporarily_unavailable".to_owned()), "60")
    );
    world.clock.advance(Duration::from_secs(30));
    assert_eq!(world.post_json("/register", &native()).await.status, 201);
}
