//! The HTTP+SSE transport of 2024-11-05: the server names an endpoint on an event stream, we POST there, and every reply
//! comes back on the stream. The session is that stream and ends with it, as
//! [`Closed::StreamEnded`](crate::Closed::StreamEnded) or [`Closed::Transport`](crate::Closed::Transport): the revision
//! knows no event ids and says nothing about a stream that breaks, and a server names a new endpoint, with a new session
//! behind it, on every stream. Whoever owns the session connects again.
mod endpoint;
mod keeper;

use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Uri};
use http_body_util::Full;
use tokio::sync::{mpsc, oneshot};
use url::Url;

use super::{Outgoing, Wire, pending::Pending, remote};
use crate::{
    CallError, Closed, ConnectError, HttpService, Limits, ProtocolVersion, calls::Listener, session::Handle,
    shared::Shared,
};

/// A server that speaks the HTTP+SSE transport of 2024-11-05.
#[derive(Clone)]
pub struct SseTransport {
    url: Url,
    http: HttpService,
    headers: HeaderMap,
}

impl SseTransport {
    /// The server whose event stream is at `url`, reached through `http`.
    pub fn new(url: Url, http: impl Into<HttpService>) -> Self {
        Self { url, http: http.into(), headers: HeaderMap::new() }
    }

    /// Adds a header to every request. One whose value is secret should say so ([`HeaderValue::set_sensitive`]).
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.append(name, value);
        self
    }

    /// Adds headers to every request, in place of fixed ones of the same names.
    #[must_use]
    pub fn headers(mut self, headers: HeaderMap) -> Self {
        self.headers.extend(headers);
        self
    }

    pub(super) async fn start(mut self, limits: Limits) -> Result<Handle, ConnectError> {
        let (posts, queue) = mpsc::channel(limits.outgoing_messages.max(1));
        let (named, endpoint) = oneshot::channel();
        remote::credentials(&self.url, &mut self.headers);
        let mut listening = self.headers.clone();
        listening.insert(http::header::ACCEPT, HeaderValue::from_static(remote::EVENT_STREAM));
        let stream = remote::uri(&self.url)?;
        let stream = remote::request(Method::GET, &stream, listening, HeaderMap::new(), Vec::new());
        let wire = SseWire {
            http: self.http,
            opening: remote::post_headers(&self.headers),
            endpoint: OnceLock::new(),
            negotiated: OnceLock::new(),
            posts,
        };
        let shared = Arc::new(Shared::new(limits, Wire::Sse(Box::new(wire))));
        let handle = Handle::new(Arc::clone(&shared));
        tokio::spawn(keeper::keep(shared, self.url, stream, named, queue));
        match endpoint.await {
            Ok(result) => result.map(|()| handle),
            Err(_keeper_gone) => Err(ConnectError::Closed { reason: Closed::StreamEnded, said: None }),
        }
    }
}

// Headers, and the query of a URL, often hold keys.
impl std::fmt::Debug for SseTransport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        remote::debug(f, "SseTransport", &self.url, &self.headers)
    }
}

/// An endpoint to POST to; replies come on the stream.
pub(crate) struct SseWire {
    http: HttpService,
    /// The headers of `initialize`.
    opening: HeaderMap,
    endpoint: OnceLock<Uri>,
    /// The headers of everything after `initialize`.
    negotiated: OnceLock<HeaderMap>,
    posts: mpsc::Sender<Vec<u8>>,
}

impl SseWire {
    pub(super) async fn request(
        &self,
        shared: &Shared,
        outgoing: Outgoing<'_>,
        listener: Listener,
    ) -> Result<Bytes, CallError> {
        let progress = listener.listens();
        let mut pending = Pending::register(shared, listener)?;
        let mut body = Vec::with_capacity(outgoing.request.size_hint());
        outgoing.encode(&mut body, shared, pending.id, progress);
        let Some(request) = self.post_request(outgoing.headers, body) else {
            return Err(CallError::Closed { reason: Closed::StreamEnded, sent: false });
        };
        pending.mark_sent();
        let mut posting = Box::pin(post(self.http.clone(), request, shared.limits.clone()));
        let posted = tokio::select! {
            biased;
            outcome = pending.outcome(|| true) => {
                // Dropping the POST would close its connection, and some servers answer it after they replied.
                tokio::spawn(tokio::time::timeout(shared.limits.drain_deadline, posting));
                return outcome;
            }
            posted = &mut posting => posted,
        };
        match posted {
            Ok(()) => pending.outcome(|| true).await,
            Err(error) => {
                pending.complete();
                Err(error)
            }
        }
    }

    /// Sends a notification of the handshake and waits until the server has taken it.
    pub(super) async fn notify(&self, shared: &Shared, message: Vec<u8>) -> Result<(), CallError> {
        match self.post_request(HeaderMap::new(), message) {
            Some(request) => post(self.http.clone(), request, shared.limits.clone()).await,
            None => Err(CallError::Closed { reason: Closed::StreamEnded, sent: false }),
        }
    }

    pub(super) fn post(&self, message: Vec<u8>) -> bool {
        self.posts.try_send(message).is_ok()
    }

    pub(super) fn negotiated(&self, version: ProtocolVersion) {
        let mut headers = self.opening.clone();
        remote::demand(&mut headers, version);
        let _ = self.negotiated.set(headers);
    }

    fn post_request(&self, own: HeaderMap, body: Vec<u8>) -> Option<Request<Full<Bytes>>> {
        let headers = self.negotiated.get().unwrap_or(&self.opening).clone();
        Some(remote::request(Method::POST, self.endpoint.get()?, headers, own, body))
    }
}

impl std::fmt::Debug for SseWire {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SseWire")
    }
}

/// POSTs a message. The server accepts it (202, often 200); the reply to it comes on the stream.
async fn post(http: HttpService, request: Request<Full<Bytes>>, limits: Limits) -> Result<(), CallError> {
    let response = http.call(request).await.map_err(|source| CallError::Transport { source })?;
    if !response.status().is_success() {
        return Err(remote::refusal(response, None, &limits).await);
    }
    // Whatever is in the body says no more than "Accepted".
    remote::discard(response, limits.drain_deadline).await;
    Ok(())
}
