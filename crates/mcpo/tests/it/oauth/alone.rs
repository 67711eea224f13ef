//! Servers whose tokens nobody has to log in for (RFC 6749 §4.4).

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::{IntoResponse as _, Response};
use http::{HeaderMap, StatusCode, Uri, header};
use hyper_util::client::legacy::Client as Pool;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};
use testkit::mcp::{Framing, Script, ScriptedServer, reply};
use testkit::oauth::OAuthPeer;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::{call, call_local, config, page, status};
use crate::support::Home;

const SECRET: &str = "of-the-nightly-job";

/// A scripted MCP server that only those come to whom the authorization server lets.
struct Guarded {
    peer: OAuthPeer,
    scripted: ScriptedServer,
    url: String,
    serving: JoinHandle<()>,
}

struct Doors {
    pool: Pool<HttpConnector, Body>,
    guard: String,
    inside: String,
}

impl Guarded {
    async fn start() -> Self {
        let peer = OAuthPeer::start(|_| {}).await;
        peer.add_client("nightly", Some(SECRET), "client_secret_basic");
        let text = r#"{"type":"object","properties":{"text":{"type":"string"}}}"#;
        let scripted = Script::new().tool("echo", text, reply::echo()).serve_streamable(Framing::Json).await;
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}/mcp", listener.local_addr().expect("an address"));
        let resource = url.clone();
        peer.change(move |script| {
            script.resource_patch = json!({ "resource": resource });
            script.metadata_patch = json!({ "grant_types_supported": ["client_credentials"] });
        });
        let pool = Pool::builder(TokioExecutor::new()).build_http();
        let doors = Arc::new(Doors { pool, guard: peer.mcp_url(), inside: scripted.url().to_string() });
        let app = Router::new().route("/mcp", axum::routing::any(enter)).with_state(doors);
        let serving = tokio::spawn(async move { axum::serve(listener, app).await.expect("it serves") });
        Self { peer, scripted, url, serving }
    }

    fn entry(&self, secret: &str) -> Value {
        let oauth = json!({
            "grant_type": "client_credentials", "client_id": "nightly", "client_secret": secret,
            "issuer": self.peer.issuer(),
        });
        json!({ "type": "streamable-http", "url": self.url, "oauth": oauth })
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

/// What the guard refuses is answered as the guard does.
async fn enter(State(doors): State<Arc<Doors>>, mut request: Request) -> Response {
    let mut question = Request::get(&doors.guard).body(Body::empty()).expect("a request");
    if let Some(credentials) = request.headers().get(header::AUTHORIZATION) {
        question.headers_mut().insert(header::AUTHORIZATION, credentials.clone());
    }
    let verdict = doors.pool.request(question).await.expect("an answer");
    if verdict.status() != StatusCode::OK {
        let mut headers = HeaderMap::new();
        headers.extend(
            verdict
                .headers()
                .get(header::WWW_AUTHENTICATE)
                .map(|challenge| (header::WWW_AUTHENTICATE, challenge.clone())),
        );
        return (verdict.status(), headers).into_response();
    }
    *request.uri_mut() = doors.inside.parse::<Uri>().expect("an address");
    request.headers_mut().remove(header::HOST);
    match doors.pool.request(request).await {
        Ok(response) => response.map(Body::new),
        Err(_) => StatusCode::BAD_GATEWAY.into_response(),
    }
}

/// Nobody is asked: not at the start, not when the token ends. The server is told how the tokens come about.
#[tokio::test]
async fn client_credentials_ask_nobody() {
    let vault = Guarded::start().await;
    let home = Home::with_config(&config(&vault.entry(SECRET)));
    let proxy = home.start().await;
    proxy.ready("/vault/openapi.json").await;
    let reply = call(&proxy, "echo").await;
    assert_eq!((reply.status, reply.json()), (200, json!({ "text": "hello" })));
    vault.peer.expire_access_tokens();
    assert_eq!(call(&proxy, "echo").await.status, 200);
    assert_eq!((vault.peer.count("/authorize"), vault.peer.count("/register")), (0, 0));
    assert!(!page(&proxy).await.contains("Log in"));
    let hello = vault.scripted.wait_for(|request| request.body.contains("clientInfo")).await;
    assert!(hello.body.contains("io.modelcontextprotocol/oauth-client-credentials"), "{}", hello.body);
    assert!(!proxy.log().contains(SECRET), "{}", proxy.log());
}

/// A secret that is refused is an outage like any other: told, tried again, and nobody is sent to a login.
#[tokio::test]
async fn client_credentials_that_are_refused() {
    let vault = Guarded::start().await;
    let home = Home::with_config(&config(&vault.entry("another")));
    let proxy = home.start().await;
    let down = async || (status(&proxy).await == "failed").then_some(());
    proxy.eventually("it is told", down).await;
    let line = proxy.logged("invalid_client").await;
    assert!(line.contains("vault"), "{line}");
    let text = page(&proxy).await;
    assert!(text.contains("the proxy got no token") && !text.contains("Log in"), "{text}");
    assert_eq!(call(&proxy, "echo").await.status, 503);
    call_local(&proxy).await;
    vault.peer.add_client("nightly", Some("another"), "client_secret_basic");
    proxy.ready("/vault/openapi.json").await;
    assert!(!proxy.log().contains("another"), "{}", proxy.log());
}
