//! Why a grant that needs no person was not given.

use mcp_oauth_core::{GrantType, Issuer, OAuthErrorCode, TokenType};

use crate::assertion::Listed;
use crate::{
    AssertionAudience, BoxError, DiscoveryError, DpopError, RegistrationError, ScopeError, StoreError,
    TokenError,
};

/// Why there is no token although nobody would have to be asked: one variant for each thing that can be done about it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum UnattendedError {
    /// The MCP server's authorization server was not found.
    #[error("no authorization server was found")]
    Discovery(#[from] DiscoveryError),
    /// The configured client is none that this authorization server takes.
    #[error("the configured client cannot be used")]
    Registration(#[from] RegistrationError),
    /// The scopes that the server wants may not be asked for.
    #[error("the scopes cannot be asked for")]
    Scope(#[from] ScopeError),
    /// The token cannot be bound to a key.
    #[error("the token cannot be bound to a key")]
    Dpop(#[from] DpopError),
    /// The authorization server lists its grants, and the configured one is not among them.
    #[error("{issuer} does not offer the grant {grant}")]
    NotOffered {
        /// The authorization server.
        issuer: Issuer,
        /// The grant.
        grant: GrantType,
    },
    /// The authorization server lists the grant profiles that it supports, and enterprise-managed authorization is not
    /// among them.
    #[error("{issuer} does not support enterprise-managed authorization")]
    ProfileNotOffered {
        /// The authorization server.
        issuer: Issuer,
    },
    /// The workload's assertion cannot be had: its file is missing, the platform does not answer.
    #[error("the workload's assertion cannot be had")]
    Assertion(#[source] BoxError),
    /// The workload's assertion is for somebody else than the MCP server's authorization server. It was not sent: whoever
    /// sees it could use it there. Have the platform make one for this server; or if it is the MCP server that names the
    /// wrong one, [say which is right](crate::WorkloadIdentity::at_issuer).
    #[error(
        "the workload's assertion is for {}, but its aud must be {} or {}",
        Listed(found), wanted.issuer, wanted.token_endpoint
    )]
    AssertionAudience {
        /// What its `aud` must name one of.
        wanted: AssertionAudience,
        /// What it names.
        found: Vec<String>,
    },
    /// The workload's assertion does not say whom it is for, so whoever sees it could use it: it was not sent. If it may be
    /// shown to this authorization server, say so by [`at_issuer`](crate::WorkloadIdentity::at_issuer).
    #[error(
        "the workload's assertion says no audience: configure the authorization server, if it is {issuer}"
    )]
    AssertionForAnybody {
        /// The authorization server that the MCP server names.
        issuer: Issuer,
    },
    /// The MCP server uses another authorization server than the one that the workload's assertions are for.
    #[error("the workload's assertions are for {configured}, but the MCP server uses {found}")]
    AssertionIssuer {
        /// The one that is configured.
        configured: Issuer,
        /// What the MCP server names now.
        found: Issuer,
    },
    /// The authorization server refused this very assertion before, so it was not shown to it again.
    #[error("{issuer} has refused the workload's assertion, and there is no other one yet")]
    AssertionRefused {
        /// The authorization server.
        issuer: Issuer,
    },
    /// The application has no token of the person: they must sign in at the identity provider.
    #[error("there is no token of the person to show to the identity provider")]
    SubjectToken(#[source] BoxError),
    /// The identity provider's token endpoint was not found.
    #[error("the identity provider was not found")]
    IdentityProviderDiscovery(#[source] DiscoveryError),
    /// The client that is configured for the identity provider is none that it takes.
    #[error("the client for the identity provider cannot be used")]
    IdentityProviderClient(#[source] RegistrationError),
    /// The identity provider gave no assertion: it does not know the client, the person's token has expired, or its
    /// policy does not allow this person this server. [`is_subject_rejected`](Self::is_subject_rejected) tells the
    /// second.
    #[error("the identity provider gave no assertion for the MCP server")]
    IdentityProvider(#[source] TokenError),
    /// What the identity provider gave is not an ID-JAG (RFC 8693 §2.2.1).
    #[error(
        "the identity provider gave a token of type {token_type} ({}) instead of an ID-JAG",
        issued_token_type.as_deref().unwrap_or("not stated")
    )]
    NotAnIdJag {
        /// The `token_type`, which should be `N_A`.
        token_type: TokenType,
        /// The `issued_token_type`.
        issued_token_type: Option<String>,
    },
    /// The ID-JAG is not for the MCP server's authorization server, which it was asked for: it was not sent (C17.5).
    #[error("the identity provider's ID-JAG is for {}, not for {issuer}", Listed(found))]
    IdJagAudience {
        /// The authorization server.
        issuer: Issuer,
        /// What its `aud` names; nothing when it has none that can be read.
        found: Vec<String>,
    },
    /// The MCP server's authorization server gave no token.
    #[error("the token request failed")]
    Token(#[source] TokenError),
    /// The store failed.
    #[error("the store failed")]
    Store(#[from] StoreError),
}

impl UnattendedError {
    /// True when the same attempt may succeed later without anybody changing anything.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Discovery(error) | Self::IdentityProviderDiscovery(error) => error.is_retryable(),
            Self::Registration(error) | Self::IdentityProviderClient(error) => error.is_retryable(),
            Self::IdentityProvider(error) | Self::Token(error) => error.is_retryable(),
            Self::Store(error) => error.is_retryable(),
            Self::Dpop(error) => error.is_retryable(),
            _ => false,
        }
    }

    /// True when the identity provider no longer takes the person's token: they must sign in there again.
    pub fn is_subject_rejected(&self) -> bool {
        match self {
            Self::SubjectToken(_) => true,
            // RFC 8693 §2.2.2 has invalid_request for it, the draft of the ID-JAG invalid_grant. The former means a
            // mistake in the request as well, which a sign-in would not mend.
            Self::IdentityProvider(error) => error.code() == Some(&OAuthErrorCode::InvalidGrant),
            _ => false,
        }
    }

    /// The error code of the server that refused, if one did.
    pub fn code(&self) -> Option<&OAuthErrorCode> {
        match self {
            Self::IdentityProvider(error) | Self::Token(error) => error.code(),
            _ => None,
        }
    }
}
