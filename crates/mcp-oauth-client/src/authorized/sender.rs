//! An [`HttpClient`] as a tower service, so that the layer fits around it.

use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::{Request, Response};
use tower::Service;

use crate::{AddressPolicy, ConnectionRules, HttpClient, HttpError, Limits};

/// Sends one request within limits.
#[derive(Clone)]
pub(super) struct Sender {
    http: Arc<dyn HttpClient>,
    rules: ConnectionRules,
    /// For one sending: a login between two of them may take longer.
    time: Duration,
}

impl Sender {
    pub(super) fn new(http: Arc<dyn HttpClient>, limits: &Limits) -> Self {
        // The program says where its requests go. The rules are for addresses that peers name.
        let rules = ConnectionRules { addresses: AddressPolicy::Any, body_bytes: limits.resource_bytes };
        Self { http, rules, time: limits.request_time }
    }
}

impl Service<Request<Bytes>> for Sender {
    type Response = Response<Bytes>;
    type Error = HttpError;
    type Future = BoxFuture<'static, Result<Response<Bytes>, HttpError>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), HttpError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Bytes>) -> Self::Future {
        let Self { http, rules, time: limit } = self.clone();
        let host = request.uri().host().unwrap_or_default().to_owned();
        Box::pin(async move {
            tokio::time::timeout(limit, http.send(request, rules))
                .await
                .unwrap_or(Err(HttpError::TimedOut { host, limit }))
        })
    }
}
