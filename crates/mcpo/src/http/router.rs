//! From a request to what answers it.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use axum::body::HttpBody as _;
use axum::extract::Request;
use axum::http::request::Parts;
use axum::http::{HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Redirect, Response};
use bytes::Bytes;
use futures_util::FutureExt as _;
use futures_util::future::Either;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use tower::{Layer as _, ServiceExt as _, service_fn};
use tower_http::cors::{AllowHeaders, AllowMethods, AllowOrigin, CorsLayer};

use super::access::Gate;
use super::call::{Asked, call, unavailable};
use super::peer::{is_at_this_machine, may_log_in};
use super::problem;
use super::route::{OWN, Page, Route, route};
use crate::config::{ApiFacts, Limits, Settings};
use crate::dashboard;
use crate::docs::{self, PageKind};
use crate::openapi;
use crate::registry::{Registry, Server};
use crate::upstream::{Login, Status};

/// What every request reads.
#[derive(Debug)]
pub struct Proxy {
    registry: Arc<ArcSwap<Registry>>,
    gate: Gate,
    api: ApiFacts,
    root_path: String,
    path_prefix: String,
    limits: Limits,
}

impl Proxy {
    /// The proxy of these settings and the registry that its supervisors publish to.
    pub fn new(settings: &Settings, registry: Arc<ArcSwap<Registry>>) -> Arc<Self> {
        Arc::new(Self {
            registry,
            gate: Gate::new(&settings.access),
            api: settings.api.clone(),
            root_path: settings.root_path.clone(),
            path_prefix: settings.path_prefix.clone(),
            limits: settings.limits.clone(),
        })
    }
}

/// The proxy as something that answers requests. A clone is another handle to it.
#[derive(Clone)]
pub struct Endpoint {
    proxy: Arc<Proxy>,
    cors: CorsLayer,
}

impl std::fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Endpoint")
    }
}

impl Endpoint {
    /// The endpoint of a proxy. `cors_origins`: who may call from a browser; empty: anybody, without credentials.
    pub fn new(proxy: Arc<Proxy>, cors_origins: &[HeaderValue]) -> Self {
        Self { proxy, cors: cors(cors_origins) }
    }

    /// Answers one request.
    pub fn answer(self, request: Request) -> impl Future<Output = Response> + Send + 'static {
        // Programs name no origin, and nobody keeps the answer to a POST: what CORS would add says nothing to them.
        if request.method() == Method::POST && !request.headers().contains_key(header::ORIGIN) {
            Either::Left(answer(self.proxy, request))
        } else {
            // In memory of its own, so that the many calls of programs are not larger for it.
            Either::Right(Box::pin(self.answer_page(request)))
        }
    }

    /// Answers a request that may come from a web page.
    async fn answer_page(self, request: Request) -> Response {
        let Self { proxy, cors } = self;
        // Outside of the guard, so that a refusal can be read by the page that was refused.
        let guarded = service_fn(move |request| answer(Arc::clone(&proxy), request).map(Ok::<_, Infallible>));
        match cors.layer(guarded).oneshot(request).await {
            Ok(response) => own_pages_are_ours(response),
            Err(never) => match never {},
        }
    }
}

/// `*` never goes with credentials: any page could then act as the person who visits it.
fn cors(origins: &[HeaderValue]) -> CorsLayer {
    let layer = CorsLayer::new()
        .allow_methods(AllowMethods::mirror_request())
        .allow_headers(AllowHeaders::mirror_request());
    if origins.is_empty() {
        layer.allow_origin(AllowOrigin::any())
    } else {
        layer.allow_origin(AllowOrigin::list(origins.iter().cloned())).allow_credentials(true)
    }
}

/// Marks what other sites' pages have no business with: the proxy's own page and its logins.
#[derive(Debug, Clone, Copy)]
struct OwnPage;

fn own(mut response: Response) -> Response {
    response.extensions_mut().insert(OwnPage);
    response
}

fn own_pages_are_ours(mut response: Response) -> Response {
    if response.extensions().get::<OwnPage>().is_some() {
        response.headers_mut().remove(header::ACCESS_CONTROL_ALLOW_ORIGIN);
        response.headers_mut().remove(header::ACCESS_CONTROL_ALLOW_CREDENTIALS);
    }
    response
}

/// What a request comes to, as far as that can be said at once.
enum Decision {
    Respond(Response),
    /// Somebody wants to log in to this server.
    LogIn(Arc<Server>),
    /// A tool of this server is to be called.
    Call(Arc<Server>, String),
}

async fn answer(proxy: Arc<Proxy>, request: Request) -> Response {
    match decide(&proxy, &request) {
        Decision::Respond(response) => response,
        Decision::LogIn(server) => own(Box::pin(login(&server, proxy.limits.reconnect_wait)).await),
        Decision::Call(server, tool) => {
            let asked = match read(request, &proxy.limits).await {
                Ok((parts, body)) => Asked::new(&server, &parts.headers, &body),
                Err(refused) => return refused,
            };
            call(&server, &tool, asked, proxy.limits.reconnect_wait).await
        }
    }
}

fn decide(proxy: &Proxy, request: &Request) -> Decision {
    // `--strict-auth`: everything but preflights needs the key.
    if proxy.gate.guards_everything()
        && request.method() != Method::OPTIONS
        && let Err(denied) = proxy.gate.check(request.headers())
    {
        return Decision::Respond(denied.into_response());
    }
    let registry = proxy.registry.load();
    let get = matches!(*request.method(), Method::GET | Method::HEAD);
    if let Some(location) = without_slash(request.uri(), |path| {
        !matches!(
            route(path, &proxy.root_path, &proxy.path_prefix, &registry, get),
            Route::Unknown | Route::Index
        )
    }) {
        return Decision::Respond(Redirect::temporary(&location).into_response());
    }
    let route = route(request.uri().path(), &proxy.root_path, &proxy.path_prefix, &registry, get);
    Decision::Respond(match route {
        Route::Tool(server, tool) => return proxy.tool(server, tool.into_owned(), request),
        Route::Unknown => problem::not_found().into_response(),
        _ if !get => not_allowed("GET"),
        Route::Index => {
            let local = is_at_this_machine(request.extensions(), request.headers());
            own(dashboard::index(&proxy.api, &registry, &proxy.root_path, &proxy.path_prefix, local))
        }
        Route::Asset(name) => docs::asset(&name)
            .map_or_else(|| problem::not_found().into_response(), |asset| asset.respond(request.headers())),
        Route::Login(_) if !may_log_in(request.extensions(), request.headers()) => {
            problem::detail(StatusCode::FORBIDDEN, "Log in from a browser on the machine that runs mcpo.")
                .into_response()
        }
        Route::Login(name) => match registry.root().or_else(|| registry.server(&name)) {
            Some(server) => return Decision::LogIn(Arc::clone(server)),
            None => problem::not_found().into_response(),
        },
        Route::RootDocument => json(proxy.root_document(&registry)),
        Route::RootPage(page) => documentation(page, &proxy.api.title, 0),
        Route::Document(server) => json(server.state().document.clone()),
        Route::Page(server, page) => {
            let state = server.state();
            let title = state.exposed.as_ref().map_or(&server.settings.name, |exposed| &exposed.title);
            let depth = if registry.root().is_some() {
                0
            } else {
                self::depth(&proxy.path_prefix, &server.settings.name)
            };
            documentation(page, title, depth)
        }
    })
}

/// Where a path with a slash too much leads, as mcpo (FastAPI) has it, if it leads anywhere. Relative, so that it holds below any
/// root path.
fn without_slash(uri: &Uri, is_known: impl Fn(&str) -> bool) -> Option<String> {
    let path = uri.path().strip_suffix('/').filter(|path| !path.is_empty() && !path.ends_with('/'))?;
    let (_, last) = path.rsplit_once('/')?;
    let query = uri.query().map_or_else(String::new, |query| format!("?{query}"));
    is_known(path).then(|| format!("../{last}{query}"))
}

impl Proxy {
    fn tool(&self, server: Arc<Server>, tool: String, request: &Request) -> Decision {
        let refused = if request.method() != Method::POST {
            let state = server.state();
            let known = state.exposed.as_ref().is_none_or(|exposed| exposed.tools.contains_key(&*tool));
            if known { not_allowed("POST") } else { problem::not_found().into_response() }
        } else if self.gate.guards_tools()
            && let Err(denied) = self.gate.check(request.headers())
        {
            denied.into_response()
        } else {
            return Decision::Call(server, tool);
        };
        Decision::Respond(refused)
    }

    fn root_document(&self, registry: &Registry) -> Bytes {
        let links: Vec<_> = registry
            .all()
            .iter()
            .map(|server| {
                let name = server.settings.name.as_str();
                (name, format!("{}{}/docs", self.path_prefix, openapi::server_path(name)))
            })
            .collect();
        openapi::root_document(
            &self.api.title,
            &self.api.description,
            &self.api.version,
            &self.root_path,
            &links,
        )
    }
}

/// A documentation page; `depth` is how many segments below the root it lies, so that its links are relative and work under
/// any reverse proxy.
fn documentation(page: Page, title: &str, depth: usize) -> Response {
    let kind = match page {
        Page::Docs => PageKind::Swagger,
        Page::Redoc => PageKind::Redoc,
    };
    let assets = format!("{}{OWN}/assets/", "../".repeat(depth));
    docs::page(kind, title, "openapi.json", &assets)
}

/// How many segments a server's pages lie below the root.
fn depth(prefix: &str, name: &str) -> usize {
    prefix.matches('/').count() + name.matches('/').count()
}

/// Leads to the login page of a server; starts a new login where the last one did not succeed. Back to the proxy's page when
/// that one does not either: it tells why.
async fn login(server: &Arc<Server>, wait: Duration) -> Response {
    let deadline = tokio::time::Instant::now() + wait;
    let mut changes = server.subscribe();
    let failures = server.state().status.login().map_or(0, |login| login.failures);
    if server.state().status.login().is_some_and(|login| login.idle) {
        server.want();
    }
    loop {
        let status = server.state().status.clone();
        match (status.login(), &status) {
            (Some(Login { authorization_url: Some(url), .. }), _) => {
                return (no_store(), Redirect::to(url.as_str())).into_response();
            }
            (Some(login), _) if login.failures == failures => {}
            (None, Status::Connecting) => {}
            (_, _) => return (no_store(), Redirect::to("../../")).into_response(),
        }
        if tokio::time::timeout_at(deadline, changes.changed()).await.is_err() {
            return unavailable(server, &status);
        }
    }
}

fn no_store() -> [(header::HeaderName, HeaderValue); 2] {
    [
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    ]
}

fn json(document: Bytes) -> Response {
    ([(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))], document).into_response()
}

fn not_allowed(allow: &'static str) -> Response {
    let mut response = problem::detail(StatusCode::METHOD_NOT_ALLOWED, "Method Not Allowed").into_response();
    response.headers_mut().insert(header::ALLOW, HeaderValue::from_static(allow));
    response
}

/// The whole body of a request, within the limits on its size and on the time it may take.
async fn read(request: Request, limits: &Limits) -> Result<(Parts, Bytes), Response> {
    let limit = limits.request_body_bytes;
    let refused = |status, text: String| problem::message(status, &text).into_response();
    let too_large = || {
        refused(StatusCode::PAYLOAD_TOO_LARGE, format!("The request's body is larger than {limit} bytes."))
    };
    let (parts, body) = request.into_parts();
    // What says that it is too large need not be waited for.
    if body.size_hint().lower() > u64::try_from(limit).unwrap_or(u64::MAX) {
        return Err(too_large());
    }
    match tokio::time::timeout(limits.body_timeout, Limited::new(body, limit).collect()).await {
        Ok(Ok(collected)) => Ok((parts, collected.to_bytes())),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(too_large()),
        Ok(Err(_)) => Err(refused(StatusCode::BAD_REQUEST, "The request's body did not arrive.".into())),
        Err(_) => {
            let text =
                format!("The request's body took longer than {} s.", limits.body_timeout.as_secs_f64());
            Err(refused(StatusCode::REQUEST_TIMEOUT, text))
        }
    }
}
