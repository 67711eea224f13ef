//! The way out: directly, or through an egress proxy.
//!
//! A proxy resolves names itself, so the guard on addresses cannot see what it connects to: keeping it away from private
//! networks is then the proxy's part (MCP security best practices name egress proxies as a measure against SSRF).
//! Addresses that stand in a URL are checked here in any case, and this machine is never reached through a proxy.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::Uri;
use http::uri::Scheme;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder, MaybeHttpsStream};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::proxy::{SocksV5, Tunnel};
use hyper_util::client::proxy::matcher::{Intercept, Matcher};
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use tokio::net::TcpStream;
use tower::{Service, ServiceExt as _};
use url::Url;

use super::BoxError;
use super::guard::GuardedResolver;

/// The proxies that requests go out through, as environment variables name them: `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY`
/// and `NO_PROXY`, in capitals or not. A proxy is `http://`, `https://` or `socks5://`, with user and password if it wants
/// them. Addresses of this machine are never asked for at a proxy.
///
/// ```
/// use mcp_oauth_client::{EgressProxies, HyperClient};
///
/// let variables = |name: &str| (name == "HTTPS_PROXY").then(|| "http://user:secret@proxy.test:3128".to_owned());
/// let client = HyperClient::new().with_proxies(EgressProxies::from_variables(variables));
/// ```
#[derive(Clone)]
pub struct EgressProxies(Arc<Matcher>);

impl EgressProxies {
    /// No proxies.
    pub fn none() -> Self {
        Self(Arc::new(Matcher::builder().build()))
    }

    /// Those of this process's environment.
    #[expect(
        clippy::disallowed_methods,
        reason = "for programs that have no other way to read their environment"
    )]
    pub fn from_environment() -> Self {
        Self::from_variables(|name| std::env::var(name).ok())
    }

    /// Those of variables that are looked up by name.
    pub fn from_variables(variable: impl Fn(&str) -> Option<String>) -> Self {
        let either =
            |name: &str| variable(name).or_else(|| variable(&name.to_lowercase())).unwrap_or_default();
        // A web server hands a request's `Proxy:` header to a CGI program as HTTP_PROXY: anybody could set it.
        let http = if variable("REQUEST_METHOD").is_some() {
            variable("http_proxy").unwrap_or_default()
        } else {
            either("HTTP_PROXY")
        };
        let matcher = Matcher::builder()
            .all(either("ALL_PROXY"))
            .http(http)
            .https(either("HTTPS_PROXY"))
            .no(either("NO_PROXY"))
            .build();
        Self(Arc::new(matcher))
    }

    fn on_the_way_to(&self, uri: &Uri) -> Option<Intercept> {
        let is_here = Url::parse(&uri.to_string()).is_ok_and(|url| mcp_oauth_core::is_loopback(&url));
        if is_here { None } else { self.0.intercept(uri) }
    }
}

impl Default for EgressProxies {
    fn default() -> Self {
        Self::none()
    }
}

// Their addresses may hold passwords.
impl fmt::Debug for EgressProxies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EgressProxies")
    }
}

/// Opens connections for requests, without the TLS to the server itself.
#[derive(Clone)]
pub(crate) struct Egress {
    direct: HttpConnector<GuardedResolver>,
    /// To a proxy: the configuration names it, so it may be anywhere.
    to_proxy: HttpsConnector<HttpConnector>,
    proxies: EgressProxies,
}

impl Egress {
    pub(super) fn new(resolver: GuardedResolver, tls: &ClientConfig, proxies: EgressProxies) -> Self {
        let mut direct = HttpConnector::new_with_resolver(resolver);
        direct.enforce_http(false);
        direct.set_nodelay(true);
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        let to_proxy = HttpsConnectorBuilder::new()
            .with_tls_config(tls.clone())
            .https_or_http()
            .enable_http1()
            .wrap_connector(tcp);
        Self { direct, to_proxy, proxies }
    }
}

type Connection = MaybeHttpsStream<TokioIo<TcpStream>>;

impl Service<Uri> for Egress {
    type Response = Connection;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Connection, BoxError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let Some(proxy) = self.proxies.on_the_way_to(&uri) else {
            let direct = self.direct.clone();
            return Box::pin(async move { Ok(MaybeHttpsStream::Http(direct.oneshot(uri).await?)) });
        };
        if proxy.uri().scheme_str().is_some_and(|scheme| scheme.starts_with("socks5")) {
            let mut tcp = HttpConnector::new();
            tcp.enforce_http(false);
            // RFC 1928 §3.
            let mut socks = SocksV5::new(with_port(proxy.uri(), 1080), tcp);
            if let Some((user, password)) = proxy.raw_auth() {
                socks = socks.with_auth(user.to_owned(), password.to_owned());
            }
            return Box::pin(async move { Ok(MaybeHttpsStream::Http(socks.oneshot(uri).await?)) });
        }
        // For http addresses too, which only an exception of the policy allows: one way is enough.
        let mut tunnel = Tunnel::new(proxy.uri().clone(), self.to_proxy.clone());
        if let Some(credentials) = proxy.basic_auth() {
            tunnel = tunnel.with_auth(credentials.clone());
        }
        let usual_port = if uri.scheme() == Some(&Scheme::HTTP) { 80 } else { 443 };
        let uri = with_port(&uri, usual_port);
        Box::pin(async move { Ok(tunnel.oneshot(uri).await?) })
    }
}

/// With a port, where none is named.
fn with_port(uri: &Uri, port: u16) -> Uri {
    let named = uri
        .authority()
        .filter(|authority| authority.port().is_none())
        .and_then(|authority| format!("{}:{port}", authority.host()).parse().ok());
    let Some(authority) = named else { return uri.clone() };
    let mut parts = uri.clone().into_parts();
    parts.authority = Some(authority);
    Uri::from_parts(parts).unwrap_or_else(|_| uri.clone())
}

#[cfg(test)]
mod tests;
