//! Why a request got no answer.

use std::error::Error as StdError;
use std::time::Duration;

use mcp_oauth_core::InvalidUrl;

/// An error of any kind, as tower passes them.
pub type BoxError = Box<dyn StdError + Send + Sync>;

/// Why a request got no answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HttpError {
    /// The address is of a class that the rules forbid.
    #[error("{host} is at a private or local address, which is not allowed here")]
    AddressRefused {
        /// The host that was asked for.
        host: String,
    },
    /// No connection: unknown host, refused, TLS failure.
    #[error("no connection to {host}")]
    Connect {
        /// The host that was asked for, with its port.
        host: String,
        /// What failed.
        #[source]
        source: BoxError,
    },
    /// The connection broke.
    #[error("the connection to {host} broke")]
    Transport {
        /// The host that was asked for.
        host: String,
        /// What failed.
        #[source]
        source: BoxError,
    },
    /// No answer within the limit.
    #[error("no answer from {host} within {} s", limit.as_secs_f32())]
    TimedOut {
        /// The host that was asked for.
        host: String,
        /// The limit.
        limit: Duration,
    },
    /// The answer is larger than the limit.
    #[error("the answer of {host} is larger than {limit_bytes} bytes")]
    BodyTooLarge {
        /// The host that was asked for.
        host: String,
        /// The limit.
        limit_bytes: usize,
    },
    /// A metadata document was redirected too often.
    #[error("{host} redirected more than {limit} times")]
    TooManyRedirects {
        /// The host that redirected last.
        host: String,
        /// The limit.
        limit: usize,
    },
    /// A redirect leads to an address that may not be fetched.
    #[error("{host} redirected to an address that is not allowed")]
    RedirectRefused {
        /// The host that redirected.
        host: String,
        /// What is wrong with the address.
        #[source]
        source: InvalidUrl,
    },
}

impl HttpError {
    /// True when the same request may succeed later.
    pub fn is_retryable(&self) -> bool {
        matches!(self, Self::Connect { .. } | Self::Transport { .. } | Self::TimedOut { .. })
    }
}
