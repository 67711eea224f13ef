//! A3, A4: the token endpoint.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::Method;
use mcp_oauth_server::mcp_oauth_core::ResourceUri;
use mcp_oauth_server::{Consent, Lifetimes};
use serde_json::{Value, json};

use crate::support::World;

/// A3.5, A3.6: the answer's shape and headers.
#[tokio::test]
async fn a3_5_tokens() {
    let world = World::start().await;
    let flow = world.flow();
    let code = world.code(&flow).await;
    let answer = world.token(&world.exchange(&flow, &code)).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), "application/json");
    assert_eq!((answer.header("cache-control"), answer.header("pragma")), ("no-store", "no-cache"));
    let tokens = answer.json();
    assert_eq!(
        (&tokens["token_type"], &tokens["expires_in"]),
        (&json!("Bearer"), &json!(900)),
        "A3.9: short-lived"
    );
    assert_eq!(tokens["scope"], "mcp:read");
    assert!(tokens["refresh_token"].is_string());
}

/// A4.1: RFC 9068, checked with the published key only.
#[tokio::test]
async fn a4_1_the_access_token_is_a_jwt() {
    let world = World::start().await;
    let tokens = world.tokens().await;
    let parts: Vec<&str> = tokens["access_token"].as_str().unwrap().split('.').collect();
    let part = |index: usize| -> Value {
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(parts[index]).unwrap()).unwrap()
    };
    let keys = world.get("/jwks").await.json();
    assert_eq!(part(0), json!({"typ": "at+jwt", "alg": "ES256", "kid": keys["keys"][0]["kid"]}));
    let claims = part(1);
    assert_eq!(claims["iss"], *world.base);
    assert_eq!(claims["aud"], world.resource(), "A3.8");
    assert_eq!(
        (&claims["sub"], &claims["client_id"], &claims["scope"]),
        (&json!("user"), &json!("public"), &json!("mcp:read"))
    );
    assert_eq!((&claims["iat"], &claims["exp"]), (&json!(1_767_225_600), &json!(1_767_226_500)));
    assert_eq!(claims["jti"].as_str().unwrap().len(), 43);
    assert!(keys["keys"][0].get("d").is_none());
}

/// A3.1: a code works for a minute.
#[tokio::test]
async fn a3_1_a_code_expires() {
    let world = World::start().await;
    let flow = world.flow();
    let code = world.code(&flow).await;
    world.clock.advance(Duration::from_secs(59));
    assert_eq!(world.token(&world.exchange(&flow, &code)).await.status, 200);
    let code = world.code(&flow).await;
    world.clock.advance(Duration::from_secs(60));
    assert_eq!(world.token(&world.exchange(&flow, &code)).await.error(), (400, "invalid_grant".to_owned()));
}

/// A3.2: the second use of a code is refused and ends what the first one gave, also after the code's own time.
#[tokio::test]
async fn a3_2_a_replayed_code_ends_its_tokens() {
    let world = World::start().await;
    let flow = world.flow();
    let code = world.code(&flow).await;
    let tokens = world.token(&world.exchange(&flow, &code)).await.json();
    let access = tokens["access_token"].as_str().unwrap();
    assert_eq!(world.mcp(Some(access), &json!({})).await.status, 200);
    world.clock.advance(Duration::from_secs(120));
    assert_eq!(world.token(&world.exchange(&flow, &code)).await.error(), (400, "invalid_grant".to_owned()));
    assert_eq!(world.mcp(Some(access), &json!({})).await.status, 401);
    assert_eq!(world.refresh(&tokens["refresh_token"], &[]).await.error(), (400, "invalid_grant".to_owned()));
}

/// A3.1, A3.3, A3.4, A3.8: a code is bound to client, verifier, redirect URI and resource.
#[tokio::test]
async fn a3_3_a_code_is_bound() {
    let world = World::start().await;
    let flow = world.flow();
    let other = world.flow().verifier;
    let changes: [(&str, Option<&str>, &str); 8] = [
        ("code_verifier", Some(&other), "invalid_grant"),
        ("code_verifier", Some("short"), "invalid_grant"),
        ("code_verifier", None, "invalid_request"),
        ("redirect_uri", Some("http://127.0.0.1:2/callback"), "invalid_grant"),
        ("resource", Some("https://other.test/mcp"), "invalid_target"),
        ("code", Some("guessed"), "invalid_grant"),
        ("code", None, "invalid_request"),
        ("grant_type", None, "invalid_request"),
    ];
    for (name, value, error) in changes {
        let code = world.code(&flow).await;
        let mut form = world.exchange(&flow, &code);
        form.retain(|(known, _)| *known != name);
        if let Some(value) = value {
            form.push((name, value.to_owned()));
        }
        assert_eq!(world.token(&form).await.error(), (400, error.to_owned()), "{name} = {value:?}");
    }
    let code = world.code(&flow).await;
    let mut form = world.exchange(&flow, &code);
    form.retain(|(name, _)| !matches!(*name, "redirect_uri" | "resource"));
    assert_eq!(world.token(&form).await.status, 200, "OAuth 2.1 does not ask for redirect_uri again");
}

/// A3.3: one attempt, not one for each guess.
#[tokio::test]
async fn a3_3_a_wrong_verifier_uses_the_code_up() {
    let world = World::start().await;
    let flow = world.flow();
    let code = world.code(&flow).await;
    let wrong = world.flow();
    assert_eq!(world.token(&world.exchange(&wrong, &code)).await.status, 400);
    assert_eq!(world.token(&world.exchange(&flow, &code)).await.error(), (400, "invalid_grant".to_owned()));
}

/// A3.5, A3.13: RFC 6749 §5.2 for what is no proper request.
#[tokio::test]
async fn a3_13_the_error_table() {
    let world = World::start().await;
    let form = ("content-type", "application/x-www-form-urlencoded");
    for (headers, body) in [
        (vec![], "grant_type=authorization_code&client_id=public"),
        (vec![("content-type", "application/json")], "{}"),
        (vec![form], "grant_type=refresh_token&grant_type=refresh_token&client_id=public&refresh_token=x"),
        (vec![form], "grant_type=refresh_token&client_id=public&client_id=public&refresh_token=x"),
        (vec![form], "grant_type=refresh_token&client_id=public"),
        (vec![form], "client_id=public"),
    ] {
        let answer = world.send(Method::POST, "/token", &headers, body).await;
        assert_eq!(answer.error(), (400, "invalid_request".to_owned()), "{body}");
        assert_eq!(
            (answer.header("cache-control"), answer.header("content-type")),
            ("no-store", "application/json")
        );
    }
    let long = world.send(Method::POST, "/token", &[form], vec![b'a'; 70_000]).await;
    assert_eq!(long.error(), (400, "invalid_request".to_owned()));
    for grant in ["password", "client_credentials", "urn:ietf:params:oauth:grant-type:device_code", "x"] {
        let answer =
            world.token(&[("grant_type", grant.to_owned()), ("client_id", "public".to_owned())]).await;
        assert_eq!(answer.error(), (400, "unsupported_grant_type".to_owned()));
    }
    assert_eq!(world.get("/token").await.status, 405, "POST only");
}

/// A3.10: every refresh token works once.
#[tokio::test]
async fn a3_10_refresh_tokens_rotate() {
    let world = World::start().await;
    let first = world.tokens().await;
    let second = world.refresh(&first["refresh_token"], &[("resource", &world.resource())]).await;
    assert_eq!(second.status, 200);
    assert_eq!(second.header("cache-control"), "no-store");
    let second = second.json();
    assert_ne!(first["refresh_token"], second["refresh_token"]);
    assert_ne!(first["access_token"], second["access_token"]);
    let third = world.refresh(&second["refresh_token"], &[]).await;
    assert_eq!(third.status, 200);
}

/// A3.10: the reuse of an old one ends the family, and the access tokens with it.
#[tokio::test]
async fn a3_10_reuse_ends_the_family() {
    let world = World::start().await;
    let first = world.tokens().await;
    let second = world.refresh(&first["refresh_token"], &[]).await.json();
    assert_eq!(world.refresh(&first["refresh_token"], &[]).await.error(), (400, "invalid_grant".to_owned()));
    assert_eq!(world.refresh(&second["refresh_token"], &[]).await.error(), (400, "invalid_grant".to_owned()));
    let access = second["access_token"].as_str().unwrap();
    assert_eq!(world.mcp(Some(access), &json!({})).await.status, 401);
    assert_eq!(world.refresh(&json!("guessed"), &[]).await.error(), (400, "invalid_grant".to_owned()));
}

/// A3.11: a refresh may narrow, never widen, and the next one has the whole grant again.
#[tokio::test]
async fn a3_11_scopes_on_refresh() {
    let world = World::start().await;
    let tokens = world.tokens_for("mcp:read mcp:write offline_access").await;
    let narrow = world.refresh(&tokens["refresh_token"], &[("scope", "mcp:read")]).await.json();
    assert_eq!(narrow["scope"], "mcp:read");
    let whole = world.refresh(&narrow["refresh_token"], &[]).await.json();
    assert_eq!(whole["scope"], "mcp:read mcp:write offline_access");

    let tokens = world.tokens_for("mcp:read").await;
    for (more, error) in [
        (("scope", "mcp:read mcp:write"), "invalid_scope"),
        (("scope", "\""), "invalid_scope"),
        (("resource", "https://other.test/mcp"), "invalid_target"),
    ] {
        let answer = world.refresh(&tokens["refresh_token"], &[more]).await;
        assert_eq!(answer.error(), (400, error.to_owned()));
    }
    assert_eq!(
        world.refresh(&tokens["refresh_token"], &[]).await.status,
        200,
        "a mistake does not use it up"
    );
}

/// A3.8: of several resources a token request may name some.
#[tokio::test]
async fn a3_8_a_token_for_some_of_the_resources() {
    let second = "https://second.test/mcp";
    let world = World::with(|builder| {
        builder.consent(Consent::AutoApprove).resource(ResourceUri::parse(second).unwrap())
    })
    .await;
    let audience = |tokens: &Value| -> Value {
        let payload = tokens["access_token"].as_str().unwrap().split('.').nth(1).unwrap().to_owned();
        serde_json::from_slice::<Value>(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()["aud"].clone()
    };
    let flow = world.flow().and("resource", second);
    let code = world.code(&flow).await;
    let mut form = world.exchange(&flow, &code);
    form.retain(|(name, _)| *name != "resource");
    let all = world.token(&form).await.json();
    assert_eq!(audience(&all), json!([world.resource(), second]));
    let one = world.refresh(&all["refresh_token"], &[("resource", second)]).await.json();
    assert_eq!(audience(&one), json!(second));
    let code = world
        .code(&world.flow().set(
            "code_challenge",
            &flow.parameters.iter().find(|(name, _)| name == "code_challenge").unwrap().1,
        ))
        .await;
    let mut form = world.exchange(&flow, &code);
    form.push(("resource", second.to_owned()));
    assert_eq!(
        world.token(&form).await.error(),
        (400, "invalid_target".to_owned()),
        "known, but not granted"
    );
}

/// Refresh tokens end when they are not used, and grants end in any case.
#[tokio::test]
async fn lifetimes() {
    const DAY: Duration = Duration::from_secs(24 * 60 * 60);
    let world = World::with(|builder| {
        let mut lifetimes = Lifetimes::default();
        lifetimes.refresh_token = 10 * DAY;
        lifetimes.grant = 15 * DAY;
        builder.consent(Consent::AutoApprove).lifetimes(lifetimes)
    })
    .await;
    let unused = world.tokens().await;
    let used = world.tokens().await;
    world.clock.advance(9 * DAY);
    let used = world.refresh(&used["refresh_token"], &[]).await.json();
    world.clock.advance(DAY);
    assert_eq!(world.refresh(&unused["refresh_token"], &[]).await.error(), (400, "invalid_grant".to_owned()));
    world.clock.advance(Duration::from_secs(5 * 24 * 60 * 60 - 60));
    let last = world.refresh(&used["refresh_token"], &[]).await.json();
    assert_eq!(last["expires_in"], 60, "no token outlives its grant");
    world.clock.advance(Duration::from_secs(60));
    assert_eq!(world.refresh(&last["refresh_token"], &[]).await.error(), (400, "invalid_grant".to_owned()));
    let access = last["access_token"].as_str().unwrap();
    assert_eq!(world.mcp(Some(access), &json!({})).await.status, 401);
}

/// Sixteen at once: one gets tokens, and the family ends.
#[tokio::test]
async fn a_code_is_redeemed_once_however_many_ask() {
    let world = World::start().await;
    let flow = world.flow();
    let code = world.code(&flow).await;
    let form = world.exchange(&flow, &code);
    let answers = futures_util::future::join_all((0..16).map(|_| world.token(&form))).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1);
    let winner = answers.iter().find(|answer| answer.status == 200).unwrap().json();
    assert_eq!(world.refresh(&winner["refresh_token"], &[]).await.status, 400);
}

/// A lifetime of "for ever" is no reason to fall over.
#[tokio::test]
async fn endless_lifetimes() {
    let world = World::with(|builder| {
        let mut lifetimes = Lifetimes::default();
        lifetimes.code = Duration::MAX;
        lifetimes.access_token = Duration::MAX;
        lifetimes.refresh_token = Duration::MAX;
        lifetimes.grant = Duration::MAX;
        lifetimes.client_secret = Some(Duration::MAX);
        builder.consent(Consent::AutoApprove).lifetimes(lifetimes)
    })
    .await;
    let tokens = world.tokens().await;
    assert_eq!(world.refresh(&tokens["refresh_token"], &[]).await.status, 200);
}
