//! A protected MCP server in this process: our authorization server and token check in front of a scripted server.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse as _, Response};
use http::{HeaderMap, StatusCode, Uri, header};
use hyper_util::client::legacy::Client as Pool;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use mcp_oauth_core::{Issuer, ResourceUri, ScopeSet, ScopeToken};
use mcp_oauth_server::{AuthorizationServer, Client, Lifetimes, ProtectedResource, Registration, ToolScopes};
use serde_json::{Value, json};
use testkit::mcp::{Framing, Script, ScriptedServer, reply};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// What the server is to be like. Change what a scenario needs.
pub(crate) struct Plan {
    /// Its tools.
    pub(crate) script: Script,
    /// Speaks HTTP+SSE of 2024-11-05.
    pub(crate) sse: bool,
    /// Clients known from the start.
    pub(crate) clients: Vec<Client>,
    /// Who may register.
    pub(crate) registration: Registration,
    /// How long access tokens live.
    pub(crate) access_token: Duration,
}

impl Default for Plan {
    fn default() -> Self {
        let text = r#"{"type":"object","properties":{"text":{"type":"string"}}}"#;
        let script = Script::new()
            .tool("echo", text, reply::echo())
            .tool("slow", r#"{"type":"object"}"#, reply::slow(1500))
            .tool("write", text, reply::echo())
            .tool("erase", text, reply::echo());
        Self {
            script,
            sse: false,
            clients: Vec::new(),
            registration: Registration::Open,
            access_token: Lifetimes::default().access_token,
        }
    }
}

/// The running server. Every request needs `mcp:read`; the tool `write` needs `mcp:write` too, and `erase` `mcp:erase`.
pub(crate) struct Protected {
    origin: String,
    path: &'static str,
    shared: Arc<Shared>,
    scripted: ScriptedServer,
    serving: JoinHandle<()>,
}

/// One request that arrived.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    /// Method and path, such as `POST /token`.
    pub(crate) what: String,
    /// Its headers.
    pub(crate) headers: HeaderMap,
    /// The body of a request for a token; else empty.
    pub(crate) form: Vec<(String, String)>,
    /// What was answered.
    pub(crate) status: u16,
}

impl Seen {
    fn bearer(&self) -> Option<&str> {
        self.headers.get(header::AUTHORIZATION)?.to_str().ok()?.strip_prefix("Bearer ")
    }

    /// Whether this is a request for a token with this grant type.
    pub(crate) fn asks_for(&self, grant_type: &str) -> bool {
        self.form.iter().any(|(name, value)| name == "grant_type" && value == grant_type)
    }
}

#[derive(Default)]
struct Shared {
    origin: String,
    path: &'static str,
    seen: Mutex<Vec<Seen>>,
    /// Everything secret that was handed out or presented.
    secrets: Mutex<HashSet<String>>,
    /// Access tokens that are not taken any more.
    rejected: Mutex<HashSet<String>>,
    refuses_refresh: Mutex<bool>,
}

impl Protected {
    /// Starts one as usual.
    pub(crate) async fn start() -> Self {
        Self::planned(|_| ()).await
    }

    /// Starts one with changes.
    pub(crate) async fn planned(change: impl FnOnce(&mut Plan)) -> Self {
        let mut plan = Plan::default();
        change(&mut plan);
        let path = if plan.sse { "/sse" } else { "/mcp" };
        let scripted = if plan.sse {
            plan.script.serve_sse().await
        } else {
            plan.script.serve_streamable(Framing::Json).await
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let origin = format!("http://{}", listener.local_addr().expect("an address"));
        let issuer = Issuer::parse(&origin).expect("an issuer");
        let resource = ResourceUri::parse(&format!("{origin}{path}")).expect("a resource");
        let mut lifetimes = Lifetimes::default();
        lifetimes.access_token = plan.access_token;
        let scope = |text: &str| ScopeToken::parse(text).expect("a scope");
        let mut builder = AuthorizationServer::builder(issuer.clone())
            .name("Vault")
            .resource(resource.clone())
            .scope(scope("mcp:read"), "Read")
            .scope(scope("mcp:write"), "Write")
            .scope(scope("mcp:erase"), "Erase")
            .registration(plan.registration)
            .lifetimes(lifetimes);
        for client in plan.clients {
            builder = builder.client(client);
        }
        let server = builder.build().expect("an authorization server");
        let scopes = |text: &str| ScopeSet::parse(text).expect("scopes");
        let tools = ToolScopes::new(scopes("mcp:read"))
            .tool("write", scopes("mcp:write"))
            .tool("erase", scopes("mcp:erase"));
        let resource = ProtectedResource::new(resource, &issuer, scopes("mcp:read"), server.verifier())
            .with_tool_scopes(tools);
        let shared = Arc::new(Shared { origin: origin.clone(), path, ..Shared::default() });
        let behind = Arc::new(Behind {
            origin: scripted.url().origin().ascii_serialization(),
            pool: Pool::builder(TokioExecutor::new()).build_http(),
        });
        let app = Router::new()
            .route(path, axum::routing::any(pass_on))
            .route("/messages", axum::routing::any(pass_on))
            .with_state(behind)
            .layer(resource.layer())
            .merge(resource.metadata_router())
            .merge(server.router())
            .layer(middleware::from_fn_with_state(Arc::clone(&shared), watch));
        let serving = tokio::spawn(async move { axum::serve(listener, app).await.expect("it serves") });
        Self { origin, path, shared, scripted, serving }
    }

    /// Its MCP endpoint.
    pub(crate) fn url(&self) -> String {
        format!("{}{}", self.origin, self.path)
    }

    /// Its base address, which is its issuer as well.
    pub(crate) fn origin(&self) -> &str {
        &self.origin
    }

    /// What is behind the token check.
    pub(crate) fn scripted(&self) -> &ScriptedServer {
        &self.scripted
    }

    /// All requests so far.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        lock(&self.shared.seen).clone()
    }

    /// How many requests there were for a method and path, such as `POST /register`.
    pub(crate) fn count(&self, what: &str) -> usize {
        self.seen().iter().filter(|seen| seen.what == what).count()
    }

    /// How many requests for a token had this grant type.
    pub(crate) fn tokens(&self, grant_type: &str) -> usize {
        self.seen().iter().filter(|seen| seen.asks_for(grant_type)).count()
    }

    /// Every code, verifier and token so far.
    pub(crate) fn secrets(&self) -> Vec<String> {
        lock(&self.shared.secrets).iter().cloned().collect()
    }

    /// From now on the access tokens used so far are refused.
    pub(crate) fn reject_access_tokens(&self) {
        let used = self.seen().iter().filter_map(|seen| seen.bearer().map(str::to_owned)).collect::<Vec<_>>();
        lock(&self.shared.rejected).extend(used);
    }

    /// Whether refresh tokens are refused, as those of an ended grant are.
    pub(crate) fn refuse_refresh(&self, refuse: bool) {
        *lock(&self.shared.refuses_refresh) = refuse;
    }
}

impl Drop for Protected {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

/// Writes down what comes, and refuses what a scenario wants refused.
async fn watch(State(shared): State<Arc<Shared>>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let is_token = parts.uri.path() == "/token";
    let body = to_bytes(body, BODY_LIMIT).await.expect("a small body");
    let form: Vec<(String, String)> =
        if is_token { url::form_urlencoded::parse(&body).into_owned().collect() } else { Vec::new() };
    let mut seen = Seen {
        what: format!("{} {}", parts.method, parts.uri.path()),
        headers: parts.headers.clone(),
        form,
        status: 0,
    };
    for (name, value) in &seen.form {
        if ["code", "code_verifier", "refresh_token"].contains(&name.as_str()) {
            lock(&shared.secrets).insert(value.clone());
        }
    }
    let rejected = seen.bearer().is_some_and(|token| lock(&shared.rejected).contains(token));
    let refused = *lock(&shared.refuses_refresh) && seen.asks_for("refresh_token");
    let mut response = if rejected {
        let Shared { origin, path, .. } = &*shared;
        let challenge = format!(
            r#"Bearer error="invalid_token", resource_metadata="{origin}/.well-known/oauth-protected-resource{path}""#
        );
        (StatusCode::UNAUTHORIZED, [(header::WWW_AUTHENTICATE, challenge)]).into_response()
    } else if refused {
        (StatusCode::BAD_REQUEST, axum::Json(json!({ "error": "invalid_grant" }))).into_response()
    } else {
        next.run(Request::from_parts(parts, Body::from(body))).await
    };
    if is_token {
        let (parts, body) = response.into_parts();
        let body = to_bytes(body, BODY_LIMIT).await.expect("a small answer");
        let answer: Value = serde_json::from_slice(&body).unwrap_or_default();
        let tokens = ["access_token", "refresh_token"].into_iter().filter_map(|name| answer[name].as_str());
        lock(&shared.secrets).extend(tokens.map(str::to_owned));
        response = Response::from_parts(parts, Body::from(body));
    }
    seen.status = response.status().as_u16();
    lock(&shared.seen).push(seen);
    response
}

struct Behind {
    origin: String,
    pool: Pool<HttpConnector, Body>,
}

async fn pass_on(State(behind): State<Arc<Behind>>, mut request: Request) -> Response {
    let path = request.uri().path_and_query().map(ToString::to_string).unwrap_or_default();
    *request.uri_mut() = format!("{}{path}", behind.origin).parse::<Uri>().expect("an address");
    request.headers_mut().remove(header::HOST);
    match behind.pool.request(request).await {
        Ok(response) => response.map(Body::new),
        Err(_) => StatusCode::BAD_GATEWAY.into_response(),
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

const BODY_LIMIT: usize = 1024 * 1024;
