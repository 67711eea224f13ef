//! What can go wrong with one call.
use std::time::Duration;

use http::StatusCode;

use crate::{BoxError, Closed, Excerpt, InvalidParams, RpcError, http_client::is_unsent};

/// Why a call (or a list, or a ping) has no result.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CallError {
    /// The server answered with a JSON-RPC error.
    #[error(transparent)]
    Server(RpcError),
    /// No reply came in time; the server was told that the call is cancelled.
    #[error("no reply within {after:?}")]
    Timeout {
        /// The deadline that passed.
        after: Duration,
    },
    /// The server said nothing about the call for too long; it was told that the call is cancelled.
    #[error("no word about the call within {after:?}")]
    Silent {
        /// The idle time that passed.
        after: Duration,
    },
    /// The session ended first.
    #[error("the session ended before the reply came")]
    Closed {
        /// Why it ended.
        #[source]
        reason: Closed,
        /// Whether any of the request may have reached the server. If not, sending it again is safe.
        sent: bool,
    },
    /// An HTTP status where a reply should have been.
    #[error("the server answered HTTP {status}: {body}")]
    Http {
        /// The status.
        status: StatusCode,
        /// The beginning of the body.
        body: Excerpt,
    },
    /// The HTTP service failed. Its error is the source.
    #[error("the request failed")]
    Transport {
        /// The service's own error, to be found by downcast here or among the sources.
        #[source]
        source: BoxError,
    },
    /// The server ended its event stream before the reply, and gave no event id by which to resume it.
    #[error("the server ended the stream before the reply")]
    Truncated,
    /// The event stream ended before the reply, and the server refuses to resume it although it gave an event id: 405
    /// means that it has no such streams at all, 400 or 404 most often that it no longer knows the event. It was told
    /// that the call is cancelled.
    #[error(
        "the stream ended before the reply, and the server answered HTTP {status} to its resumption: {body}"
    )]
    NotResumable {
        /// The status.
        status: StatusCode,
        /// The beginning of the body.
        body: Excerpt,
    },
    /// The event stream ended before the reply and was resumed, or was to be, as often as
    /// [`Limits::resumptions`](crate::Limits::resumptions) and
    /// [`Limits::failed_resumptions`](crate::Limits::failed_resumptions) allow. The server was told that the call is
    /// cancelled.
    #[error(
        "the stream ended before the reply, and {attempts} attempts in a row to resume it brought nothing new"
    )]
    NotResumed {
        /// How many.
        attempts: usize,
        /// Why the last attempt failed; `None` if the server let the stream be resumed but said nothing new on it.
        #[source]
        last: Option<Box<CallError>>,
    },
    /// The reply, or the request, is longer than the limit.
    #[error("the message is longer than {limit} bytes")]
    TooLarge {
        /// The limit in bytes.
        limit: usize,
    },
    /// Too many calls are under way; nothing was sent.
    #[error("{limit} calls are under way already")]
    Busy {
        /// The limit.
        limit: usize,
    },
    /// What came is no JSON-RPC reply.
    #[error("the server answered with something that is no MCP message: {body}")]
    NotMcp {
        /// Its beginning.
        body: Excerpt,
    },
    /// The server needs to know something first that nobody here can answer: see
    /// [`SessionOptions::requests`](crate::SessionOptions::requests).
    #[error("the server asks for {method} first, which is not offered")]
    InputRequired {
        /// What it asked for, such as `elicitation/create`.
        method: Excerpt,
    },
    /// What the server needs to know first was refused by [`ServerRequests`](crate::ServerRequests).
    #[error("the server asked for {method} first, and that was refused")]
    InputRefused {
        /// What it asked for.
        method: Excerpt,
        /// Why it was refused.
        #[source]
        source: RpcError,
    },
    /// The server asked for more again and again.
    #[error("the server was still asking after {limit} rounds")]
    TooManyRounds {
        /// The limit.
        limit: usize,
    },
    /// The result is of a kind that this client does not know.
    #[error("the result is of the unknown kind {kind}")]
    UnknownResult {
        /// The server's `resultType`.
        kind: Excerpt,
    },
    /// The parameters cannot be sent; nothing was.
    #[error("the parameters cannot be sent")]
    InvalidParams(#[source] InvalidParams),
    /// The server does not declare that it has this; nothing was sent.
    #[error("the server does not offer {feature}")]
    NotOffered {
        /// The capability, such as `resources.subscribe`.
        feature: &'static str,
    },
    /// The reply has no result of the form that the method demands.
    #[error("the result is not what the method promises")]
    Malformed {
        /// What is wrong with it.
        #[source]
        source: serde_json::Error,
    },
}

impl CallError {
    /// Whether the server may have seen the request. `false` means that sending it again is safe.
    pub fn was_sent(&self) -> bool {
        match self {
            Self::Closed { sent, .. } => *sent,
            Self::Transport { source } => !is_unsent(source),
            Self::Busy { .. } | Self::InvalidParams(_) | Self::NotOffered { .. } => false,
            _ => true,
        }
    }

    /// The same for a request that follows others of the same call: the server has seen those.
    pub(crate) fn of_later_round(self) -> Self {
        match self {
            Self::Closed { reason, .. } => Self::Closed { reason, sent: true },
            Self::Transport { source } if is_unsent(&source) => {
                Self::Transport { source: Unanswered(source).into() }
            }
            other => other,
        }
    }
}

/// The server has seen the call, but not the answer to what it asked.
#[derive(Debug, thiserror::Error)]
#[error("what the server asked for could not be sent")]
struct Unanswered(#[source] BoxError);

/// What a waiting call is told through the table of outstanding calls.
#[derive(Debug)]
pub(crate) enum Failure {
    Server(RpcError),
    TooLarge {
        limit: usize,
    },
    Malformed {
        source: serde_json::Error,
    },
    /// The server itself ended what it was asked for.
    Ended,
    Closed(Closed),
}

impl Failure {
    pub(crate) fn into_call_error(self, sent: impl FnOnce() -> bool) -> CallError {
        match self {
            Self::Server(error) => CallError::Server(error),
            Self::TooLarge { limit } => CallError::TooLarge { limit },
            Self::Malformed { source } => CallError::Malformed { source },
            Self::Ended => CallError::Truncated,
            Self::Closed(reason) => CallError::Closed { reason, sent: sent() },
        }
    }
}

#[cfg(test)]
mod tests;
