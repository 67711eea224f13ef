//! The authorization server: how to ask for a token (RFC 8414, `OpenID` Connect Discovery).

use mcp_oauth_core::{
    AuthorizationServerMetadata, EndpointUrl, InvalidServerMetadata, Issuer,
    authorization_server_metadata_urls,
};

use super::DiscoveryError;
use super::document::{Document, look};
use crate::http::Fetcher;
use crate::{PkcePolicy, Policy};

/// Where the description of the authorization server came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ServerSource {
    /// A metadata document.
    Metadata,
    /// There is none: the endpoints are the defaults of the 2025-03-26 revision.
    LegacyDefaults,
}

/// An authorization server whose metadata names the issuer that was asked for, whose endpoints are https (or on
/// loopback), and which supports PKCE as far as the policy wants it.
#[derive(Debug, Clone)]
pub struct AuthorizationServer {
    authorization_endpoint: EndpointUrl,
    token_endpoint: EndpointUrl,
    metadata: AuthorizationServerMetadata,
    source: ServerSource,
}

impl AuthorizationServer {
    /// The issuer, byte for byte as published.
    pub fn issuer(&self) -> &Issuer {
        &self.metadata.issuer
    }

    /// Where the person's browser is sent.
    pub fn authorization_endpoint(&self) -> &EndpointUrl {
        &self.authorization_endpoint
    }

    /// Where codes and refresh tokens are exchanged.
    pub fn token_endpoint(&self) -> &EndpointUrl {
        &self.token_endpoint
    }

    /// The whole document.
    pub fn metadata(&self) -> &AuthorizationServerMetadata {
        &self.metadata
    }

    /// Where this came from.
    pub fn source(&self) -> ServerSource {
        self.source
    }

    /// Looks at the places of an issuer in the specified order. Each document is judged by itself, so that one that
    /// must not be used does not hide one that may; but once one was seen, nothing is assumed in its stead.
    pub(crate) async fn discover(
        fetcher: &Fetcher,
        policy: &Policy,
        issuer: &Issuer,
    ) -> Result<Self, DiscoveryError> {
        let parse = |body: &[u8]| with_code_flow(parse_as(body, issuer, policy.other_names(issuer))?);
        match search(fetcher, issuer, parse).await? {
            Some(metadata) => {
                if metadata.issuer != *issuer {
                    tracing::info!(listed = %issuer, named = %metadata.issuer, "another issuer, by a configured exception");
                }
                Self::from_metadata(fetcher, policy, metadata)
            }
            None => Err(DiscoveryError::NoServerMetadata { issuer: issuer.clone() }),
        }
    }

    /// For a base address that nobody published as an issuer (2025-03-26 §"Server Metadata Discovery"): its document may
    /// write it with or without the last slash, and without a document the default endpoints are used.
    pub(crate) async fn discover_legacy(
        fetcher: &Fetcher,
        policy: &Policy,
        base: &Issuer,
    ) -> Result<Self, DiscoveryError> {
        let unslashed = base.as_str().trim_end_matches('/');
        let spellings = [unslashed.to_owned(), format!("{unslashed}/")].map(|text| Issuer::parse(&text));
        let spellings: Vec<_> = spellings.into_iter().flatten().collect();
        let parse = |body: &[u8]| {
            with_code_flow(parse_as(body, base, spellings.iter().chain(policy.other_names(base)))?)
        };
        match search(fetcher, base, parse).await? {
            Some(metadata) => Self::from_metadata(fetcher, policy, metadata),
            None if policy.legacy_servers => Self::legacy_defaults(fetcher, base),
            None => Err(DiscoveryError::NoServerMetadata { issuer: base.clone() }),
        }
    }

    fn from_metadata(
        fetcher: &Fetcher,
        policy: &Policy,
        metadata: AuthorizationServerMetadata,
    ) -> Result<Self, DiscoveryError> {
        let issuer = metadata.issuer.clone();
        let endpoint = |name, text| endpoint(fetcher, &issuer, name, text);
        let (authorization, token) = metadata
            .code_flow_endpoints()
            .map_err(|source| DiscoveryError::Server { url: issuer.to_string(), source })?;
        let authorization_endpoint = endpoint("authorization_endpoint", authorization)?;
        let token_endpoint = endpoint("token_endpoint", token)?;
        if !metadata.supports_s256() {
            // A list without S256 is a statement, not an omission: no exception is made for it.
            let silent = metadata.code_challenge_methods_supported.is_none();
            if !silent || policy.pkce == PkcePolicy::RequireAdvertised {
                return Err(DiscoveryError::PkceNotAdvertised { issuer });
            }
        }
        Ok(Self { authorization_endpoint, token_endpoint, metadata, source: ServerSource::Metadata })
    }

    /// `/authorize`, `/token` and `/register` at the root (2025-03-26 §"Fallbacks for Servers without Metadata
    /// Discovery"). PKCE is used all the same, though nobody says that it is checked.
    fn legacy_defaults(fetcher: &Fetcher, base: &Issuer) -> Result<Self, DiscoveryError> {
        let at = |path: &str| format!("{}/{path}", base.as_str().trim_end_matches('/'));
        let endpoint = |name, text: &str| endpoint(fetcher, base, name, text);
        let mut metadata = AuthorizationServerMetadata::new(base.clone());
        metadata.registration_endpoint = Some(at("register"));
        metadata.token_endpoint_auth_methods_supported =
            Some(vec![mcp_oauth_core::TokenEndpointAuthMethod::None]);
        tracing::info!(%base, "no authorization server metadata: the default endpoints of 2025-03-26 are used");
        Ok(Self {
            authorization_endpoint: endpoint("authorization_endpoint", &at("authorize"))?,
            token_endpoint: endpoint("token_endpoint", &at("token"))?,
            metadata,
            source: ServerSource::LegacyDefaults,
        })
    }
}

/// The document of an authorization server that was judged before, to look something up in it. `None`: it publishes none.
pub(crate) async fn server_metadata(
    fetcher: &Fetcher,
    policy: &Policy,
    issuer: &Issuer,
) -> Result<Option<AuthorizationServerMetadata>, DiscoveryError> {
    search(fetcher, issuer, |body| parse_as(body, issuer, policy.other_names(issuer))).await
}

/// The first document that `parse` accepts. `None` only when every place said that there is none.
pub(super) async fn search(
    fetcher: &Fetcher,
    issuer: &Issuer,
    parse: impl Fn(&[u8]) -> Result<AuthorizationServerMetadata, InvalidServerMetadata>,
) -> Result<Option<AuthorizationServerMetadata>, DiscoveryError> {
    let mut first_trouble = None;
    for url in authorization_server_metadata_urls(issuer) {
        let place = endpoint(fetcher, issuer, "issuer", url.as_str())?;
        let trouble = match look(fetcher, &place).await? {
            Document::Found(body) => match parse(&body) {
                Ok(metadata) => {
                    tracing::debug!(url = %place, %issuer, "authorization server metadata found");
                    return Ok(Some(metadata));
                }
                Err(source) => DiscoveryError::Server { url: place.to_string(), source },
            },
            Document::Failed(status) => DiscoveryError::Unavailable { url: place.to_string(), status },
            Document::Absent => continue,
        };
        tracing::debug!(error = %trouble, "skipped");
        first_trouble.get_or_insert(trouble);
    }
    first_trouble.map_or(Ok(None), Err)
}

/// The document of `issuer`, which may name itself by one of `others` too.
pub(super) fn parse_as<'a>(
    body: &[u8],
    issuer: &Issuer,
    others: impl Iterator<Item = &'a Issuer>,
) -> Result<AuthorizationServerMetadata, InvalidServerMetadata> {
    let mut result = AuthorizationServerMetadata::parse(body, issuer);
    for other in others {
        if matches!(result, Err(InvalidServerMetadata::OtherIssuer { .. })) {
            result = AuthorizationServerMetadata::parse(body, other);
        }
    }
    result
}

/// An endpoint of `issuer` within the policy; `name` is the metadata's member.
pub(super) fn endpoint(
    fetcher: &Fetcher,
    issuer: &Issuer,
    name: &'static str,
    text: &str,
) -> Result<EndpointUrl, DiscoveryError> {
    fetcher.endpoint(text).map_err(|source| DiscoveryError::Endpoint {
        issuer: issuer.clone(),
        endpoint: name,
        source,
    })
}

fn with_code_flow(
    metadata: AuthorizationServerMetadata,
) -> Result<AuthorizationServerMetadata, InvalidServerMetadata> {
    metadata.code_flow_endpoints()?;
    Ok(metadata)
}
