//! Why there is no client.

use http::StatusCode;
use mcp_oauth_core::{
    InvalidUrl, Issuer, OAuthError, RedirectUri, SigningAlgorithm, TokenEndpointAuthMethod,
};

use crate::HttpError;

/// Why there is no client.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RegistrationError {
    /// The registration endpoint cannot be reached.
    #[error("the registration endpoint cannot be reached")]
    Http(#[from] HttpError),
    /// The registration endpoint is not an address that may be used.
    #[error("the registration endpoint cannot be used")]
    Endpoint(#[source] InvalidUrl),
    /// The server takes no registrations: a client id must be agreed on with its operator and configured.
    #[error("{issuer} offers no client registration: configure a client id")]
    NotOffered {
        /// The authorization server.
        issuer: Issuer,
    },
    /// The server refused the registration.
    #[error("the registration was refused")]
    Refused(#[source] OAuthError),
    /// The server failed or answered with something else.
    #[error("the registration endpoint answered with {status}")]
    Unexpected {
        /// The answer.
        status: StatusCode,
    },
    /// The answer is no registration. Its text is not repeated here, since it may hold a secret.
    #[error("the answer of the registration endpoint is not a client registration")]
    Malformed,
    /// The server registered other redirect URIs than the one that is needed.
    #[error("the server did not register the redirect URI {wanted}")]
    RedirectUriNotRegistered {
        /// The redirect URI that the client uses.
        wanted: RedirectUri,
    },
    /// The client must authenticate in a way that is not possible here.
    #[error("client authentication by {method} is not possible with what is configured")]
    AuthMethod {
        /// The way that the server or the configuration names.
        method: TokenEndpointAuthMethod,
    },
    /// The authorization server does not check signatures by the algorithm of the client's key
    /// (`token_endpoint_auth_signing_alg_values_supported`): register a key for another one.
    #[error("the authorization server does not take client assertions signed by {algorithm}")]
    SigningAlgorithm {
        /// The key's algorithm.
        algorithm: SigningAlgorithm,
    },
    /// The assertions of the client's key are for another server, which whoever sees them could turn to: none was sent.
    /// Configure [where the client belongs](crate::PreregisteredClient::at_issuer), or take the audience away.
    #[error("the audience {audience} of the client's key is neither {issuer} nor its token endpoint")]
    KeyAudience {
        /// The authorization server.
        issuer: Issuer,
        /// The [configured audience](crate::ClientKey::with_audience).
        audience: String,
    },
    /// The configured client belongs to another authorization server; its secret is not shown to this one.
    #[error("the configured client belongs to {registered}, but the MCP server uses {found}")]
    OtherIssuer {
        /// Where the client is registered.
        registered: Issuer,
        /// What the MCP server names now.
        found: Issuer,
    },
}

impl RegistrationError {
    /// True when the same attempt may succeed later.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Http(error) => error.is_retryable(),
            Self::Unexpected { status } => {
                status.is_server_error() || *status == StatusCode::TOO_MANY_REQUESTS
            }
            _ => false,
        }
    }
}
