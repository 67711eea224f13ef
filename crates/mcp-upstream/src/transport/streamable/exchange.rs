//! One POST of a request and the answer that carries its reply, as JSON or as an event stream.
use bytes::Bytes;
use futures_util::FutureExt as _;
use http::{HeaderMap, Request, Response, StatusCode};
use http_body_util::Full;

use super::{StreamableWire, expiry};
use crate::{
    BoxError, CallError, Closed, Excerpt,
    http_client::{Body, Collected, Cursor, EventStream, Item, collect, is_refused},
    message::{self, Message},
    shared::{Shared, Text, failure},
    transport::remote,
};

/// The reply, or `None` if there was none with this id.
type Reply = Option<Result<Bytes, CallError>>;

impl StreamableWire {
    /// Sends the request of the call `id`. If its event stream may be resumed, `own` are the call's own headers.
    pub(super) async fn exchange(
        &self,
        shared: &Shared,
        id: u64,
        request: Request<Full<Bytes>>,
        own: Option<HeaderMap>,
    ) -> Reply {
        let initializes = self.negotiated.get().is_none() && !request.headers().contains_key(&remote::METHOD);
        let response = match self.http.call(request).await {
            Ok(response) => response,
            Err(source) if self.negotiated.get().is_some() && is_refused(&source) => {
                return Some(Err(unreachable(shared, source)));
            }
            Err(source) => return Some(Err(CallError::Transport { source })),
        };
        let status = response.status();
        if status == StatusCode::NOT_FOUND && self.session.get().is_some() {
            // "When a client receives HTTP 404 in response to a request containing an MCP-Session-Id, it MUST start a
            // new session": whoever owns this one connects again.
            return Some(Err(expiry::expire(shared)));
        }
        if self.may_be_expired(status) {
            let refusal = remote::refusal(response, Some(id), &shared.limits).await;
            let answered = matches!(refusal, CallError::Server(_));
            let forgotten = !answered && self.is_forgotten(shared).await;
            return Some(Err(if forgotten { expiry::expire(shared) } else { refusal }));
        }
        if !status.is_success() || status == StatusCode::ACCEPTED || status == StatusCode::NO_CONTENT {
            return Some(Err(remote::refusal(response, Some(id), &shared.limits).await));
        }
        if initializes && let Some(session) = response.headers().get(remote::SESSION_ID) {
            let mut session = session.clone();
            session.set_sensitive(true);
            let _ = self.session.set(session);
        }
        if remote::is_event_stream(&response) {
            self.streamed(shared, id, response.into_body(), own).await
        } else {
            self::whole(shared, id, response).await
        }
    }

    /// The reply is in one of the events, or in one of a stream that continues this one.
    async fn streamed(&self, shared: &Shared, id: u64, body: Body, own: Option<HeaderMap>) -> Reply {
        let limits = &shared.limits;
        let mut events = match own {
            Some(_) => EventStream::from(body, limits.message_bytes, Cursor::new(limits.event_id_bytes)),
            None => EventStream::new(body, limits.message_bytes),
        };
        let error = match hear(shared, id, &mut events).await {
            Heard::Reply(reply) => {
                drain(shared, id, events);
                return Some(reply);
            }
            Heard::End(error) => error,
        };
        let cursor = events.into_cursor();
        if let Some(own) = own
            && cursor.last_event_id().is_some()
        {
            // Boxed, so that calls that need nothing of it are not larger for it.
            return Some(Box::pin(self.resume(shared, id, &own, cursor)).await);
        }
        Some(Err(error.map_or(CallError::Truncated, |source| CallError::Transport { source })))
    }
}

/// The server is down. Ends the session for everybody, so that whoever owns it finds out when the server is back. But a
/// server that is about to stop answers the calls that it has when it listens no more: while there are others, only this
/// one fails. Nothing of it was sent.
fn unreachable(shared: &Shared, source: BoxError) -> CallError {
    let reason = Closed::Transport { source: source.into() };
    if shared.calls.outstanding() <= 1 {
        shared.shut(reason.clone());
    }
    CallError::Closed { reason, sent: false }
}

/// The reply is the body.
async fn whole(shared: &Shared, id: u64, response: Response<Body>) -> Reply {
    let limit = shared.limits.message_bytes;
    let text = match collect(response.into_body(), limit).await {
        Ok(Collected::Whole(text)) => Text::Shared(text),
        Ok(Collected::TooLarge) => return Some(Err(CallError::TooLarge { limit })),
        Err(source) => return Some(Err(CallError::Transport { source })),
    };
    match message::parse(text.as_slice()) {
        // An error without an id is about a request that the server could not read, which must be this one.
        Some(Message::Error { id: None, error }) => Some(Err(failure(error).into_call_error(|| true))),
        Some(message) => own_reply(shared, id, &text, &message),
        None if message::parse_batch(text.as_slice()).is_some() => {
            shared.receive(&text);
            None
        }
        None => {
            Some(Err(CallError::NotMcp { body: Excerpt::of(text.as_slice(), shared.limits.excerpt_bytes) }))
        }
    }
}

/// How far a stream got.
pub(super) enum Heard {
    Reply(Result<Bytes, CallError>),
    /// It ended before the reply, in good order or not.
    End(Option<BoxError>),
}

/// Takes what the server has to say on the way to the reply, and the reply.
pub(super) async fn hear(shared: &Shared, id: u64, events: &mut EventStream) -> Heard {
    let limit = shared.limits.message_bytes;
    loop {
        let event = match events.next().await {
            Ok(Some(Item::Event(event))) if event.is_message() => event,
            Ok(Some(Item::Event(_))) => continue,
            Ok(Some(Item::Oversized(oversized))) => match oversized.id() {
                Some(other) if other != id => {
                    shared.oversized(&oversized);
                    continue;
                }
                // On this call's own stream it is most likely this call's reply.
                _ => return Heard::Reply(Err(CallError::TooLarge { limit })),
            },
            Ok(None) => return Heard::End(None),
            Err(source) => return Heard::End(Some(source)),
        };
        let text = Text::Shared(event.data);
        let Some(message) = message::parse(text.as_slice()) else {
            shared.receive(&text);
            continue;
        };
        if let Some(reply) = own_reply(shared, id, &text, &message) {
            return Heard::Reply(reply);
        }
    }
}

fn own_reply(shared: &Shared, id: u64, text: &Text<'_>, message: &Message<'_>) -> Reply {
    match *message {
        Message::Result { id: Some(own), result } if own == id => Some(Ok(text.own(result))),
        Message::Error { id: Some(own), error } if own == id => {
            Some(Err(failure(error).into_call_error(|| true)))
        }
        _ => {
            shared.dispatch(text, message);
            None
        }
    }
}

/// Reads the stream to its end, so that the connection can be used again. Most often the end is there already; if not,
/// that is nothing to wait for.
pub(super) fn drain(shared: &Shared, id: u64, mut events: EventStream) {
    while let Some(next) = events.next().now_or_never() {
        match next {
            Ok(Some(Item::Event(event))) if event.is_message() => {
                // A second reply is one to no call.
                shared.calls.forget(id);
                shared.receive(&Text::Shared(event.data));
            }
            Ok(Some(_)) => {}
            Ok(None) | Err(_) => return,
        }
    }
    let patience = shared.limits.drain_deadline;
    tokio::spawn(async move {
        let to_the_end = async { while let Ok(Some(_)) = events.next().await {} };
        let _ = tokio::time::timeout(patience, to_the_end).await;
    });
}
