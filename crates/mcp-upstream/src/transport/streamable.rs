//! Streamable HTTP: every message of ours is a POST, and its answer carries the reply.
mod exchange;
mod expiry;
mod headers;
mod keeper;
mod patience;
mod resume;

use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Uri};
use http_body_util::Full;
use tokio::{
    sync::{Notify, mpsc},
    time::timeout,
};
use url::Url;

use super::{Outgoing, SseTransport, Wire, pending::Pending, remote};
use crate::{
    CallError, Closed, ConnectError, HttpService, Limits, ProtocolVersion, calls::Listener, session::Handle,
    shared::Shared,
};

/// A server at an MCP endpoint of streamable HTTP (2025-03-26 and later).
///
/// ```no_run
/// use mcp_upstream::{HttpClient, Session, SessionOptions, StreamableTransport};
///
/// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
/// let http = HttpClient::builder().build()?;
/// let server = StreamableTransport::new("https://mcp.example.com/mcp".parse()?, http);
/// let session = Session::connect(server, SessionOptions::default()).await?;
/// println!("{} speaks {}", session.server().name, session.server().protocol_version);
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct StreamableTransport {
    url: Url,
    http: HttpService,
    headers: HeaderMap,
    or_sse: bool,
}

impl StreamableTransport {
    /// The server at `url`, reached through `http`.
    pub fn new(url: Url, http: impl Into<HttpService>) -> Self {
        Self { url, http: http.into(), headers: HeaderMap::new(), or_sse: false }
    }

    /// Takes the older [`SseTransport`] at the same URL if that is what the server speaks (2025-11-25, basic/transports,
    /// "Backwards Compatibility"): when it refuses the first POST as a server does that has no such endpoint.
    #[must_use]
    pub fn or_sse(mut self) -> Self {
        self.or_sse = true;
        self
    }

    /// The older transport, if it may be taken.
    pub(super) fn older(&self) -> Option<SseTransport> {
        let sse = || SseTransport::new(self.url.clone(), self.http.clone()).headers(self.headers.clone());
        self.or_sse.then(sse)
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

    pub(super) fn start(mut self, limits: Limits) -> Result<Handle, ConnectError> {
        let (posts, queue) = mpsc::channel(limits.outgoing_messages.max(1));
        remote::credentials(&self.url, &mut self.headers);
        let wire = StreamableWire {
            uri: remote::uri(&self.url)?,
            http: self.http,
            opening: remote::post_headers(&self.headers),
            session: OnceLock::new(),
            negotiated: OnceLock::new(),
            listen: Notify::new(),
            listened: Notify::new(),
            posts,
        };
        let shared = Arc::new(Shared::new(limits, Wire::Streamable(Box::new(wire))));
        tokio::spawn(keeper::keep(Arc::clone(&shared), queue));
        Ok(Handle::new(shared))
    }
}

// Headers, and the query of a URL, often hold keys.
impl std::fmt::Debug for StreamableTransport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        remote::debug(f, "StreamableTransport", &self.url, &self.headers)
    }
}

/// An endpoint and what was negotiated with it.
pub(crate) struct StreamableWire {
    uri: Uri,
    http: HttpService,
    /// The headers of `initialize`.
    opening: HeaderMap,
    /// The server's session id, if it gave one with its answer to `initialize`.
    session: OnceLock<HeaderValue>,
    /// The headers of everything after `initialize`.
    negotiated: OnceLock<HeaderMap>,
    /// The handshake is over: the server's own stream may be opened.
    listen: Notify,
    /// The server answered the request for its own stream, with one or otherwise.
    listened: Notify,
    posts: mpsc::Sender<Vec<u8>>,
}

impl StreamableWire {
    pub(super) async fn request(
        &self,
        shared: &Shared,
        outgoing: Outgoing<'_>,
        listener: Listener,
    ) -> Result<Bytes, CallError> {
        let progress = listener.listens();
        let mut pending = Pending::register(shared, listener)?;
        let id = pending.id;
        let mut body = Vec::with_capacity(outgoing.request.size_hint());
        outgoing.encode(&mut body, shared, id, progress);
        // For further requests about the call.
        let own = is_resumable(&outgoing).then(|| outgoing.headers.clone());
        let post = self.post_request_of(outgoing, body);
        pending.mark_sent();
        let mut exchange = Box::pin(self.exchange(shared, id, post, own));
        let outcome = tokio::select! {
            biased;
            outcome = &mut exchange => outcome,
            // The session ended, or the reply came on another stream.
            outcome = pending.outcome(|| true) => match outcome {
                // Another call found out that the server forgot the session. It tells each call by itself, and only its
                // answer to this one says whether this one may be sent again.
                Err(CallError::Closed { reason: Closed::SessionExpired, .. }) => {
                    let own = timeout(shared.limits.probe_deadline, exchange).await;
                    return own.ok().flatten().unwrap_or(outcome);
                }
                outcome => return outcome,
            },
        };
        match outcome {
            Some(Err(error)) if is_broken_off(&error) => {
                // The reply may have been part of a batch, which went through the table of calls.
                if let Some(Ok(result)) = pending.outcome_now() {
                    return Ok(result);
                }
                // Dropped as it is, the call is cancelled: the server may still be at work on it.
                Err(error)
            }
            Some(outcome) => {
                pending.complete();
                outcome
            }
            // The answer was a batch, which went through the table of calls.
            None => match pending.outcome_now() {
                Some(outcome) => outcome,
                None => Err(CallError::Truncated),
            },
        }
    }

    /// Sends a notification of the handshake and waits until the server has taken it.
    pub(super) async fn notify(&self, shared: &Shared, message: Vec<u8>) -> Result<(), CallError> {
        let request = self.post_request(HeaderMap::new(), message);
        let response = self.http.call(request).await.map_err(|source| CallError::Transport { source })?;
        if !response.status().is_success() {
            return Err(remote::refusal(response, None, &shared.limits).await);
        }
        remote::discard(response, shared.limits.drain_deadline).await;
        Ok(())
    }

    pub(super) fn post(&self, message: Vec<u8>) -> bool {
        self.posts.try_send(message).is_ok()
    }

    /// From now on requests carry the session id and what the revision demands.
    pub(super) fn negotiated(&self, version: ProtocolVersion) {
        let mut headers = self.opening.clone();
        remote::demand(&mut headers, version);
        if let Some(session) = self.session.get().filter(|_| !version.is_stateless()) {
            headers.insert(remote::SESSION_ID, session.clone());
        }
        let _ = self.negotiated.set(headers);
    }

    /// The handshake is over. Waits a while for the server's own stream, so that nothing is missed of what it says while
    /// the first calls are made: that its tools changed since they were listed, or a reply that it puts on any stream.
    pub(super) async fn listen(&self, shared: &Shared) {
        self.listen.notify_one();
        let _ = timeout(shared.limits.listen_patience, self.listened.notified()).await;
    }

    /// The POST of a request. One of a stateless revision says in its headers what it is about.
    fn post_request_of(&self, outgoing: Outgoing<'_>, body: Vec<u8>) -> Request<Full<Bytes>> {
        if !outgoing.stateless {
            return self.post_request(outgoing.headers, body);
        }
        let mut headers = self.opening.clone();
        headers::describe(&mut headers, &outgoing);
        remote::request(Method::POST, &self.uri, headers, outgoing.headers, body)
    }

    fn headers(&self) -> HeaderMap {
        self.negotiated.get().unwrap_or(&self.opening).clone()
    }

    fn post_request(&self, own: HeaderMap, body: Vec<u8>) -> Request<Full<Bytes>> {
        remote::request(Method::POST, &self.uri, self.headers(), own, body)
    }
}

/// Whether the event stream of a call may be resumed: in the revisions with `initialize`. 2026-07-28 forbids it.
fn is_resumable(outgoing: &Outgoing<'_>) -> bool {
    !outgoing.stateless
}

/// Whether the reply did not come although the server may be at work on the call. It is then told that nobody waits:
/// "Disconnection SHOULD NOT be interpreted as the client cancelling its request. To cancel, the client SHOULD explicitly
/// send an MCP `CancelledNotification`."
fn is_broken_off(error: &CallError) -> bool {
    matches!(
        error,
        CallError::Truncated
            | CallError::Transport { .. }
            | CallError::NotResumable { .. }
            | CallError::NotResumed { .. }
    )
}

impl std::fmt::Debug for StreamableWire {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("StreamableWire")
    }
}
