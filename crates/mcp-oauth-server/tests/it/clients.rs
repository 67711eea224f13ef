//! A3.7: client authentication.

use crate::support::{BASIC, POST, World, basic};

fn form(parameters: &[(&'static str, &str)]) -> Vec<(&'static str, String)> {
    let grant = [("grant_type", "refresh_token"), ("refresh_token", "unknown")];
    grant.iter().chain(parameters).map(|(name, value)| (*name, (*value).to_owned())).collect()
}

/// The whole flow of a client with a secret in the header, form-decoded.
#[tokio::test]
async fn a3_7_client_secret_basic() {
    let world = World::start().await;
    let flow = world.flow_of(BASIC);
    let code = world.code(&flow).await;
    let mut form = world.exchange(&flow, &code);
    form.retain(|(name, _)| !matches!(*name, "client_id" | "redirect_uri"));
    form.push(("redirect_uri", "https://app.test/callback".to_owned()));
    let answer = world.form("/token", &form, Some(&basic(BASIC))).await;
    assert_eq!(answer.status, 200, "{answer:?}");
}

#[tokio::test]
async fn a3_7_client_secret_post() {
    let world = World::start().await;
    let flow = world.flow_of(POST);
    let code = world.code(&flow).await;
    let mut form = world.exchange(&flow, &code);
    form.retain(|(name, _)| !matches!(*name, "client_id" | "redirect_uri"));
    form.extend([("client_id", POST.0.to_owned()), ("client_secret", POST.1.to_owned())]);
    assert_eq!(world.form("/token", &form, None).await.status, 200);
}

/// A3.7, A3.13: 401 with a challenge for a client that is not who it says; the right client gets as far as the grant.
#[tokio::test]
async fn a3_7_who_is_refused() {
    let world = World::start().await;
    let (id, secret) = BASIC;
    let encoded = "Basic Y2xpZW50ISUyQklEOndyb25n"; // client!%2BID:wrong
    let refused = [
        (form(&[]), None),
        (form(&[("client_id", "nobody")]), None),
        (form(&[("client_id", "ümlaut")]), None),
        (form(&[("client_id", id)]), None),
        (form(&[("client_id", id), ("client_secret", secret)]), None),
        (form(&[("client_id", "public"), ("client_secret", "any")]), None),
        (form(&[("client_id", POST.0), ("client_secret", "wrong")]), None),
        (form(&[]), Some(basic(POST))),
        (form(&[]), Some(encoded.to_owned())),
        (form(&[]), Some("Bearer abc".to_owned())),
    ];
    for (form, authorization) in refused {
        let answer = world.form("/token", &form, authorization.as_deref()).await;
        assert_eq!(answer.error(), (401, "invalid_client".to_owned()), "{form:?} {authorization:?}");
        assert!(answer.header("www-authenticate").starts_with("Basic "));
        assert_eq!(answer.header("cache-control"), "no-store");
    }
    for (form, authorization) in [
        (form(&[("client_id", "public")]), None),
        (form(&[]), Some(basic(BASIC))),
        (form(&[("client_id", id)]), Some(basic(BASIC))),
    ] {
        let answer = world.form("/token", &form, authorization.as_deref()).await;
        assert_eq!(answer.error(), (400, "invalid_grant".to_owned()));
    }
}

/// A3.7: "MUST NOT use more than one authentication method in each request".
#[tokio::test]
async fn a3_7_one_method_per_request() {
    let world = World::start().await;
    let (id, secret) = BASIC;
    for form in [form(&[("client_id", id), ("client_secret", secret)]), form(&[("client_id", "public")])] {
        let answer = world.form("/token", &form, Some(&basic(BASIC))).await;
        assert_eq!(answer.error(), (400, "invalid_request".to_owned()), "{form:?}");
    }
}

/// A3.1, A3.11: what one client was given is nothing to another, and its attempt does no harm.
#[tokio::test]
async fn a3_11_another_clients_code_and_refresh_token() {
    let world = World::start().await;
    let flow = world.flow();
    let code = world.code(&flow).await;
    let mut form = world.exchange(&flow, &code);
    form.retain(|(name, _)| *name != "client_id");
    let answer = world.form("/token", &form, Some(&basic(BASIC))).await;
    assert_eq!(answer.error(), (400, "invalid_grant".to_owned()));
    let tokens = world.token(&world.exchange(&flow, &code)).await.json();
    let form = [
        ("grant_type", "refresh_token".to_owned()),
        ("refresh_token", tokens["refresh_token"].as_str().unwrap().to_owned()),
    ];
    assert_eq!(
        world.form("/token", &form, Some(&basic(BASIC))).await.error(),
        (400, "invalid_grant".to_owned())
    );
    assert_eq!(world.refresh(&tokens["refresh_token"], &[]).await.status, 200);
}
