//! Refuses requests that a web page in the person's browser was tricked into sending.
//!
//! A server on loopback is reachable from every page that the person's browser shows. A page can send requests right
//! away (the browser then names the page in `Origin`), or let its own name resolve to 127.0.0.1 (DNS rebinding; the
//! browser then names that name in `Host`). "Servers MUST validate the Origin header on all incoming connections"
//! (MCP transports, "Security Warning").

use std::convert::Infallible;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use futures_util::future::{Either, MapOk, Ready, TryFutureExt as _, ready};
use http::header::{HOST, ORIGIN};
use http::uri::Authority;
use http::{HeaderMap, Request, StatusCode};
use mcp_oauth_core::is_loopback;
use tower::{Layer, Service};
use url::Url;

/// Lets only requests pass that are addressed to this machine, from programs or from pages of this machine.
///
/// ```
/// use axum::{Router, routing::get};
/// use mcp_oauth_server::LocalGuard;
///
/// let guard = LocalGuard::new().allow_origin("https://inspector.example");
/// let app: Router = Router::new().route("/mcp", get(|| async { "hello" })).layer(guard.layer());
/// # let _ = app;
/// ```
#[derive(Debug, Clone, Default)]
pub struct LocalGuard {
    hosts: Vec<String>,
    origins: Vec<String>,
}

/// The layer of [`LocalGuard`].
#[derive(Debug, Clone)]
pub struct LocalGuardLayer(Arc<LocalGuard>);

/// The service of [`LocalGuardLayer`].
#[derive(Debug, Clone)]
pub struct LocalGuardService<S> {
    inner: S,
    guard: Arc<LocalGuard>,
}

impl LocalGuard {
    /// `localhost`, 127.0.0.0/8 and `::1` are allowed, with any port.
    pub fn new() -> Self {
        Self::default()
    }

    /// Allows one more value of `Host`, compared without regard to case: a name, or a name with a port.
    #[must_use]
    pub fn allow_host(mut self, host: impl Into<String>) -> Self {
        self.hosts.push(host.into());
        self
    }

    /// Allows the pages of one more origin, such as `https://inspector.example`.
    #[must_use]
    pub fn allow_origin(mut self, origin: impl Into<String>) -> Self {
        self.origins.push(origin.into());
        self
    }

    /// The check, to be put in front of all routes.
    pub fn layer(self) -> LocalGuardLayer {
        LocalGuardLayer(Arc::new(self))
    }

    /// Why a request may not pass.
    fn refuse(&self, authority: Option<&Authority>, headers: &HeaderMap) -> Option<&'static str> {
        let mut hosts = headers.get_all(HOST).iter();
        let host = match (hosts.next(), hosts.next()) {
            (Some(host), None) => host.to_str().ok(),
            // HTTP/2 has the name in the request's target.
            (None, _) => authority.map(Authority::as_str),
            (Some(_), Some(_)) => None,
        };
        if !host.is_some_and(|host| self.is_host_allowed(host)) {
            return Some("this server answers only to the names of this machine (Host)");
        }
        // The form of a page without a referrer, such as the consent page, is sent with `Origin: null`. The browser itself
        // says whether it is one of this server's pages; a page cannot set or change this header.
        let own_page = headers.get("sec-fetch-site").is_some_and(|site| site == "same-origin");
        let refused = headers.get_all(ORIGIN).iter().any(|origin| match origin.to_str() {
            Ok("null") => !own_page,
            Ok(origin) => !self.is_origin_allowed(origin),
            Err(_) => true,
        });
        refused.then_some("this server does not answer to pages of other sites (Origin)")
    }

    fn is_host_allowed(&self, host: &str) -> bool {
        let local = Url::parse(&format!("http://{host}/"))
            .is_ok_and(|url| is_loopback(&url) && url.path() == "/" && url.username().is_empty());
        local || self.hosts.iter().any(|allowed| allowed.eq_ignore_ascii_case(host))
    }

    fn is_origin_allowed(&self, origin: &str) -> bool {
        let local =
            Url::parse(origin).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && is_loopback(&url));
        local || self.origins.iter().any(|allowed| allowed.eq_ignore_ascii_case(origin))
    }
}

impl<S> Layer<S> for LocalGuardLayer {
    type Service = LocalGuardService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        LocalGuardService { inner, guard: Arc::clone(&self.0) }
    }
}

impl<S> Service<Request<Body>> for LocalGuardService<S>
where
    S: Service<Request<Body>, Error = Infallible>,
    S::Response: IntoResponse,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Either<Ready<Result<Response, Infallible>>, MapOk<S::Future, fn(S::Response) -> Response>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        match self.guard.refuse(request.uri().authority(), request.headers()) {
            Some(reason) => {
                tracing::warn!(reason, "request refused");
                Either::Left(ready(Ok((StatusCode::FORBIDDEN, reason).into_response())))
            }
            None => Either::Right(self.inner.call(request).map_ok(IntoResponse::into_response)),
        }
    }
}
