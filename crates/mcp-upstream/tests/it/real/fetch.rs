//! The Python server mcp-server-fetch. It asks for robots.txt first, so the test's own web server has one.
use std::convert::Infallible;

use bytes::Bytes;
use http_body_util::Full;
use hyper::{Request, Response, body::Incoming, service::service_fn};
use hyper_util::rt::TokioIo;

use super::visit::{Visit, command};

/// A web server with one page; where it is.
pub(crate) async fn web_server() -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((connection, _)) = listener.accept().await {
            let serving = hyper::server::conn::http1::Builder::new().serve_connection(
                TokioIo::new(connection),
                service_fn(|request| async move { Ok::<_, Infallible>(page(&request)) }),
            );
            tokio::spawn(serving);
        }
    });
    format!("http://{address}")
}

fn page(request: &Request<Incoming>) -> Response<Full<Bytes>> {
    let (status, kind, text) = match request.uri().path() {
        "/robots.txt" => (200, "text/plain", "User-agent: *\nDisallow: /private\n"),
        "/page" => (200, "text/html; charset=utf-8", PAGE),
        _ => (404, "text/plain", "no such page"),
    };
    let mut response = Response::new(Full::new(Bytes::from_static(text.as_bytes())));
    *response.status_mut() = status.try_into().unwrap();
    response.headers_mut().insert(http::header::CONTENT_TYPE, http::HeaderValue::from_static(kind));
    response
}

#[tokio::test]
async fn a_page_is_fetched_if_robots_may() {
    let Some(command) = command("MCPO_TEST_FETCH") else { return };
    let web = web_server().await;
    let visit = Visit::over_stdio(command.args(["--allow-private-ips"])).await;
    visit.tools_named(&["fetch"]).await;
    let fetch = async |path: &str, raw: bool| {
        visit
            .text("fetch", &serde_json::json!({ "url": format!("{web}{path}"), "raw": raw }).to_string())
            .await
    };
    let (text, failed) = fetch("/page", true).await;
    assert!(!failed && text.contains("<h1>Grüße &amp; 世界</h1>"), "{text}");
    for refused in ["/private/page", "/nowhere"] {
        let (text, failed) = fetch(refused, true).await;
        assert!(failed, "{text}");
    }
    visit.close().await;
}

const PAGE: &str = "<!doctype html><html><head><title>A page</title></head><body><h1>Grüße &amp; 世界</h1>\
    <p>One paragraph with a <a href=\"/page\">link</a>.</p></body></html>";
