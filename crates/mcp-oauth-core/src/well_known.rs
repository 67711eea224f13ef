//! Where metadata documents are (RFC 9728 §3.1, RFC 8414 §3.1, `OpenID` Connect Discovery §4).

use url::Url;

use crate::{Issuer, ResourceUri};

const PROTECTED_RESOURCE: &str = "/.well-known/oauth-protected-resource";
const AUTHORIZATION_SERVER: &str = "/.well-known/oauth-authorization-server";
const OPENID_CONFIGURATION: &str = "/.well-known/openid-configuration";

/// Where a server's protected resource metadata may be, in the order in which a client must ask: with the server's
/// path inserted after the well-known name, then at the root of the host.
///
/// ```
/// # use mcp_oauth_core::protected_resource_metadata_urls;
/// let urls = protected_resource_metadata_urls(&url::Url::parse("https://h.test/public/mcp")?);
/// assert_eq!(urls[0].as_str(), "https://h.test/.well-known/oauth-protected-resource/public/mcp");
/// assert_eq!(urls[1].as_str(), "https://h.test/.well-known/oauth-protected-resource");
/// # Ok::<(), url::ParseError>(())
/// ```
pub fn protected_resource_metadata_urls(server: &Url) -> Vec<Url> {
    // A "/" that only ends the host is dropped; any other path and the query are kept (RFC 9728 §3.1).
    let path = if server.path() == "/" { "" } else { server.path() };
    let mut urls = vec![at(server, &format!("{PROTECTED_RESOURCE}{path}"), server.query())];
    let root = at(server, PROTECTED_RESOURCE, None);
    if !urls.contains(&root) {
        urls.push(root);
    }
    urls
}

/// The first of [`protected_resource_metadata_urls`]: where a server publishes the metadata of this resource, and
/// what it writes into its challenges.
pub fn protected_resource_metadata_url(resource: &ResourceUri) -> Url {
    let url = resource.url();
    let path = if url.path() == "/" { "" } else { url.path() };
    at(url, &format!("{PROTECTED_RESOURCE}{path}"), url.query())
}

/// Where an authorization server's metadata may be, in the order in which a client must ask. An issuer with a path has
/// three places (RFC 8414, OIDC inserted, OIDC appended), one without has two. The root of the host is not asked for an
/// issuer with a path: another tenant's document may be there.
///
/// ```
/// # use mcp_oauth_core::{Issuer, authorization_server_metadata_urls};
/// let urls = authorization_server_metadata_urls(&Issuer::parse("https://as.test/tenant1")?);
/// let urls: Vec<_> = urls.iter().map(url::Url::as_str).collect();
/// assert_eq!(urls, [
///     "https://as.test/.well-known/oauth-authorization-server/tenant1",
///     "https://as.test/.well-known/openid-configuration/tenant1",
///     "https://as.test/tenant1/.well-known/openid-configuration",
/// ]);
/// # Ok::<(), mcp_oauth_core::InvalidUrl>(())
/// ```
pub fn authorization_server_metadata_urls(issuer: &Issuer) -> Vec<Url> {
    let url = issuer.url();
    // "Any terminating '/' MUST be removed before inserting" (RFC 8414 §3.1) or appending (OIDC Discovery §4.1).
    let path = url.path().strip_suffix('/').unwrap_or(url.path());
    let inserted =
        [AUTHORIZATION_SERVER, OPENID_CONFIGURATION].map(|name| at(url, &format!("{name}{path}"), None));
    let appended = (!path.is_empty()).then(|| at(url, &format!("{path}{OPENID_CONFIGURATION}"), None));
    inserted.into_iter().chain(appended).collect()
}

fn at(base: &Url, path: &str, query: Option<&str>) -> Url {
    let mut url = base.clone();
    url.set_path(path);
    url.set_query(query);
    url.set_fragment(None);
    url
}

#[cfg(test)]
mod tests;
