//! The seam: whoever sends one request.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::{Request, Response};

use super::{AddressPolicy, HttpError, StreamingClient};

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
    /// where there is none: they then use a [`HyperClient`](super::HyperClient) of their own.
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
