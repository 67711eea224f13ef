//! The authorized HTTP client below a transport.

use std::time::Duration;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use futures_util::{FutureExt as _, TryFutureExt as _};
use http::header::ACCEPT;
use http::{HeaderMap, HeaderValue, Method, Request, Response, Uri};
use http_body_util::{BodyExt as _, Full, Limited};
use tower::util::BoxCloneSyncService;
use tower::{Layer as _, ServiceExt as _, service_fn};

use super::{TransportError, TransportOptions};
use crate::http::StreamingClient;
use crate::{AuthorizationLayer, AuthorizationManager, Authorized, HyperClient};

pub(super) use crate::http::StreamedBody as ResponseBody;

/// What both transports accept.
pub(super) const JSON_OR_EVENTS: HeaderValue =
    HeaderValue::from_static("application/json, text/event-stream");

/// Sends requests with tokens and the caller's headers.
#[derive(Clone)]
pub(super) struct Http {
    service: Authorized<StreamingClient>,
    headers: HeaderMap,
}

impl Http {
    pub(super) fn new(manager: &AuthorizationManager, options: &TransportOptions) -> Self {
        // The manager's own goes the way that this network wants (C16.6), with the certificates that it wants.
        let http = options.http.clone().or_else(|| manager.http().streaming());
        let http = limited(http.unwrap_or_else(|| HyperClient::new().stream()));
        let layer = options.layer(AuthorizationLayer::new(manager.clone()));
        Self { service: layer.layer(http), headers: options.headers.clone() }
    }

    /// A request with the caller's headers.
    pub(super) fn request(&self, method: Method, uri: &Uri, body: Bytes) -> Request<Full<Bytes>> {
        let mut request = Request::new(Full::new(body));
        *request.method_mut() = method;
        *request.uri_mut() = uri.clone();
        request.headers_mut().clone_from(&self.headers);
        request.headers_mut().insert(ACCEPT, JSON_OR_EVENTS);
        request
    }

    pub(super) fn send(
        &self,
        request: Request<Full<Bytes>>,
    ) -> BoxFuture<'static, Result<Response<ResponseBody>, TransportError>> {
        // In a box, since the compiler cannot see through as many futures in one as a transport has.
        let uri = request.uri().to_string();
        let sent = self.service.clone().oneshot(request);
        sent.map_err(move |error| TransportError::from_box(error, &uri)).boxed()
    }
}

/// How long a request may wait for the head of its answer. Below the layer, since a login may take longer.
#[derive(Clone, Copy)]
pub(super) struct HeadLimit(pub(super) Duration);

fn limited(http: StreamingClient) -> StreamingClient {
    BoxCloneSyncService::new(service_fn(move |request: Request<Full<Bytes>>| {
        let limit = request.extensions().get::<HeadLimit>().copied();
        let answer = http.clone().oneshot(request);
        async move {
            let Some(HeadLimit(limit)) = limit else { return answer.await };
            let answer = tokio::time::timeout(limit, answer).await;
            answer.unwrap_or_else(|_| Err(TransportError::TimedOut { limit }.into()))
        }
    }))
}

/// Reads a body up to a limit.
pub(super) fn read(body: ResponseBody, limit: usize) -> BoxFuture<'static, Result<Bytes, TransportError>> {
    let collected = Limited::new(body, limit).collect();
    collected.map(|body| Ok(body.map_err(TransportError::Broken)?.to_bytes())).boxed()
}

/// Whether the answer is of this kind, whatever parameters the kind has.
pub(super) fn is_of_kind<B>(response: &Response<B>, kind: &str) -> bool {
    let named = response.headers().get(http::header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    named.and_then(|named| named.get(..kind.len())).is_some_and(|named| named.eq_ignore_ascii_case(kind))
}
