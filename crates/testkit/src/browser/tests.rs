use std::net::SocketAddr;

use axum::Router;
use axum::extract::RawForm;
use axum::http::header::{CONTENT_SECURITY_POLICY, LOCATION, SET_COOKIE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Html;
use axum::routing::{get, post};

use super::{Browser, BrowserError};

const PAGE: &str = r#"<!doctype html><title>Nope</title><style>a{content:"<form>"}</style>
<h1>Fish &amp; chips</h1>
<form action="/order?x=1&amp;y=2" method="POST">
  <input type=hidden name=csrf value='a&amp;b"c'><input name=note><input type=checkbox name=off>
  <input type=checkbox name=on checked><button name=decision value=deny>No,  thanks</button>
  <button name=decision value=approve><b>Yes</b></button>
</form>"#;

async fn serve(router: Router) -> SocketAddr {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

fn router(policy: &'static str) -> Router {
    let order = async |headers: HeaderMap, RawForm(body): RawForm| {
        let cookie = headers.get("cookie").and_then(|value| value.to_str().ok()).unwrap_or("none").to_owned();
        let seen = format!("{}|{cookie}", String::from_utf8_lossy(&body));
        (StatusCode::SEE_OTHER, [(LOCATION, format!("myapp.test:/done?{seen}"))])
    };
    Router::new()
        .route(
            "/",
            get(async move || ([(CONTENT_SECURITY_POLICY, policy), (SET_COOKIE, "a=1; Path=/")], Html(PAGE))),
        )
        .route(
            "/start",
            get(async || (StatusCode::FOUND, [(LOCATION, "/"), (SET_COOKIE, "b=2; Path=/other")])),
        )
        .route("/order", post(order))
        .route("/loop", get(async || (StatusCode::FOUND, [(LOCATION, "/loop")])))
}

#[tokio::test]
async fn it_walks_through_redirects_and_a_form() {
    let address = serve(router("form-action 'self' myapp.test:")).await;
    let browser = Browser::new();
    let page = browser.open(&format!("http://{address}/start")).await.expect("a page");
    assert_eq!((page.history.len(), page.url.path()), (1, "/"));
    assert_eq!(page.text(), "Fish & chips No, thanks Yes");
    let mut forms = page.forms();
    forms[0].fill("note", "ü ");
    assert_eq!(forms[0].field("csrf"), Some("a&b\"c"));
    let end = browser.press_in(&page, &forms, "Yes").await.expect("an answer");
    assert!(end.stopped);
    assert_eq!(end.url.as_str(), "myapp.test:/done?csrf=a%26b%22c&note=%C3%BC+&on=on&decision=approve|a=1");
}

#[tokio::test]
async fn a_form_goes_only_where_the_policy_lets_it() {
    let address = serve(router("form-action 'self'")).await;
    let browser = Browser::new();
    let page = browser.open(&format!("http://{address}/")).await.expect("a page");
    let error = browser.press(&page, "approve").await.expect_err("the redirect leaves 'self'");
    assert!(matches!(error, BrowserError::FormAction { .. }), "{error}");
    assert!(matches!(browser.press(&page, "maybe").await, Err(BrowserError::Button { count: 0, .. })));
}

#[tokio::test]
async fn redirects_end_somewhere() {
    let address = serve(router("")).await;
    let stopping = Browser::new().stop_at(format!("http://{address}/loop"));
    assert!(stopping.open(&format!("http://{address}/start")).await.expect("a page").status.is_success());
    let error = Browser::new().open(&format!("http://{address}/loop")).await.expect_err("a loop");
    assert!(matches!(error, BrowserError::TooManyRedirects { .. }), "{error}");
}
