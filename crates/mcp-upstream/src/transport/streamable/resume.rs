//! Event streams that break off before all is said, and their continuation (2025-03-26 to 2025-11-25, basic/transports,
//! "Resumability and Redelivery").
//!
//! A server may also end a connection on purpose, to be polled (2025-11-25, "Sending Messages to the Server"). It is the
//! same to the client: it waits as long as the server said, and asks with a GET for what came after the last event.
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, header};
use http_body_util::Full;
use tokio::time::sleep;

use super::{
    StreamableWire,
    exchange::{Heard, drain, hear},
    expiry,
    patience::Patience,
};
use crate::{
    CallError, Closed,
    http_client::{Body, Cursor, EventStream, excerpt},
    shared::Shared,
    transport::remote,
};

impl StreamableWire {
    /// The rest of a call's event stream, up to the reply: "Resumption is always via HTTP GET with `Last-Event-ID`."
    /// Whoever waits for the call gives up in the end; dropping this future ends it in any of its states.
    pub(super) async fn resume(
        &self,
        shared: &Shared,
        id: u64,
        own: &HeaderMap,
        mut cursor: Cursor,
    ) -> Result<Bytes, CallError> {
        let limits = &shared.limits;
        let mut patience = Patience::default();
        loop {
            // A server may take its id back.
            let Some(last) = cursor.last_event_id() else { return Err(CallError::Truncated) };
            tokio::select! {
                () = sleep(patience.pause(cursor.retry(), limits)) => {}
                reason = shared.closed() => return Err(CallError::Closed { reason, sent: true }),
            }
            let request = self.get_request(Some(last.clone()), own.clone());
            let refused = match self.http.call(request).await {
                Ok(response) if is_stream(&response) => {
                    let mut events = EventStream::from(response.into_body(), limits.message_bytes, cursor);
                    if let Heard::Reply(reply) = hear(shared, id, &mut events).await {
                        drain(shared, id, events);
                        return reply;
                    }
                    cursor = events.into_cursor();
                    let attempts = patience.ended(cursor.last_event_id() != Some(last));
                    if attempts >= limits.resumptions {
                        return Err(CallError::NotResumed { attempts, last: None });
                    }
                    continue;
                }
                Ok(response) => self.refused(shared, response).await?,
                Err(source) => CallError::Transport { source },
            };
            let attempts = patience.failed();
            if attempts >= limits.failed_resumptions {
                return Err(CallError::NotResumed { attempts, last: Some(Box::new(refused)) });
            }
        }
    }

    /// What an answer without a stream means: an error that may pass, or one that ends the call.
    async fn refused(&self, shared: &Shared, response: Response<Body>) -> Result<CallError, CallError> {
        let status = response.status();
        let limits = &shared.limits;
        let (_, body) = excerpt(response.into_body(), limits.excerpt_bytes, limits.drain_deadline).await;
        if may_pass(status) {
            return Ok(CallError::Http { status, body });
        }
        if self.may_be_expired(status) && self.is_forgotten(shared).await {
            expiry::expire(shared);
            return Err(CallError::Closed { reason: Closed::SessionExpired, sent: true });
        }
        Err(CallError::NotResumable { status, body })
    }

    /// A GET of the server's own stream, or of what came after an event on any stream.
    pub(super) fn get_request(&self, last: Option<HeaderValue>, own: HeaderMap) -> Request<Full<Bytes>> {
        let mut headers = self.headers();
        headers.remove(header::CONTENT_TYPE);
        headers.insert(header::ACCEPT, HeaderValue::from_static(remote::EVENT_STREAM));
        // Before the session's own headers are made, there is the session.
        if let Some(session) = self.session.get() {
            headers.insert(remote::SESSION_ID, session.clone());
        }
        let mut request = remote::request(Method::GET, &self.uri, headers, own, Vec::new());
        if let Some(last) = last {
            request.headers_mut().insert(LAST_EVENT_ID, last);
        }
        request
    }
}

/// Whether the answer to a GET is what was asked for.
pub(super) fn is_stream(response: &Response<Body>) -> bool {
    response.status() == StatusCode::OK && remote::is_event_stream(response)
}

/// Whether a status is about the moment rather than the stream. 409 is a server that has not yet noticed that the
/// connection broke; 501 is one that knows no GET.
pub(super) fn may_pass(status: StatusCode) -> bool {
    match status {
        StatusCode::CONFLICT | StatusCode::TOO_MANY_REQUESTS => true,
        StatusCode::NOT_IMPLEMENTED => false,
        status => status.is_server_error(),
    }
}

const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");
