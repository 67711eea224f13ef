//! Which proxy leads to which server.
use std::{fmt, net::IpAddr, sync::Arc};

use http::Uri;
use hyper_util::client::proxy::matcher::{Intercept, Matcher};

use super::origin::Origin;

/// The proxies on the way to servers, as environment variables name them: `HTTP_PROXY`, `HTTPS_PROXY`, `ALL_PROXY` and
/// `NO_PROXY`, in capitals or not. A proxy is `http://`, `https://` or `socks5://` (`socks5h://`), with user and password
/// if it wants them. Servers on this machine are never reached through a proxy, unless [`loopback`](Self::loopback) says so.
///
/// ```
/// use mcp_upstream::Proxies;
///
/// let variables = |name: &str| (name == "HTTPS_PROXY").then(|| "http://user:secret@proxy.test:3128".to_owned());
/// let proxies = Proxies::from_variables(variables);
/// assert_eq!(format!("{proxies:?}"), "Proxies");
/// ```
#[derive(Clone)]
pub struct Proxies {
    matcher: Arc<Matcher>,
    loopback: bool,
}

/// The way to a server.
pub(super) enum Way {
    Direct,
    /// Requests go to an HTTP proxy, which passes them on.
    Forward(Intercept),
    /// An HTTP proxy opens a tunnel (`CONNECT`).
    Tunnel(Intercept),
    Socks(Intercept),
}

impl Proxies {
    /// No proxy for any server.
    pub fn none() -> Self {
        Self { matcher: Arc::new(Matcher::builder().build()), loopback: false }
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
        Self { matcher: Arc::new(matcher), loopback: false }
    }

    /// Whether servers on this machine are reached through a proxy too.
    #[must_use]
    pub fn loopback(mut self, loopback: bool) -> Self {
        self.loopback = loopback;
        self
    }

    pub(super) fn way(&self, origin: &Origin, uri: &Uri) -> Way {
        if !self.loopback && is_loopback(origin.host()) {
            return Way::Direct;
        }
        match self.matcher.intercept(uri) {
            None => Way::Direct,
            Some(proxy) if is_socks(&proxy) => Way::Socks(proxy),
            Some(proxy) if origin.secure => Way::Tunnel(proxy),
            Some(proxy) => Way::Forward(proxy),
        }
    }
}

// Their addresses may hold passwords.
impl fmt::Debug for Proxies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Proxies")
    }
}

fn is_socks(proxy: &Intercept) -> bool {
    proxy.uri().scheme_str().is_some_and(|scheme| scheme.starts_with("socks5"))
}

fn is_loopback(host: &str) -> bool {
    let host = host.trim_end_matches('.');
    match host.parse::<IpAddr>() {
        Ok(address) => address.to_canonical().is_loopback(),
        // RFC 6761 §6.3.
        Err(_) => {
            host.eq_ignore_ascii_case("localhost")
                || host
                    .get(host.len().saturating_sub(10)..)
                    .is_some_and(|end| end.eq_ignore_ascii_case(".localhost"))
        }
    }
}

#[cfg(test)]
mod tests;
