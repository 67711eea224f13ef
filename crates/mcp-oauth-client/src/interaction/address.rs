//! Addresses that are opened, and those that answers come to.

use std::net::Ipv4Addr;

use mcp_oauth_core::{RedirectUri, is_loopback};
use url::{Host, Url};

/// True for what may be opened in a browser: https, and http on this machine. Whatever else a server names as its
/// authorization endpoint could run or read something on the spot (MCP security best practices, "OAuth Authorization URL
/// Validation").
pub(super) fn is_openable(url: &Url) -> bool {
    match url.scheme() {
        "https" => url.has_host(),
        "http" => is_loopback(url),
        _ => false,
    }
}

/// The same loopback address in its other spelling: `localhost` for `127.0.0.1` and the other way round. Authorization
/// servers differ in which of them they register.
pub(super) fn respelled(uri: &RedirectUri) -> Option<RedirectUri> {
    let host = match uri.url().host()? {
        Host::Ipv4(Ipv4Addr::LOCALHOST) => "localhost",
        Host::Domain(name) if name.eq_ignore_ascii_case("localhost") => "127.0.0.1",
        _ => return None,
    };
    let mut url = uri.url().clone();
    url.set_host(Some(host)).ok()?;
    RedirectUri::parse(url.as_str()).ok()
}

#[cfg(test)]
mod tests;
