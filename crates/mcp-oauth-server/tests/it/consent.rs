//! A2.9, A2.10: what the person sees, and who can press the buttons.

use std::time::Duration;

use axum::response::{IntoResponse as _, Redirect};
use futures_util::future::{BoxFuture, FutureExt as _, ready};
use http::Method;
use http::request::Parts;
use mcp_oauth_server::mcp_oauth_core::{ClientId, RedirectUri};
use mcp_oauth_server::{Authentication, Client, User, Users};
use testkit::browser::{Browser, Page};

use crate::support::World;

async fn consent_page(world: &World, browser: &Browser) -> Page {
    let page = browser.open(&world.authorize_url(&world.flow())).await.unwrap();
    assert_eq!(page.status, 200, "{}", page.text());
    page
}

/// The whole flow as a person walks it.
#[tokio::test]
async fn a_person_allows_it() {
    let world = World::asking().await;
    let browser = World::browser();
    let flow = world.flow();
    let page = browser.open(&world.authorize_url(&flow)).await.unwrap();
    let back = browser.press(&page, "Allow").await.unwrap();
    assert!(back.stopped);
    assert_eq!(back.status, 303);
    assert_eq!(back.query("state").as_deref(), Some("st&te=1 ü"));
    assert_eq!(back.query("iss").as_deref(), Some(world.base.as_str()));
    let tokens = world.token(&world.exchange(&flow, &back.query("code").unwrap())).await;
    assert_eq!(tokens.status, 200);
    assert_eq!(tokens.json()["scope"], "mcp:read");
}

#[tokio::test]
async fn a_person_denies_it() {
    let world = World::asking().await;
    let browser = World::browser();
    let back = browser.press(&consent_page(&world, &browser).await, "Deny").await.unwrap();
    assert!(back.stopped);
    assert_eq!(back.query("error").as_deref(), Some("access_denied"));
    assert_eq!(back.query("state").as_deref(), Some("st&te=1 ü"));
    assert_eq!(back.query("iss").as_deref(), Some(world.base.as_str()));
}

/// A2.9, A2.10: who asks, where the answer goes, for what; escaped.
#[tokio::test]
async fn a2_9_what_the_page_says() {
    let world = World::asking().await;
    let page = consent_page(&world, &World::browser()).await;
    let text = page.text();
    for part in [
        "Tester & <Co>",
        "Test server",
        "127.0.0.1:1",
        "on this computer",
        "Read <things>",
        "mcp:read",
        &world.resource(),
    ] {
        assert!(text.contains(part), "{part} is not in: {text}");
    }
    assert!(!page.html().contains("<things>"), "escaped");
    assert!(!text.contains("Change things"), "only what is asked for");
    let web = world.open(&world.flow_of(crate::support::BASIC)).await.text();
    assert!(web.contains("It takes you to app.test") && !web.contains("on this computer"), "{web}");
    assert!(web.contains("An app without a name"));
}

/// A2.9: an app with a scheme of its own.
#[tokio::test]
async fn a2_9_an_app_with_a_scheme() {
    let uri = "com.example.app:/callback";
    let world = World::with(|builder| {
        builder.client(Client::new(ClientId::parse("public").unwrap(), [RedirectUri::parse(uri).unwrap()]))
    })
    .await;
    let browser = World::browser();
    let page = browser.open(&world.authorize_url(&world.flow().set("redirect_uri", uri))).await.unwrap();
    assert!(page.text().contains("com.example.app: links"));
    let back = browser.press(&page, "Allow").await.unwrap();
    assert!(back.stopped && back.url.as_str().starts_with("com.example.app:/callback?code="));
}

/// A2.10: no framing, no caching, no referrer, no scripts.
#[tokio::test]
async fn a2_10_headers_of_the_page() {
    let world = World::asking().await;
    let page = consent_page(&world, &World::browser()).await;
    let policy = page.header("content-security-policy").unwrap();
    for directive in [
        "default-src 'none'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
        "form-action 'self' http://127.0.0.1:1 https:",
    ] {
        assert!(policy.contains(directive), "{policy}");
    }
    assert_eq!(page.header("x-frame-options"), Some("DENY"));
    assert_eq!(page.header("cache-control"), Some("no-store"));
    assert_eq!(page.header("referrer-policy"), Some("no-referrer"));
    assert_eq!(page.header("x-content-type-options"), Some("nosniff"));
    let cookie = page.header("set-cookie").unwrap();
    assert!(cookie.ends_with("; Path=/; HttpOnly; SameSite=Lax"), "{cookie}");
}

/// A2.10: a decision needs the page's token and the browser that was shown the page.
#[tokio::test]
async fn a2_10_csrf() {
    let world = World::asking().await;
    let victim = World::browser();
    let page = consent_page(&world, &victim).await;
    let forms = page.forms();

    let attacker = World::browser();
    consent_page(&world, &attacker).await;
    let stolen = attacker.press_in(&page, &forms, "Allow").await.unwrap();
    assert_eq!(stolen.status, 403, "another browser's page");
    let page = consent_page(&world, &victim).await;
    assert_eq!(
        Browser::new().press_in(&page, &page.forms(), "Allow").await.unwrap().status,
        403,
        "no cookie"
    );

    for field in ["request", "csrf_token"] {
        let page = consent_page(&world, &victim).await;
        let mut forms = page.forms();
        forms[0].fill(field, "");
        assert_eq!(victim.press_in(&page, &forms, "Allow").await.unwrap().status, 403, "{field} is missing");
    }
    let page = consent_page(&world, &victim).await;
    let mut forms = page.forms();
    forms[0].fill("csrf_token", "guessed");
    assert_eq!(victim.press_in(&page, &forms, "Allow").await.unwrap().status, 403);
    assert_eq!(victim.press(&page, "Allow").await.unwrap().status, 400, "there is no second guess");
}

/// A2.10: a form that another site sends is told by the browser itself.
#[tokio::test]
async fn a2_10_cross_site_forms() {
    let world = World::asking().await;
    let browser = World::browser();
    let page = consent_page(&world, &browser).await;
    let body = page.forms()[0].encode(None) + "&decision=approve";
    let cookie = browser
        .cookies(&page.url)
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect::<Vec<_>>()
        .join("; ");
    let send = async |site: &str| {
        let headers = [
            ("content-type", "application/x-www-form-urlencoded"),
            ("cookie", cookie.as_str()),
            ("sec-fetch-site", site),
        ];
        world.send(Method::POST, "/authorize/decision", &headers, body.clone()).await
    };
    assert_eq!(send("cross-site").await.status, 403);
    assert_eq!(send("same-site").await.status, 403);
    assert_eq!(send("same-origin").await.status, 303, "the page itself");
    assert_eq!(send("same-origin").await.status, 400, "and only once");
}

/// A request can be answered once, and not for ever.
#[tokio::test]
async fn a_page_works_once_and_for_ten_minutes() {
    let world = World::asking().await;
    let browser = World::browser();
    let (first, second) = (consent_page(&world, &browser).await, consent_page(&world, &browser).await);
    assert!(browser.press(&second, "Allow").await.unwrap().stopped, "two tabs share one cookie");
    assert!(browser.press(&first, "Allow").await.unwrap().stopped);
    let again = browser.press(&first, "Allow").await.unwrap();
    assert!(again.status == 400 && again.text().contains("answered already"), "{}", again.text());
    let page = consent_page(&world, &browser).await;
    world.clock.advance(Duration::from_secs(600));
    assert_eq!(browser.press(&page, "Allow").await.unwrap().status, 400);
    let page = consent_page(&world, &browser).await;
    let mut forms = page.forms();
    forms[0].buttons[0].value = "perhaps".to_owned();
    assert_eq!(browser.press_in(&page, &forms, "perhaps").await.unwrap().status, 400);
}

/// The person is whom the cookie of the application names.
struct CookieUsers;

impl Users for CookieUsers {
    fn authenticate<'a>(&'a self, request: &'a Parts) -> BoxFuture<'a, Authentication> {
        let cookies = request.headers.get("cookie").and_then(|line| line.to_str().ok()).unwrap_or_default();
        let user = cookies.split("; ").find_map(|pair| pair.strip_prefix("user="));
        ready(match user {
            Some(user) => Authentication::User(User::new(user).with_name("Somebody")),
            None => {
                Authentication::Respond(Redirect::to("http://127.0.0.1:1/callback/login").into_response())
            }
        })
        .boxed()
    }
}

/// A person who is not known is sent to log in, and a decision counts only for the one who was asked.
#[tokio::test]
async fn the_application_says_who_the_person_is() {
    let world = World::with(|builder| builder.users(CookieUsers)).await;
    let page = world.open(&world.flow()).await;
    assert!(page.stopped && page.url.path() == "/callback/login");

    let url = world.authorize_url(&world.flow());
    let path = url.strip_prefix(&world.base).unwrap();
    let shown = world.send(Method::GET, path, &[("cookie", "user=alice")], "").await;
    let page = Page {
        url: url.parse().unwrap(),
        stopped: false,
        status: shown.status,
        headers: shown.headers.clone(),
        body: shown.body.clone(),
        history: Vec::new(),
    };
    assert!(page.text().contains("as Somebody"));
    let cookie = shown.header("set-cookie").split(';').next().unwrap().to_owned();
    let body = page.forms()[0].encode(None) + "&decision=approve";
    let headers = |user: &str| format!("{cookie}; user={user}");
    let bob = headers("bob");
    let form = ("content-type", "application/x-www-form-urlencoded");
    let answer = world.send(Method::POST, "/authorize/decision", &[form, ("cookie", &bob)], body).await;
    assert_eq!(answer.status, 403);
}
