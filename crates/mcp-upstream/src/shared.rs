//! What all parts of one session share, and where every message from the server goes.
use std::{
    fmt,
    sync::{OnceLock, PoisonError, RwLock},
};

use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;
use tokio::sync::{broadcast, watch};
use tokio_util::sync::CancellationToken;

use crate::{
    Closed, Event, Limits, LogRecord, Progress, ProtocolVersion, RpcError, ServerRequest,
    calls::Calls,
    changes::{self, Changes},
    counters::Counting,
    error::Failure,
    events::UpdatedParams,
    listening::Subscriptions,
    message::{self, Message, Oversized, RequestId},
    questions::{Question, Questions},
    transport::Wire,
};

pub(crate) struct Shared {
    pub(crate) calls: Calls,
    pub(crate) counting: Counting,
    pub(crate) limits: Limits,
    pub(crate) events: broadcast::Sender<Event>,
    pub(crate) changes: Changes,
    pub(crate) wire: Wire,
    /// Asks the wire to end in good order.
    pub(crate) close: CancellationToken,
    /// Asks the wire to end now.
    pub(crate) kill: CancellationToken,
    /// The wire has ended: process gone, streams closed.
    pub(crate) ended: CancellationToken,
    closed: watch::Sender<Option<Closed>>,
    /// The revision that both sides speak, once that is known.
    pub(crate) version: OnceLock<ProtocolVersion>,
    /// The members that every request of a stateless revision bears in its `_meta`.
    pub(crate) request_meta: OnceLock<Vec<u8>>,
    /// The level that a stateless server is to log at, which each request tells it.
    pub(crate) log_level: RwLock<Option<&'static str>>,
    /// Where the server's questions go, if anybody answers them.
    pub(crate) questions: OnceLock<Questions>,
    /// The subscriptions to a stateless server's changes.
    pub(crate) subscriptions: Subscriptions,
}

impl Shared {
    pub(crate) fn new(limits: Limits, wire: Wire) -> Self {
        Self {
            calls: Calls::new(limits.outstanding_calls),
            counting: Counting::default(),
            events: broadcast::Sender::new(limits.events.max(1)),
            changes: Changes::new(),
            wire,
            close: CancellationToken::new(),
            kill: CancellationToken::new(),
            ended: CancellationToken::new(),
            closed: watch::Sender::new(None),
            version: OnceLock::new(),
            request_meta: OnceLock::new(),
            log_level: RwLock::new(None),
            questions: OnceLock::new(),
            subscriptions: Subscriptions::new(),
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
            Message::Request { id, ref method, params } => self.answer(text, id, method, params),
            Message::Notification { ref method, params } => self.notified(text, method, params),
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

    /// A server's request. A stateless server makes none ("The client MUST NOT send JSON-RPC responses").
    fn answer(&self, text: &Text<'_>, id: RequestId<'_>, method: &str, params: Option<&str>) {
        if self.is_stateless() {
            return self.stray(method.as_bytes());
        }
        let answer = match self.questions.get() {
            _ if method == "ping" => message::pong(id),
            Some(questions) => {
                let params = params.map(|params| text.own(params)).unwrap_or_default();
                let request = ServerRequest { method: method.into(), params };
                match questions.asked.try_send(Question { id: id.as_str().into(), request }) {
                    Ok(()) => return,
                    Err(_full) => message::too_many(id),
                }
            }
            None => message::declined(id),
        };
        if !self.wire.post(answer) {
            self.counting.message();
        }
    }

    fn notified(&self, text: &Text<'_>, method: &str, params: Option<&str>) {
        if method.len() + params.map_or(0, str::len) > self.limits.notification_bytes {
            return self.stray(method.as_bytes());
        }
        let own = |params: Option<&str>| params.map(|params| text.own(params)).unwrap_or_default();
        let event = match method {
            "notifications/progress" => return self.progress(text, params.unwrap_or_default()),
            "notifications/tools/list_changed" => return changes::count(&self.changes.tools),
            "notifications/prompts/list_changed" => return changes::count(&self.changes.prompts),
            "notifications/resources/list_changed" => return changes::count(&self.changes.resources),
            "notifications/message" => Event::Log(LogRecord::new(own(params))),
            "notifications/cancelled" => return self.taken_back(params.unwrap_or_default()),
            "notifications/subscriptions/acknowledged" => {
                if self.subscriptions.acknowledged() {
                    self.changes.all();
                }
                return;
            }
            "notifications/resources/updated" => match message::object(params.unwrap_or_default().as_bytes())
            {
                Ok(UpdatedParams { uri }) => Event::ResourceUpdated { uri, params: own(params) },
                Err(_) => return self.stray(method.as_bytes()),
            },
            _ => Event::Other { method: method.into(), params: own(params) },
        };
        // Nobody listening is fine.
        let _ = self.events.send(event);
    }

    /// The server takes a question of its own back; or, since 2026-07-28, ends a subscription of ours.
    fn taken_back(&self, params: &str) {
        let Ok(Cancelled { request_id }) = message::object(params.as_bytes()) else { return };
        if self.is_stateless() {
            if let Some(id) = message::own_id(request_id.get()).filter(|id| self.subscriptions.is(*id)) {
                self.resolve(id, Err(Failure::Ended));
            }
        } else if let Some(questions) = self.questions.get() {
            // Nobody minds an answer to what was taken back.
            let _ = questions.taken_back.try_send(request_id.get().into());
        }
    }

    /// The level that each request tells a stateless server to log at.
    pub(crate) fn log_level(&self) -> Option<&'static str> {
        *self.log_level.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the session is of a revision without sessions.
    pub(crate) fn is_stateless(&self) -> bool {
        self.version.get().is_some_and(|version| version.is_stateless())
    }

    /// Whether a server has to be told that nobody waits for a reply any more. Over stateless HTTP, closing the response
    /// says so; and "the initialize request MUST NOT be cancelled by clients".
    pub(crate) fn tells_cancelled(&self) -> bool {
        self.version.get().is_some_and(|version| !version.is_stateless() || self.wire.is_stdio())
    }

    fn progress(&self, text: &Text<'_>, params: &str) {
        let progress = Progress::read(params, || text.own(params));
        let delivered = progress.is_some_and(|(token, progress)| self.calls.progress(token, progress));
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

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Cancelled<'a> {
    #[serde(borrow)]
    request_id: &'a RawValue,
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
