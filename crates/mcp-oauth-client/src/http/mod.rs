//! HTTP as this client needs it: small requests to servers that strangers named.
//!
//! [`HttpClient`] is the seam: one request, no redirects, an answer of bounded size, and no connection to an address
//! that the rules forbid. [`HyperClient`] is the implementation, directly or through an egress proxy; or bring your own. What must
//! hold whatever client is used (redirects, schemes, time limits) is in [`fetch`](self::fetch), which nobody can leave out.

mod egress;
mod fetch;
mod guard;
mod hyper_client;
mod resolver;
mod streaming;
mod tls;

use std::error::Error as StdError;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::{Request, Response};
use mcp_oauth_core::InvalidUrl;

pub use egress::EgressProxies;
pub(crate) use fetch::Fetcher;
pub use guard::AddressPolicy;
pub use hyper_client::HyperClient;
pub use resolver::Resolver;
#[cfg(feature = "rmcp")]
pub(crate) use streaming::erase;
pub use streaming::{StreamedBody, StreamingClient};
pub use tls::tls_config;

/// An error of any kind, as tower passes them.
pub type BoxError = Box<dyn StdError + Send + Sync>;

/// What an [`HttpClient`] must keep to for one request.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct ConnectionRules {
    /// Addresses that may be connected to. To be checked on the resolved address that is then used.
    pub addresses: AddressPolicy,
    /// Bytes of the answer's body, after which reading stops with [`HttpError::BodyTooLarge`].
    pub body_bytes: usize,
}

/// Sends one request.
///
/// An implementation follows no redirects: the caller checks each hop. Time limits are the caller's too; dropping the
/// future must end the request.
pub trait HttpClient: Send + Sync + 'static {
    /// Sends `request` and reads the whole answer.
    fn send(
        &self,
        request: Request<Bytes>,
        rules: ConnectionRules,
    ) -> BoxFuture<'_, Result<Response<Bytes>, HttpError>>;

    /// The same client for answers that are read as they come, to addresses that the program chose: with the same
    /// authorities, client certificate, proxies and resolver. The transports for rmcp send through it. `None`, the default,
    /// where there is none: they then use a [`HyperClient`] of their own.
    fn streaming(&self) -> Option<StreamingClient> {
        None
    }
}

impl<C: HttpClient + ?Sized> HttpClient for Arc<C> {
    fn send(
        &self,
        request: Request<Bytes>,
        rules: ConnectionRules,
    ) -> BoxFuture<'_, Result<Response<Bytes>, HttpError>> {
        (**self).send(request, rules)
    }

    fn streaming(&self) -> Option<StreamingClient> {
        (**self).streaming()
    }
}

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
