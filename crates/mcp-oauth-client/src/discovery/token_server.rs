//! An authorization server as far as grants without a redirect need it.

use mcp_oauth_core::{AuthorizationServerMetadata, EndpointUrl, Issuer};

use super::server::{endpoint, parse_as, search};
use super::{DiscoveryError, Preference, ProtectedResource, ResourceSource};
use crate::Policy;
use crate::http::Fetcher;

/// An authorization server whose metadata names the issuer that was asked for, and has a token endpoint that is https (or
/// on loopback). Whether it has an authorization endpoint, and what it does about PKCE, does not matter to who sends
/// nobody there.
#[derive(Debug, Clone)]
pub(crate) struct TokenServer {
    token_endpoint: EndpointUrl,
    metadata: AuthorizationServerMetadata,
}

impl TokenServer {
    pub(crate) fn issuer(&self) -> &Issuer {
        &self.metadata.issuer
    }

    pub(crate) fn token_endpoint(&self) -> &EndpointUrl {
        &self.token_endpoint
    }

    pub(crate) fn metadata(&self) -> &AuthorizationServerMetadata {
        &self.metadata
    }

    /// Looks at the places of an issuer in the specified order. No endpoints are ever assumed: the 2025-03-26 revision
    /// has defaults for the code flow only.
    pub(crate) async fn discover(
        fetcher: &Fetcher,
        policy: &Policy,
        issuer: &Issuer,
    ) -> Result<Self, DiscoveryError> {
        Self::discover_as(fetcher, issuer, policy.other_names(issuer).collect()).await
    }

    /// `issuer`, which may name itself by one of `others` too.
    async fn discover_as(
        fetcher: &Fetcher,
        issuer: &Issuer,
        others: Vec<&Issuer>,
    ) -> Result<Self, DiscoveryError> {
        let parse = |body: &[u8]| {
            let metadata = parse_as(body, issuer, others.iter().copied())?;
            metadata.token_flow_endpoint()?;
            Ok(metadata)
        };
        let found = search(fetcher, issuer, parse).await?;
        let metadata = found.ok_or_else(|| DiscoveryError::NoServerMetadata { issuer: issuer.clone() })?;
        let token_endpoint = metadata
            .token_flow_endpoint()
            .map_err(|source| DiscoveryError::Server { url: issuer.to_string(), source })?;
        let token_endpoint = endpoint(fetcher, &metadata.issuer, "token_endpoint", token_endpoint)?;
        Ok(Self { token_endpoint, metadata })
    }
}

impl ProtectedResource {
    /// Finds the authorization server of this resource for a grant without a redirect: the preferred one if it is listed,
    /// else the first that is acceptable.
    pub(crate) async fn token_server(
        &self,
        fetcher: &Fetcher,
        policy: &Policy,
        preference: &Preference,
    ) -> Result<TokenServer, DiscoveryError> {
        let mut first_trouble = None;
        for issuer in preference.candidates(self.authorization_servers(), policy) {
            // An address that nobody published as an issuer may be written with or without the last slash.
            let unslashed = issuer.as_str().trim_end_matches('/');
            let spellings = [unslashed.to_owned(), format!("{unslashed}/")].map(|text| Issuer::parse(&text));
            let spellings = spellings.iter().flatten().filter(|_| self.source() == ResourceSource::Assumed);
            let others = policy.other_names(issuer).chain(spellings).collect();
            match TokenServer::discover_as(fetcher, issuer, others).await {
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
