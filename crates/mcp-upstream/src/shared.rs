//! What all parts of one session share, and where every message from the server goes.
use std::{fmt, sync::OnceLock};

use bytes::Bytes;
use tokio::sync::{broadcast, watch};
use tokio_util::sync::CancellationToken;

use crate::{
    Closed, Event, Limits, Progress, RpcError,
    calls::Calls,
    counters::Counting,
    error::Failure,
    events::ProgressParams,
    message::{self, Message, Oversized, RequestId},
    transport::Wire,
};

pub(crate) struct Shared {
    pub(crate) calls: Calls,
    pub(crate) counting: Counting,
    pub(crate) limits: Limits,
    pub(crate) events: broadcast::Sender<Event>,
    /// How often the server said that its tools changed. Apart from the events, which drop what nobody keeps up with.
    pub(crate) tools_changed: watch::Sender<u64>,
    pub(crate) wire: Wire,
    /// Asks the wire to end in good order.
    pub(crate) close: CancellationToken,
    /// Asks the wire to end now.
    pub(crate) kill: CancellationToken,
    /// The wire has ended: process gone, streams closed.
    pub(crate) ended: CancellationToken,
    closed: watch::Sender<Option<Closed>>,
    /// Set once `initialize` is through.
    pub(crate) ready: OnceLock<()>,
}

impl Shared {
    pub(crate) fn new(limits: Limits, wire: Wire) -> Self {
        Self {
            calls: Calls::new(limits.outstanding_calls),
            counting: Counting::default(),
            events: broadcast::Sender::new(limits.events.max(1)),
            tools_changed: watch::Sender::new(0),
            wire,
            close: CancellationToken::new(),
            kill: CancellationToken::new(),
            ended: CancellationToken::new(),
            closed: watch::Sender::new(None),
            ready: OnceLock::new(),
            limits,
        }
    }

    /// Takes one message, or a batch of them, from the server. `text` must be where the message lies, so that a large
    /// result is handed on without a copy.
    pub(crate) fn receive(&self, text: &Text<'_>) {
        match message::parse(text.as_slice()) {
            Some(message) => self.dispatch(text, &message),
            None => match message::parse_batch(text.as_slice()) {
                Some(batch) => {
                    for raw in batch {
                        match message::parse(raw.get().as_bytes()) {
                            Some(message) => self.dispatch(text, &message),
                            None => self.stray(raw.get().as_bytes()),
                        }
                    }
                }
                None => self.stray(text.as_slice()),
            },
        }
    }

    pub(crate) fn dispatch(&self, text: &Text<'_>, message: &Message<'_>) {
        match *message {
            Message::Result { id: Some(id), result } => self.resolve(id, Ok(text.own(result))),
            Message::Error { id: Some(id), error } => self.resolve(id, Err(failure(error))),
            Message::Result { id: None, .. } | Message::Error { id: None, .. } => self.counting.foreign(),
            Message::Request { id, method } => self.answer(id, method),
            Message::Notification { method, params } => self.notified(text, method, params),
        }
    }

    fn resolve(&self, id: u64, outcome: Result<Bytes, Failure>) {
        if !self.calls.resolve(id, outcome) {
            self.counting.foreign();
        }
    }

    /// Takes note of a message too long to be read. The call it answers fails; if that cannot be told, any of them may
    /// wait for it, so all fail.
    pub(crate) fn oversized(&self, oversized: &Oversized) {
        let limit = self.limits.message_bytes;
        tracing::warn!(limit, "the server sent a message longer than the limit");
        match oversized.id() {
            Some(id) => self.resolve(id, Err(Failure::TooLarge { limit })),
            None => self.calls.fail_all(|| Failure::TooLarge { limit }),
        }
    }

    /// Ends the session for its callers. Only the first reason counts.
    pub(crate) fn shut(&self, reason: Closed) {
        if self.calls.close(&reason) {
            self.closed.send_replace(Some(reason));
        }
    }

    /// Resolves with the reason when the session has ended.
    pub(crate) async fn closed(&self) -> Closed {
        let mut closed = self.closed.subscribe();
        match closed.wait_for(Option::is_some).await {
            Ok(reason) => reason.clone().unwrap_or(Closed::Local),
            Err(_sender_gone) => Closed::Local,
        }
    }

    pub(crate) fn stray(&self, bytes: &[u8]) {
        self.counting.stray(bytes, self.limits.excerpt_bytes);
    }

    /// A server's request. No capability is declared, so that only `ping` has a real answer.
    fn answer(&self, id: RequestId<'_>, method: &str) {
        let answer = if method == "ping" { message::pong(id) } else { message::declined(id) };
        if !self.wire.post(answer) {
            self.counting.message();
        }
    }

    fn notified(&self, text: &Text<'_>, method: &str, params: Option<&str>) {
        if method.len() + params.map_or(0, str::len) > self.limits.notification_bytes {
            return self.stray(method.as_bytes());
        }
        let event = match method {
            "notifications/progress" => return self.progress(text, params.unwrap_or_default()),
            "notifications/tools/list_changed" => {
                return self.tools_changed.send_modify(|times| *times = times.wrapping_add(1));
            }
            "notifications/message" => Event::Log(params.map(|params| text.own(params)).unwrap_or_default()),
            // Nothing that the server asks of us takes time, so there is nothing to cancel.
            "notifications/cancelled" => return,
            _ => Event::Other {
                method: method.into(),
                params: params.map(|params| text.own(params)).unwrap_or_default(),
            },
        };
        // Nobody listening is fine.
        let _ = self.events.send(event);
    }

    fn progress(&self, text: &Text<'_>, params: &str) {
        let delivered = message::object::<ProgressParams>(params.as_bytes()).is_ok_and(|parsed| {
            let ProgressParams { progress_token, progress, total, message } = parsed;
            self.calls.progress(progress_token, Progress { progress, total, message, raw: text.own(params) })
        });
        if !delivered {
            self.counting.progress();
        }
    }
}

// The wire knows headers, which may be secret.
impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared").field("outstanding", &self.calls.outstanding()).finish_non_exhaustive()
    }
}

/// The error of a reply; `None` is a reply with neither result nor error.
pub(crate) fn failure(error: Option<&str>) -> Failure {
    match message::object::<RpcError>(error.unwrap_or_default().as_bytes()) {
        Ok(error) => Failure::Server(error),
        Err(source) => Failure::Malformed { source },
    }
}

/// A message's text and how to keep a part of it.
#[derive(Debug)]
pub(crate) enum Text<'a> {
    /// In a buffer that will be used again: parts are copied.
    Borrowed(&'a [u8]),
    /// In a buffer of its own: parts share it.
    Shared(Bytes),
}

impl Text<'_> {
    pub(crate) fn as_slice(&self) -> &[u8] {
        match self {
            Self::Borrowed(bytes) => bytes,
            Self::Shared(bytes) => bytes,
        }
    }

    /// `part` must lie within this text.
    pub(crate) fn own(&self, part: &str) -> Bytes {
        match self {
            Self::Borrowed(_) => Bytes::copy_from_slice(part.as_bytes()),
            Self::Shared(bytes) => bytes.slice_ref(part.as_bytes()),
        }
    }
}
