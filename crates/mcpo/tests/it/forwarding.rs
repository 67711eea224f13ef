//! Headers: the caller's that go on to an MCP server, and the configured ones.

use hyper::body::Bytes;
use serde_json::{Value, json};
use testkit::mcp::{Framing, Script, ScriptedServer, reply};

use crate::support::Proxy;

async fn echo() -> ScriptedServer {
    let script = Script::new().tool("echo", r#"{"type":"object"}"#, reply::echo());
    script.serve_streamable(Framing::Json).await
}

/// The headers that a call of these headers arrives with.
async fn arrives(forwarding: Value, sent: &[(&str, &str)]) -> http::HeaderMap {
    let server = echo().await;
    let config = json!({ "mcpServers": { "remote": {
        "type": "streamable-http",
        "url": server.url(),
        "headers": { "X-Own": "ours", "X-Tenant": "configured" },
        "client_header_forwarding": forwarding,
    } } });
    let proxy = Proxy::with_config(&config).await;
    proxy.ready("/remote/openapi.json").await;
    let client = sent.iter().fold(proxy.client(), |client, (name, value)| client.with_header(name, value));
    let reply = client.send("POST", "/remote/echo", Bytes::from_static(b"{}")).await.expect("an answer");
    assert_eq!(reply.status, 200, "{}", reply.text());
    server.wait_for(|request| request.body.contains("tools/call")).await.headers
}

fn value<'a>(headers: &'a http::HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

const SENT: [(&str, &str); 6] = [
    ("X-User-Id", "42"),
    ("x-user-name", "Zo\u{e9}"),
    ("X-Other", "other"),
    ("Authorization", "Bearer the callers own"),
    ("Cookie", "session=1"),
    ("MCP-Session-Id", "stolen"),
];

/// Defect 19: mcpo computes the headers and never sends them.
#[tokio::test]
async fn d19_the_callers_headers_reach_the_server() {
    let forwarding = json!({ "enabled": true, "whitelist": ["x-USER-*"] });
    let headers = arrives(forwarding, &SENT).await;
    assert_eq!(value(&headers, "x-user-id"), Some("42"));
    assert_eq!(headers.get("x-user-name").expect("it arrives").as_bytes(), "Zo\u{e9}".as_bytes());
    for absent in ["x-other", "authorization", "cookie"] {
        assert_eq!(value(&headers, absent), None, "{absent}");
    }
    assert_eq!(value(&headers, "mcp-session-id"), Some("1"), "the session is ours");
    assert_eq!(value(&headers, "x-own"), Some("ours"));
    assert_eq!(value(&headers, "content-type"), Some("application/json"));
}

#[tokio::test]
async fn d19_everything_but_credentials_and_what_is_denied() {
    let forwarding = json!({ "enabled": true, "blacklist": ["X-Other"] });
    let headers = arrives(forwarding, &[&SENT[..], &[("TE", "trailers"), ("X-Last", "last")]].concat()).await;
    assert_eq!((value(&headers, "x-user-id"), value(&headers, "x-last")), (Some("42"), Some("last")));
    for absent in ["x-other", "authorization", "cookie", "te"] {
        assert_eq!(value(&headers, absent), None, "{absent}");
    }
}

/// C13.4: a caller's token is for the proxy, not for the servers behind it.
#[tokio::test]
async fn d19_credentials_go_on_only_when_they_are_named() {
    let forwarding = json!({ "enabled": true, "whitelist": ["authorization"] });
    let headers = arrives(forwarding, &SENT).await;
    assert_eq!(value(&headers, "authorization"), Some("Bearer the callers own"));
    assert_eq!(value(&headers, "cookie"), None);
}

#[tokio::test]
async fn d19_nothing_goes_on_unless_it_is_switched_on() {
    for forwarding in [json!({ "whitelist": ["X-User-Id"] }), json!({ "enabled": false, "whitelist": ["*"] })]
    {
        let headers = arrives(forwarding, &SENT).await;
        assert!(SENT.iter().take(5).all(|(name, _)| !headers.contains_key(*name)), "{headers:?}");
    }
}

/// What the operator configured is not the caller's to change.
#[tokio::test]
async fn d19_a_configured_header_wins_over_the_callers() {
    let headers = arrives(json!({ "enabled": true }), &[("X-Tenant", "another")]).await;
    let all: Vec<_> = headers.get_all("x-tenant").iter().collect();
    assert_eq!(all, ["configured"]);
    let named = json!({ "enabled": true, "whitelist": ["x-tenant"] });
    let headers = arrives(named, &[("X-Tenant", "another")]).await;
    let all: Vec<_> = headers.get_all("x-tenant").iter().collect();
    assert_eq!(all, ["another"], "unless the operator says so");
}

/// `--header` for the single remote server, on every request.
#[tokio::test]
async fn the_header_flag_reaches_the_server() {
    let server = echo().await;
    let url = server.url().to_string();
    let flag = r#"{"X-Key": "k1", "Authorization": "Bearer fixed"}"#;
    let proxy = Proxy::start(["--type", "streamable-http", "--header", flag, "--", &url]).await;
    proxy.ready("/openapi.json").await;
    assert_eq!(proxy.post("/echo", &json!({})).await.status, 200);
    server.wait_for(|request| request.body.contains("tools/call")).await;
    for request in server.recorded() {
        assert_eq!(value(&request.headers, "x-key"), Some("k1"), "{request:?}");
        assert_eq!(value(&request.headers, "authorization"), Some("Bearer fixed"), "{request:?}");
    }
    assert!(!proxy.log().contains("fixed") && !proxy.log().contains("k1"), "{}", proxy.log());
}

/// 2026-07-28, basic, "OpenTelemetry trace context": it travels in `_meta`, to servers of every revision and kind.
#[tokio::test]
async fn the_callers_trace_reaches_the_server() {
    const PARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-00f067aa0ba902b7-01";
    let headers = [("traceparent", PARENT), ("tracestate", "vendor=1")];
    let server = echo().await;
    let proxy = Proxy::with_config(&json!({ "mcpServers": { "remote": { "url": server.url() } } })).await;
    proxy.ready("/remote/openapi.json").await;
    let client = headers.iter().fold(proxy.client(), |client, (name, value)| client.with_header(name, value));
    client.send("POST", "/remote/echo", Bytes::from_static(b"{}")).await.expect("an answer");
    let call = server.wait_for(|request| request.body.contains("tools/call")).await;
    let body: Value = serde_json::from_str(&call.body).expect("a request");
    let meta = &body["params"]["_meta"];
    assert_eq!((&meta["traceparent"], &meta["tracestate"]), (&json!(PARENT), &json!("vendor=1")));
    assert!(call.headers.get("traceparent").is_none(), "headers go on only if the configuration says so");
}
