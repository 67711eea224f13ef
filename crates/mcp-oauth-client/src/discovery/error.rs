//! Why no authorization server was found.

use http::StatusCode;
use mcp_oauth_core::{InvalidResourceMetadata, InvalidServerMetadata, InvalidUrl, Issuer};

use crate::HttpError;

/// Why no authorization server was found.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DiscoveryError {
    /// A document could not be fetched.
    #[error("metadata cannot be fetched")]
    Http(#[from] HttpError),
    /// A server failed where a document should be. Not taken for "there is none": an outage must not look like an
    /// older kind of server.
    #[error("{url} answered with {status}")]
    Unavailable {
        /// The document's address.
        url: String,
        /// The answer.
        status: StatusCode,
    },
    /// The challenge's `resource_metadata` is not an address that may be fetched.
    #[error("the server's challenge names unusable metadata")]
    MetadataUrl(#[source] InvalidUrl),
    /// The protected resource metadata must not be used.
    #[error("the protected resource metadata at {url} cannot be used")]
    Resource {
        /// The document's address.
        url: String,
        /// What is wrong with it.
        #[source]
        source: InvalidResourceMetadata,
    },
    /// The MCP server publishes no metadata, and neither an authorization server nor the older kind of server is
    /// configured.
    #[error("the MCP server publishes no protected resource metadata")]
    NoResourceMetadata,
    /// The protected resource metadata names no authorization server that can be used.
    #[error("the protected resource metadata names no usable authorization server")]
    NoAuthorizationServer,
    /// The authorization server publishes no metadata.
    #[error("the authorization server {issuer} publishes no metadata")]
    NoServerMetadata {
        /// The authorization server.
        issuer: Issuer,
    },
    /// The authorization server's metadata must not be used.
    #[error("the metadata of the authorization server at {url} cannot be used")]
    Server {
        /// The document's address.
        url: String,
        /// What is wrong with it.
        #[source]
        source: InvalidServerMetadata,
    },
    /// An endpoint is not an address that may be used.
    #[error("the {endpoint} of {issuer} cannot be used")]
    Endpoint {
        /// The authorization server.
        issuer: Issuer,
        /// The name of the metadata's member.
        endpoint: &'static str,
        /// What is wrong with it.
        #[source]
        source: InvalidUrl,
    },
    /// The authorization server does not say that it checks PKCE challenges, which MCP demands.
    /// [`PkcePolicy::AssumeSupported`](crate::PkcePolicy::AssumeSupported) makes an exception.
    #[error("the authorization server {issuer} does not advertise PKCE with S256")]
    PkceNotAdvertised {
        /// The authorization server.
        issuer: Issuer,
    },
}

impl DiscoveryError {
    /// True when the same attempt may succeed later.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Http(error) => error.is_retryable(),
            Self::Unavailable { .. } => true,
            _ => false,
        }
    }

    /// True when it is about one authorization server, which another one need not share. An outage is not: whoever goes
    /// elsewhere for it changes the authorization server because a request failed.
    pub(super) fn is_about_one_server(&self) -> bool {
        matches!(
            self,
            Self::NoServerMetadata { .. }
                | Self::Server { .. }
                | Self::Endpoint { .. }
                | Self::PkceNotAdvertised { .. }
        )
    }
}
