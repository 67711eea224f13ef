//! Refusals that the refused page can read (defect 20), and what a preflight may ask (defect 21).

use hyper::body::Bytes;

use crate::support::{Client, Proxy};

const ORIGIN: &str = "https://chat.example.com";

async fn proxy(flags: &[&str]) -> Proxy {
    let server = ["--", env!("CARGO_BIN_EXE_mcpo"), "demo-server"];
    Proxy::start(flags.iter().chain(&server)).await
}

fn page(proxy: &Proxy) -> Client {
    proxy.client().with_header("origin", ORIGIN)
}

/// mcpo's 401 and 403 come without CORS headers, so a page sees a network error instead of the reason.
#[tokio::test]
async fn d20_every_refusal_can_be_read() {
    for origins in [&[][..], &["--cors-allow-origins", ORIGIN]] {
        let flags = [&["--api-key", "k1", "--strict-auth"], origins].concat();
        let proxy = proxy(&flags).await;
        let allowed = if origins.is_empty() { "*" } else { ORIGIN };
        for (credentials, status) in [
            (None, 401),
            (Some("Bearer k2"), 403),
            (Some("Basic !"), 401),
            (Some("Digest x"), 401),
            (Some("Bearer k1"), 200),
        ] {
            let page = credentials
                .map_or_else(|| page(&proxy), |value| page(&proxy).with_header("authorization", value));
            let reply = page.get("/openapi.json").await;
            assert_eq!(reply.status, status, "{credentials:?}");
            assert_eq!(reply.header("access-control-allow-origin"), allowed, "{credentials:?}");
            assert!(reply.status != 401 || !reply.header("www-authenticate").is_empty());
        }
        let lost = page(&proxy).with_header("authorization", "Bearer k1").get("/_mcpo/nothing").await;
        assert_eq!((lost.status, lost.header("access-control-allow-origin")), (404, allowed));
    }
}

/// A browser sends no credentials with a preflight, so strict mode lets it pass; the call behind it needs the key all the same.
#[tokio::test]
async fn d21_a_preflight_passes_and_any_origin_gets_no_credentials() {
    let proxy = proxy(&["--api-key", "k1", "--strict-auth"]).await;
    let preflight = page(&proxy)
        .with_header("access-control-request-method", "POST")
        .with_header("access-control-request-headers", "authorization,content-type");
    let reply = preflight.send("OPTIONS", "/text_statistics", Bytes::new()).await.expect("an answer");
    assert_eq!(reply.status, 200);
    assert_eq!(reply.header("access-control-allow-origin"), "*");
    assert_eq!(reply.header("access-control-allow-credentials"), "");
    assert_eq!(reply.header("access-control-allow-headers"), "authorization,content-type");
    let reply =
        page(&proxy).send("POST", "/text_statistics", Bytes::from_static(b"{}")).await.expect("an answer");
    assert_eq!((reply.status, reply.header("access-control-allow-credentials")), (401, ""));
}
