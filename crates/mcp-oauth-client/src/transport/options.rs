//! What a transport can be told.

use std::fmt;
use std::time::Duration;

use ::rmcp::transport::common::client_side_sse::ExponentialBackoff;
use bytes::{Buf, Bytes};
use futures_util::future::BoxFuture;
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response};
use http_body::Body;
use http_body_util::Full;
use tower::Service;

use crate::attendance::Attendance;
use crate::http::{BoxError, StreamingClient, erase};
use crate::{AuthorizationLayer, Interaction, LoginOccasion};

/// Options of a transport. Everything has a default.
#[derive(Clone, Default)]
pub struct TransportOptions {
    attendance: Attendance,
    pub(super) http: Option<StreamingClient>,
    pub(super) headers: HeaderMap,
    pub(super) retry: TransportRetry,
}

/// What becomes of an event stream that breaks off and can be resumed, because the server numbers its events. One that
/// cannot ends the transport: the session behind it is gone.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct TransportRetry {
    /// Attempts in a row without any event, of the legacy transport; the other one goes on for ever. Default: 5.
    pub attempts: usize,
    /// The pause before each, unless the server names one. For streamable HTTP, rmcp doubles it each time. Default: 1 second.
    pub pause: Duration,
    /// The shortest pause that a server of the legacy transport may name. Default: 100 milliseconds.
    pub shortest_pause: Duration,
    /// The longest pause, whoever names it. Default: 60 seconds.
    pub longest_pause: Duration,
}

impl Default for TransportRetry {
    fn default() -> Self {
        Self {
            attempts: 5,
            pause: Duration::from_secs(1),
            shortest_pause: Duration::from_millis(100),
            longest_pause: Duration::from_secs(60),
        }
    }
}

impl TransportRetry {
    /// For rmcp, which doubles its pause without end: a server that is away over night would not be found again for hours.
    pub(super) fn backoff(&self) -> ExponentialBackoff {
        let mut backoff = ExponentialBackoff::default();
        backoff.base_duration = self.pause;
        backoff.max_delay = Some(self.longest_pause);
        backoff
    }
}

impl TransportOptions {
    /// Everything by default: no logins, no headers, the client's own HTTP.
    pub fn new() -> Self {
        Self::default()
    }

    /// Lets requests that need a login begin it, see [`AuthorizationLayer::interactive`].
    #[must_use]
    pub fn interactive(mut self, interaction: impl Interaction + 'static) -> Self {
        self.attendance.interactive(interaction);
        self
    }

    /// Asks the application before a person is asked once more, see [`AuthorizationLayer::confirm`].
    #[must_use]
    pub fn confirm(
        mut self,
        confirm: impl Fn(LoginOccasion) -> BoxFuture<'static, bool> + Send + Sync + 'static,
    ) -> Self {
        self.attendance.confirm(confirm);
        self
    }

    /// Sends requests through this HTTP client, whose answers must stream. It must not follow redirects. Default: what the
    /// manager itself uses, where its answers stream ([`HttpClient::streaming`](crate::HttpClient::streaming)), as those of a
    /// [`HyperClient`](crate::HyperClient) do; else a new [`HyperClient`](crate::HyperClient).
    #[must_use]
    pub fn http<S, B>(mut self, client: S) -> Self
    where
        S: Service<Request<Full<Bytes>>, Response = Response<B>> + Clone + Send + Sync + 'static,
        S::Error: Into<BoxError>,
        S::Future: Send + 'static,
        B: Body + Send + 'static,
        B::Data: Buf,
        B::Error: Into<BoxError>,
    {
        self.http = Some(erase(client));
        self
    }

    /// Adds a header to every request. `Authorization` is the transport's own.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.append(name, value);
        self
    }

    /// How broken streams are resumed.
    #[must_use]
    pub fn retry(mut self, retry: TransportRetry) -> Self {
        self.retry = retry;
        self
    }

    pub(super) fn layer(&self, layer: AuthorizationLayer) -> AuthorizationLayer {
        layer.attended(self.attendance.clone())
    }
}

impl fmt::Debug for TransportOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TransportOptions")
            .field("attendance", &self.attendance)
            .field("retry", &self.retry)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
