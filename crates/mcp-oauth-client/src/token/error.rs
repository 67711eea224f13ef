//! Why the token endpoint gave no token.

use http::StatusCode;
use mcp_oauth_core::{InvalidUrl, OAuthError, OAuthErrorCode, TokenType};

use crate::assertion::AssertionError;
use crate::{DpopError, HttpError};

/// Why the token endpoint gave no token.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TokenError {
    /// The token endpoint cannot be reached.
    #[error("the token endpoint cannot be reached")]
    Http(#[from] HttpError),
    /// The token endpoint is not an address that may be used.
    #[error("the token endpoint cannot be used")]
    Endpoint(#[source] InvalidUrl),
    /// The client's key gave no assertion to authenticate with.
    #[error("the client cannot authenticate")]
    Assertion(#[from] AssertionError),
    /// There is no proof that the client holds the key that its tokens are bound to.
    #[error("the client cannot prove that it holds its key")]
    Dpop(#[from] DpopError),
    /// The server refused the proof of possession.
    #[error("the authorization server refused the proof of possession{}", hint(*.clock_ahead))]
    ProofRefused {
        /// What it says.
        #[source]
        error: OAuthError,
        /// By how many seconds this machine's clock is ahead of the server's, negative when it is behind: the likely
        /// reason. `None` when they agree, or the server does not say.
        clock_ahead: Option<i64>,
    },
    /// The server gave a token that anybody can use, though the client proved that it holds a key, and the MCP server or
    /// the policy wants tokens that are bound to it.
    #[error("the authorization server did not bind the token to the client's key")]
    NotBound,
    /// The server refused.
    #[error("the authorization server refused the token request")]
    Refused(#[source] OAuthError),
    /// The server, or a gateway before it, wants the client to authenticate, though it did, and says nothing else. It counts
    /// as `invalid_client` (RFC 6749 §5.2), but says nothing of the client's registration, which therefore stays.
    #[error("the token endpoint did not accept the client's authentication")]
    NotAuthenticated,
    /// The server failed, redirected or answered with something else.
    #[error("the token endpoint answered with {status}")]
    Unexpected {
        /// The answer.
        status: StatusCode,
    },
    /// The answer is no token answer. Its text is not repeated here, since it may hold tokens.
    #[error("the answer of the token endpoint is not a token answer")]
    Malformed,
    /// The token is of a type that this client cannot use (RFC 6749 §7.1).
    #[error("tokens of type {0} cannot be used")]
    TokenType(TokenType),
}

impl TokenError {
    /// True when the same request may succeed later.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Http(error) => error.is_retryable(),
            Self::Dpop(error) => error.is_retryable(),
            Self::Unexpected { status } => {
                status.is_server_error() || *status == StatusCode::TOO_MANY_REQUESTS
            }
            Self::Refused(error) => {
                use OAuthErrorCode::{ServerError, TemporarilyUnavailable, UseDpopNonce};
                matches!(error.code(), TemporarilyUnavailable | ServerError | UseDpopNonce)
            }
            // A clock can be set right. No login would mend it.
            Self::ProofRefused { .. } => true,
            _ => false,
        }
    }

    /// The server's error code, if it gave one. `invalid_client` for [`NotAuthenticated`](Self::NotAuthenticated).
    pub fn code(&self) -> Option<&OAuthErrorCode> {
        match self {
            Self::NotAuthenticated => Some(&OAuthErrorCode::InvalidClient),
            Self::Refused(error) | Self::ProofRefused { error, .. } => Some(error.code()),
            _ => None,
        }
    }

    /// True when the server no longer knows the client: it must register again. Only what the server itself says counts
    /// (C12.9): a status may be a gateway's.
    pub(crate) fn is_unknown_client(&self) -> bool {
        matches!(self, Self::Refused(error) if *error.code() == OAuthErrorCode::InvalidClient)
    }
}

fn hint(clock_ahead: Option<i64>) -> String {
    match clock_ahead {
        Some(seconds) if seconds < 0 => {
            format!(": this machine's clock is {} s behind the server's", seconds.unsigned_abs())
        }
        Some(seconds) => format!(": this machine's clock is {seconds} s ahead of the server's"),
        None => String::new(),
    }
}
