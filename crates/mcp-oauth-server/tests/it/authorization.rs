//! A2: the authorization endpoint.

use http::Method;
use mcp_oauth_server::mcp_oauth_core::ResourceUri;
use mcp_oauth_server::{Client, Consent};
use testkit::browser::Page;

use crate::support::{BASIC, CALLBACK, Flow, World};

/// An error that went back to the client.
async fn refused(world: &World, flow: &Flow) -> String {
    let page = world.open(flow).await;
    assert!(page.stopped, "not redirected: {}", page.text());
    assert_eq!(page.status, 303);
    assert!(page.query("code").is_none());
    assert_eq!(page.query("iss").as_deref(), Some(world.base.as_str()), "A2.5");
    page.query("error").expect("an error")
}

/// A2.3: what the person is told instead of the client.
async fn on_page(world: &World, flow: &Flow) -> Page {
    let page = world.open(flow).await;
    assert!(!page.stopped && page.history.is_empty(), "redirected to {}", page.url);
    assert_eq!(page.status, 400);
    assert!(page.text().contains("This did not work"));
    assert_eq!(page.header("x-frame-options"), Some("DENY"));
    page
}

/// A2.5, A2.6: code, state and iss, each once and exact.
#[tokio::test]
async fn a2_6_the_answer() {
    let world = World::start().await;
    let page = world.open(&world.flow()).await;
    assert!(page.url.as_str().starts_with(CALLBACK));
    assert_eq!(page.query("state").as_deref(), Some("st&te=1 ü"));
    assert_eq!(page.query("iss").as_deref(), Some(world.base.as_str()));
    assert_eq!(page.query("code").expect("once").len(), 43);
    let hop = &page.history[0];
    assert_eq!(hop.status, 303, "A2.11");
    assert_eq!(hop.headers["cache-control"], "no-store");
    assert_eq!(hop.headers["referrer-policy"], "no-referrer");
    let without = world.open(&world.flow().without("state")).await;
    assert!(without.queries("state").is_empty());
}

/// A2.1: no code without an S256 challenge.
#[tokio::test]
async fn a2_1_pkce_is_required() {
    let world = World::start().await;
    let flow = world.flow();
    for flow in [
        flow.clone().without("code_challenge"),
        flow.clone().without("code_challenge_method"),
        flow.clone().set("code_challenge_method", "plain"),
        flow.clone().set("code_challenge_method", "s256"),
        flow.clone().set("code_challenge", "too-short"),
    ] {
        assert_eq!(refused(&world, &flow).await, "invalid_request");
    }
}

/// A2.2: redirect URIs match exactly, but for the port of a loopback address.
#[tokio::test]
async fn a2_2_exact_redirect_uris() {
    let world = World::start().await;
    for port in ["", ":1", ":65535"] {
        let uri = format!("http://127.0.0.1{port}/callback");
        let browser = World::browser().stop_at(&uri);
        let page = browser.open(&world.authorize_url(&world.flow().set("redirect_uri", &uri))).await.unwrap();
        assert!(page.stopped && page.url.as_str().starts_with(&uri), "{uri}");
    }
    for uri in [
        "http://127.0.0.1:1/callback/",
        "http://127.0.0.1:1/Callback",
        "http://127.0.0.1:1/callback?x=1",
        "http://127.0.0.1:1/callback#x",
        "http://127.0.0.1:1/callback\n",
        "http://127.0.0.1:1/call\tback",
        "http://127.0.0.1:1/x/../callback/.",
        "http://localhost:1/callback",
        "http://[::1]:1/callback",
        "http://127.0.0.1:1@evil.test/callback",
        "https://127.0.0.1:1/callback",
        "https://evil.test/callback",
        "//evil.test/callback",
        "javascript:alert(1)",
        "",
    ] {
        let flow = world.flow().set("redirect_uri", uri);
        // An empty one counts as absent, and this client has only one.
        if !uri.is_empty() {
            assert!(on_page(&world, &flow).await.text().contains("redirect_uri"), "{uri:?}");
        }
    }
    let web = world.flow_of(BASIC);
    assert!(world.open(&web).await.stopped);
    for uri in ["https://app.test:444/callback", "https://app.test/callback/", "https://APP.test/callback"] {
        on_page(&world, &web.clone().set("redirect_uri", uri)).await;
    }
}

/// A2.3: a request that does not say who asks, or lies about it, goes nowhere.
#[tokio::test]
async fn a2_3_never_an_open_redirector() {
    let world = World::start().await;
    for flow in [
        world.flow().without("client_id"),
        world.flow().set("client_id", "nobody"),
        world.flow().set("client_id", "ümlaut"),
        world.flow().and("client_id", "public"),
        world.flow().and("redirect_uri", CALLBACK),
        world.flow().and("state", "again"),
        world.flow().set("state", &"x".repeat(5000)),
    ] {
        on_page(&world, &flow).await;
    }
    let single = world.open(&world.flow_of(BASIC).without("redirect_uri")).await;
    assert!(single.url.as_str().starts_with("https://app.test/callback?"), "the only registered one");
    let world = World::with(|builder| {
        let uris = ["https://a.test/", "https://b.test/"]
            .map(|uri| mcp_oauth_server::mcp_oauth_core::RedirectUri::parse(uri).unwrap());
        builder
            .client(Client::new(mcp_oauth_server::mcp_oauth_core::ClientId::parse("public").unwrap(), uris))
    })
    .await;
    on_page(&world, &world.flow().without("redirect_uri")).await;
}

/// A2.4, A2.7: every other error goes to the client.
#[tokio::test]
async fn a2_4_errors_go_to_the_client() {
    let world = World::start().await;
    let flow = world.flow();
    for (flow, code) in [
        (flow.clone().without("response_type"), "invalid_request"),
        (flow.clone().set("response_type", "token"), "unsupported_response_type"),
        (flow.clone().set("response_type", "code token"), "unsupported_response_type"),
        (flow.clone().and("response_type", "code"), "invalid_request"),
        (flow.clone().set("response_mode", "fragment"), "invalid_request"),
        (flow.clone().set("request", "a.b.c"), "invalid_request"),
        (flow.clone().set("scope", "mcp:read unheard"), "invalid_scope"),
        (flow.clone().set("scope", "mcp:\"read"), "invalid_scope"),
        (flow.clone().and("scope", "mcp:read"), "invalid_request"),
    ] {
        assert_eq!(refused(&world, &flow).await, code, "{:?}", flow.parameters);
        let page = world.open(&flow).await;
        assert_eq!(page.query("state").as_deref(), Some("st&te=1 ü"));
    }
    let world = World::with(|builder| {
        let uri = mcp_oauth_server::mcp_oauth_core::RedirectUri::parse("http://127.0.0.1/callback").unwrap();
        let id = mcp_oauth_server::mcp_oauth_core::ClientId::parse("public").unwrap();
        builder.client(Client::new(id, [uri]).with_grant_types([]))
    })
    .await;
    assert_eq!(refused(&world, &world.flow()).await, "unauthorized_client");
}

/// A2.8: the resource must be one of the server's.
#[tokio::test]
async fn a2_8_resource_indicators() {
    let world = World::start().await;
    let flow = world.flow();
    for resource in [
        "https://other.test/mcp",
        "/mcp",
        "mcp",
        &format!("{}/mcp#x", world.base),
        &format!("{}/mcp/", world.base),
    ] {
        assert_eq!(
            refused(&world, &flow.clone().set("resource", resource)).await,
            "invalid_target",
            "{resource}"
        );
    }
    assert_eq!(
        refused(&world, &flow.clone().and("resource", "https://other.test/mcp")).await,
        "invalid_target"
    );
    world.code(&flow.clone().and("resource", &world.resource())).await;
    world.code(&flow.clone().set("resource", &world.resource().replace("http://", "HTTP://"))).await;
    world.code(&flow.clone().without("resource")).await;
    let two = World::with(|builder| {
        builder.consent(Consent::AutoApprove).resource(ResourceUri::parse("https://second.test/mcp").unwrap())
    })
    .await;
    assert_eq!(refused(&two, &two.flow().without("resource")).await, "invalid_target");
    two.code(&two.flow().and("resource", "https://second.test/mcp")).await;
}

/// A2.12: POST works as GET does, and unknown parameters are ignored.
#[tokio::test]
async fn a2_12_post_and_unknown_parameters() {
    let world = World::start().await;
    let flow = world.flow().set("prompt", "consent").and("unknown", "1").and("unknown", "2");
    world.code(&flow).await;
    let url = world.authorize_url(&flow);
    let (_, query) = url.split_once('?').unwrap();
    let form = ("content-type", "application/x-www-form-urlencoded");
    let answer = world.send(Method::POST, "/authorize", &[form], query.to_owned()).await;
    assert_eq!(answer.status, 303);
    assert!(answer.header("location").starts_with(CALLBACK));
    let answer = world.send(Method::POST, "/authorize", &[form], vec![b'a'; 70_000]).await;
    assert_eq!(answer.status, 400);
    let answer = world.send(Method::POST, "/authorize", &[], query.to_owned()).await;
    assert_eq!(answer.status, 400);
}

/// A5.8: a request without scope gets the default.
#[tokio::test]
async fn a5_8_scope_is_not_required() {
    let world = World::start().await;
    let flow = world.flow().without("scope");
    let code = world.code(&flow).await;
    assert_eq!(world.token(&world.exchange(&flow, &code)).await.json()["scope"], "mcp:read");
}
