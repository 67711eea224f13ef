//! Who is on the other side of a connection, and whether that may be shown a login.
//!
//! The address of a login page holds the login's state, and its answer comes back to a loopback address of this machine: only a
//! person at this machine can use it. To anybody else it would only be a way to slip an account of theirs into the proxy (MCP
//! security best practices, "Confused Deputy"; RFC 9700 §4.7).

use std::net::SocketAddr;

use axum::http::{Extensions, HeaderMap, HeaderValue, header};

/// The address of the client, put into every request by the server.
#[derive(Debug, Clone, Copy)]
pub(super) struct Peer(pub(super) SocketAddr);

/// Whether a request comes from a browser on this machine, not by way of a reverse proxy.
pub(super) fn is_at_this_machine(extensions: &Extensions, headers: &HeaderMap) -> bool {
    let loopback =
        extensions.get::<Peer>().is_some_and(|Peer(address)| address.ip().to_canonical().is_loopback());
    let forwarded = FORWARDED.iter().any(|name| headers.contains_key(*name));
    loopback && !forwarded && names_loopback(headers)
}

/// Whether a request may be led to a login: not when another site's page leads there, since it may start one.
pub(super) fn may_log_in(extensions: &Extensions, headers: &HeaderMap) -> bool {
    let site = headers.get("sec-fetch-site").map(HeaderValue::as_bytes);
    is_at_this_machine(extensions, headers) && site != Some(b"cross-site")
}

/// A name that an attacker points at 127.0.0.1 is not how a person at this machine calls it (DNS rebinding). HTTP/2 has no
/// `Host`; browsers speak it to us over TLS only, where the certificate vouches for the name.
fn names_loopback(headers: &HeaderMap) -> bool {
    let Some(host) = headers.get(header::HOST) else { return true };
    let Ok(url) = url::Url::parse(&format!("http://{}", host.to_str().unwrap_or_default())) else {
        return false;
    };
    match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// What reverse proxies add.
const FORWARDED: [&str; 5] = ["forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via"];

#[cfg(test)]
mod tests;
