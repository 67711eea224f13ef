use std::convert::Infallible;

use axum::body::Body;
use axum::response::Response;
use http::{Request, StatusCode};
use tower::{ServiceBuilder, ServiceExt as _, service_fn};

use super::LocalGuard;

async fn status(headers: &[(&str, &str)]) -> StatusCode {
    let guard = LocalGuard::new().allow_host("mcp.lan:8000").allow_origin("https://inspector.test");
    let service = ServiceBuilder::new()
        .layer(guard.layer())
        .service(service_fn(async |_: Request<Body>| Ok::<_, Infallible>(Response::new(Body::empty()))));
    let request =
        headers.iter().fold(Request::builder(), |request, (name, value)| request.header(*name, *value));
    service.oneshot(request.body(Body::empty()).unwrap()).await.unwrap().status()
}

/// R11: the name in `Host` must be one of this machine, whatever it resolves to.
#[tokio::test]
async fn r11_dns_rebinding_is_refused() {
    for host in ["127.0.0.1:3000", "localhost", "LOCALHOST:1", "[::1]:3000", "127.9.9.9", "MCP.lan:8000"] {
        assert_eq!(status(&[("host", host)]).await, StatusCode::OK, "{host}");
    }
    for host in [
        "evil.test",
        "localhost.evil.test",
        "mcp.lan",
        "127.0.0.1@evil.test",
        "",
        "192.168.0.1",
        "localhost/x",
    ] {
        assert_eq!(status(&[("host", host)]).await, StatusCode::FORBIDDEN, "{host}");
    }
    assert_eq!(status(&[]).await, StatusCode::FORBIDDEN, "no name at all");
    assert_eq!(status(&[("host", "localhost"), ("host", "evil.test")]).await, StatusCode::FORBIDDEN);
}

/// R11: pages of other sites are refused; programs send no `Origin`.
#[tokio::test]
async fn r11_other_sites_are_refused() {
    let host = ("host", "localhost:3000");
    for origin in ["http://localhost:5173", "http://127.0.0.1:3000", "https://inspector.test"] {
        assert_eq!(status(&[host, ("origin", origin)]).await, StatusCode::OK, "{origin}");
    }
    let own = [host, ("origin", "null"), ("sec-fetch-site", "same-origin")];
    assert_eq!(status(&own).await, StatusCode::OK, "the form of a page without a referrer");
    assert_eq!(
        status(&[host, ("origin", "null"), ("sec-fetch-site", "cross-site")]).await,
        StatusCode::FORBIDDEN
    );
    for origin in ["https://evil.test", "null", "http://localhost.evil.test", "file://localhost", "*"] {
        assert_eq!(status(&[host, ("origin", origin)]).await, StatusCode::FORBIDDEN, "{origin}");
    }
}
