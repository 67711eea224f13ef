//! One call between its request and its reply.
use bytes::Bytes;
use tokio::sync::oneshot;

use crate::{
    CallError, Closed,
    calls::{Listener, Outcome},
    error::Failure,
    message,
    shared::Shared,
};

/// A registered call. When it is dropped before its reply came, the server is told (basic/utilities/cancellation).
#[derive(Debug)]
pub(super) struct Pending<'s> {
    shared: &'s Shared,
    pub(super) id: u64,
    outcome: oneshot::Receiver<Outcome>,
    sent: bool,
    /// The call is over: it is no longer in the table, and there is nothing to cancel.
    over: bool,
}

impl<'s> Pending<'s> {
    pub(super) fn register(shared: &'s Shared, listener: Listener) -> Result<Self, CallError> {
        let (id, outcome) = shared.calls.register(listener)?;
        Ok(Self { shared, id, outcome, sent: false, over: false })
    }

    /// From here on the server may know of the call.
    pub(super) fn mark_sent(&mut self) {
        self.sent = true;
    }

    /// Waits until somebody else resolves the call: the reader of a stream, or the end of the session.
    pub(super) async fn outcome(&mut self, sent: impl FnOnce() -> bool) -> Result<Bytes, CallError> {
        let outcome = match (&mut self.outcome).await {
            Ok(outcome) => outcome,
            Err(_sender_gone) => Err(Failure::Closed(Closed::Local)),
        };
        self.over = true;
        outcome.map_err(|failure| failure.into_call_error(sent))
    }

    /// The outcome, if somebody else has resolved the call already.
    pub(super) fn outcome_now(&mut self) -> Option<Result<Bytes, CallError>> {
        let outcome = self.outcome.try_recv().ok()?;
        Some(outcome.map_err(|failure| failure.into_call_error(|| true)))
    }

    /// The reply is here, by a way that the table of calls does not know.
    pub(super) fn complete(mut self) {
        self.sent = false;
    }
}

impl Drop for Pending<'_> {
    fn drop(&mut self) {
        if self.over {
            return;
        }
        let waiting = self.shared.calls.forget(self.id);
        if waiting
            && self.sent
            && self.shared.tells_cancelled()
            && !self.shared.wire.post(message::cancelled(self.id))
        {
            self.shared.counting.message();
        }
    }
}
