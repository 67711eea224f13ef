//! The API key, and what a browser on another page may do.

use http::Method;
use hyper::body::Bytes;
use serde_json::json;

use crate::support::{Client, Proxy, Reply};

const KEY: &str = "top secret/ü";
const TEXT: &str = r#"{"text":"one two"}"#;

async fn proxy(flags: &[&str]) -> Proxy {
    let server = ["--", env!("CARGO_BIN_EXE_mcpo"), "demo-server"];
    Proxy::start(flags.iter().chain(&server)).await
}

async fn call(client: Client) -> Reply {
    client.send("POST", "/text_statistics", Bytes::from_static(TEXT.as_bytes())).await.expect("an answer")
}

#[tokio::test]
async fn a_key_guards_the_tools_and_not_the_documents() {
    let proxy = proxy(&["--api-key", "k1"]).await;
    proxy.ready("/openapi.json").await;
    let reply = call(proxy.client()).await;
    assert_eq!(reply.status, 401);
    assert_eq!(reply.json(), json!({ "detail": "Missing or invalid Authorization header" }));
    assert_eq!(reply.header("www-authenticate"), "Bearer");

    let reply = call(proxy.client().with_header("authorization", "Bearer k2")).await;
    assert_eq!((reply.status, reply.json()), (403, json!({ "detail": "Invalid API key" })));
    // The scheme is case-insensitive (RFC 9110 §11.1).
    for scheme in ["Bearer", "bearer"] {
        let reply = call(proxy.client().with_header("authorization", &format!("{scheme} k1"))).await;
        assert_eq!((reply.status, reply.json()["words"].clone()), (200, json!(2)));
    }
    for open in ["/openapi.json", "/docs", "/redoc"] {
        assert_eq!(proxy.get(open).await.status, 200, "{open}");
    }
    let document = proxy.get("/openapi.json").await.json();
    assert_eq!(
        document["components"]["securitySchemes"]["HTTPBearer"],
        json!({ "type": "http", "scheme": "bearer" })
    );
    assert_eq!(document["paths"]["/text_statistics"]["post"]["security"], json!([{ "HTTPBearer": [] }]));
}

#[tokio::test]
async fn strict_auth_guards_everything_and_takes_basic_too() {
    let proxy = proxy(&["--api-key", "k1", "--strict-auth"]).await;
    let reply = proxy.get("/openapi.json").await;
    assert_eq!(reply.status, 401);
    assert_eq!(reply.header("www-authenticate"), "Bearer, Basic");
    // any:k1, any:k2
    for (credentials, status) in [("YW55Omsx", 200), ("YW55Omsy", 403)] {
        let client = proxy.client().with_header("authorization", &format!("Basic {credentials}"));
        assert_eq!(client.get("/openapi.json").await.status, status);
        assert_eq!(call(client).await.status, status);
    }
}

#[tokio::test]
async fn a_key_from_the_environment_stays_out_of_the_process_list() {
    let proxy = Proxy::prepared(|command| {
        command.args(crate::support::LOCAL).args(["--", env!("CARGO_BIN_EXE_mcpo"), "demo-server"]);
        command.env("MCPO_API_KEY", KEY);
    })
    .await;
    proxy.ready("/openapi.json").await;
    assert_eq!(call(proxy.client()).await.status, 401);
    assert!(!proxy.log().contains(KEY) && !proxy.output().contains(KEY));
}

/// mcpo echoes any origin and allows credentials with it.
#[tokio::test]
async fn any_origin_means_no_credentials() {
    let proxy = proxy(&[]).await;
    let client = proxy.client().with_header("origin", "https://evil.example");
    let reply = call(client).await;
    assert_eq!(reply.status, 200);
    assert_eq!(reply.header("access-control-allow-origin"), "*");
    assert_eq!(reply.header("access-control-allow-credentials"), "");
}

#[tokio::test]
async fn a_named_origin_may_send_credentials_and_reads_refusals() {
    let proxy = proxy(&["--api-key", "k1", "--cors-allow-origins", "https://chat.example.com"]).await;
    let reply = call(proxy.client().with_header("origin", "https://chat.example.com")).await;
    assert_eq!(reply.status, 401, "refused, and readable by the page");
    assert_eq!(reply.header("access-control-allow-origin"), "https://chat.example.com");
    assert_eq!(reply.header("access-control-allow-credentials"), "true");

    let preflight = proxy
        .client()
        .with_header("origin", "https://chat.example.com")
        .with_header("access-control-request-method", "POST")
        .with_header("access-control-request-headers", "authorization,content-type");
    let reply =
        preflight.send(Method::OPTIONS.as_str(), "/text_statistics", Bytes::new()).await.expect("an answer");
    assert_eq!(reply.status, 200);
    assert_eq!(reply.header("access-control-allow-headers"), "authorization,content-type");
    let reply = call(proxy.client().with_header("origin", "https://evil.example")).await;
    assert_eq!(reply.header("access-control-allow-origin"), "");
}
