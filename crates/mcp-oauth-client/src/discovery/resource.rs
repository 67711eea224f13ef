//! The protected resource: what a token is for, and who makes it (RFC 9728).

use mcp_oauth_core::{
    Challenges, EndpointUrl, InvalidUrl, Issuer, PlainHttp, ProtectedResourceMetadata, ResourceUri, ScopeSet,
    protected_resource_metadata_urls,
};

use super::document::{Document, look};
use super::{DiscoveryError, Preference};
use crate::http::Fetcher;
use crate::{AuthorizationServer, Policy};

/// Where the description of the resource came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ResourceSource {
    /// The address in the server's challenge.
    Challenge,
    /// The well-known address with the server's path, or the one at the root of its host.
    WellKnown,
    /// The server publishes none: it is taken for one of the 2025-03-26 revision, or an authorization server was
    /// configured.
    Assumed,
}

/// A resource whose metadata speaks for the MCP server.
#[derive(Debug, Clone)]
pub struct ProtectedResource {
    resource: ResourceUri,
    authorization_servers: Vec<Issuer>,
    scopes_supported: Option<ScopeSet>,
    dpop_required: bool,
    dpop_algorithms: Option<Vec<String>>,
    source: ResourceSource,
}

impl ProtectedResource {
    /// With these scopes, for tests.
    #[cfg(test)]
    pub(crate) fn for_tests(scopes_supported: Option<ScopeSet>) -> Self {
        let resource = ResourceUri::parse("https://h.test/mcp").expect("a resource");
        Self {
            resource,
            authorization_servers: Vec::new(),
            scopes_supported,
            dpop_required: false,
            dpop_algorithms: None,
            source: ResourceSource::WellKnown,
        }
    }

    /// The identifier for the `resource` parameter, as published.
    pub fn resource(&self) -> &ResourceUri {
        &self.resource
    }

    /// The authorization servers that can be used, in the order in which they are published.
    pub fn authorization_servers(&self) -> &[Issuer] {
        &self.authorization_servers
    }

    /// The scopes that the resource publishes.
    pub fn scopes_supported(&self) -> Option<&ScopeSet> {
        self.scopes_supported.as_ref()
    }

    /// True when it takes no tokens but those that are bound to a key (`dpop_bound_access_tokens_required`, RFC 9728 §2).
    pub fn dpop_required(&self) -> bool {
        self.dpop_required
    }

    /// The algorithms of proofs that it takes. `None` when it does not say.
    pub fn dpop_algorithms(&self) -> Option<&[String]> {
        self.dpop_algorithms.as_deref()
    }

    /// Where this came from.
    pub fn source(&self) -> ResourceSource {
        self.source
    }

    /// Finds the authorization server of this resource: the preferred one if it is listed, else the first that is
    /// acceptable (RFC 9728 §7.6).
    pub(crate) async fn authorization_server(
        &self,
        fetcher: &Fetcher,
        policy: &Policy,
        preference: &Preference,
    ) -> Result<AuthorizationServer, DiscoveryError> {
        let candidates = preference.candidates(&self.authorization_servers, policy);
        let mut first_trouble = None;
        for issuer in candidates {
            let found = if self.source == ResourceSource::Assumed {
                AuthorizationServer::discover_legacy(fetcher, policy, issuer).await
            } else {
                AuthorizationServer::discover(fetcher, policy, issuer).await
            };
            match found {
                Err(error) if error.is_about_one_server() => {
                    tracing::debug!(%issuer, %error, "not acceptable");
                    first_trouble.get_or_insert(error);
                }
                other => return other,
            }
        }
        Err(first_trouble.unwrap_or(DiscoveryError::NoAuthorizationServer))
    }
}

/// Looks for the metadata of the MCP server at `server`: at the address in its challenge, then with its path, then at
/// the root of its host (MCP "Protected Resource Metadata Discovery Requirements"). The first document counts: one that
/// must not be used ends the search.
pub(crate) async fn find_resource(
    fetcher: &Fetcher,
    policy: &Policy,
    server: &EndpointUrl,
    challenges: &Challenges,
    preference: &Preference,
) -> Result<ProtectedResource, DiscoveryError> {
    let mut places = Vec::new();
    if let Some(named) = challenges.resource_metadata() {
        // A relative reference is against the rules, but can only mean the server itself.
        let url = server.url().join(named).map_err(|error| DiscoveryError::MetadataUrl(error.into()))?;
        let place = fetcher.endpoint(url.as_str()).map_err(DiscoveryError::MetadataUrl)?;
        places.push((place, ResourceSource::Challenge));
    }
    for url in protected_resource_metadata_urls(server.url()) {
        let place = fetcher.endpoint(url.as_str()).map_err(DiscoveryError::MetadataUrl)?;
        if places.iter().all(|(known, _)| *known != place) {
            places.push((place, ResourceSource::WellKnown));
        }
    }
    for (place, source) in places {
        match look(fetcher, &place).await? {
            Document::Found(body) => return read(&body, &place, source, server, policy),
            Document::Absent => tracing::debug!(url = %place, "no protected resource metadata here"),
            Document::Failed(status) => {
                return Err(DiscoveryError::Unavailable { url: place.to_string(), status });
            }
        }
    }
    assume(policy, server, preference.unlisted())
}

fn read(
    body: &[u8],
    place: &EndpointUrl,
    source: ResourceSource,
    server: &EndpointUrl,
    policy: &Policy,
) -> Result<ProtectedResource, DiscoveryError> {
    let metadata = ProtectedResourceMetadata::parse(body, server.url())
        .map_err(|source| DiscoveryError::Resource { url: place.to_string(), source })?;
    let authorization_servers: Vec<_> = metadata
        .authorization_servers
        .iter()
        .take(policy.limits.authorization_servers)
        .filter_map(|text| {
            acceptable(text, policy)
                .inspect_err(|error| tracing::warn!(issuer = text, %error, "skipped"))
                .ok()
        })
        .collect();
    if authorization_servers.is_empty() {
        return Err(DiscoveryError::NoAuthorizationServer);
    }
    tracing::debug!(url = %place, resource = %metadata.resource, "protected resource metadata found");
    Ok(ProtectedResource {
        resource: metadata.resource,
        authorization_servers,
        scopes_supported: metadata.scopes_supported,
        dpop_required: metadata.dpop_bound_access_tokens_required == Some(true),
        dpop_algorithms: metadata.dpop_signing_alg_values_supported,
        source,
    })
}

/// Without any document: the configured authorization server, or the root of the MCP server's host as the 2025-03-26
/// revision has it ("Authorization Base URL": the path is dropped).
fn assume(
    policy: &Policy,
    server: &EndpointUrl,
    preferred: Option<Issuer>,
) -> Result<ProtectedResource, DiscoveryError> {
    let base = match preferred {
        Some(issuer) => issuer,
        None if policy.legacy_servers => {
            let origin = server.url().origin().ascii_serialization();
            Issuer::parse(&origin).map_err(DiscoveryError::MetadataUrl)?
        }
        None => return Err(DiscoveryError::NoResourceMetadata),
    };
    let mut address = server.url().clone();
    // RFC 8707 §2 wants none, and people put keys there, which are not for the authorization server.
    address.set_query(None);
    let resource = ResourceUri::of_server(&address).map_err(DiscoveryError::MetadataUrl)?;
    tracing::info!(authorization_server = %base, "the MCP server publishes no protected resource metadata");
    Ok(ProtectedResource {
        resource,
        authorization_servers: vec![base],
        scopes_supported: None,
        dpop_required: false,
        dpop_algorithms: None,
        source: ResourceSource::Assumed,
    })
}

fn acceptable(text: &str, policy: &Policy) -> Result<Issuer, InvalidUrl> {
    let issuer = Issuer::parse(text)?;
    if issuer.is_secure() || policy.plain_http == PlainHttp::Anywhere {
        Ok(issuer)
    } else {
        Err(InvalidUrl::PlainHttp)
    }
}
