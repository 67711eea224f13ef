//! Where tokens may go.

use http::Uri;
use http::uri::Scheme;
use mcp_oauth_core::EndpointUrl;

/// A token goes to the origin it was obtained for, and nowhere else (C13.3).
pub(crate) fn is_for(uri: &Uri, server: &EndpointUrl) -> bool {
    let url = server.url();
    let default_port = if uri.scheme() == Some(&Scheme::HTTPS) { 443 } else { 80 };
    let same_scheme = uri.scheme_str().is_some_and(|scheme| scheme.eq_ignore_ascii_case(url.scheme()));
    let same_host = match (uri.host(), url.host_str()) {
        (Some(one), Some(other)) => one.eq_ignore_ascii_case(other),
        _ => false,
    };
    same_scheme && same_host && Some(uri.port_u16().unwrap_or(default_port)) == url.port_or_known_default()
}
