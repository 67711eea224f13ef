//! The table of calls under way: who waits for which id.
//!
//! Ids come from a counter of ours, so a peer cannot choose keys of the table, and a reply to an id that is not in it
//! is late, repeated or invented: it is counted and ignored.
use std::{
    collections::HashMap,
    hash::{BuildHasherDefault, Hasher},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use bytes::Bytes;
use tokio::sync::{Notify, mpsc, oneshot};

use crate::{CallError, Closed, Progress, error::Failure};

/// What a call is told in the end: the text of its result, or why there is none.
pub(crate) type Outcome = Result<Bytes, Failure>;

#[derive(Debug)]
pub(crate) struct Calls {
    next_id: AtomicU64,
    limit: usize,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    waiting: HashMap<u64, Waiter, BuildHasherDefault<CounterHasher>>,
    closed: Option<Closed>,
}

#[derive(Debug)]
struct Waiter {
    outcome: oneshot::Sender<Outcome>,
    listener: Listener,
}

/// Who hears of a call's progress.
#[derive(Debug, Clone, Default)]
pub(crate) struct Listener {
    /// Where the notifications go.
    pub(crate) sender: Option<mpsc::Sender<Progress>>,
    /// Is told that there was one.
    pub(crate) activity: Option<Arc<Notify>>,
}

impl Listener {
    /// Whether the server is to report progress.
    pub(crate) fn listens(&self) -> bool {
        self.sender.is_some() || self.activity.is_some()
    }
}

impl Calls {
    pub(crate) fn new(limit: usize) -> Self {
        Self { next_id: AtomicU64::new(1), limit, state: Mutex::default() }
    }

    /// A new id and the receiver of its outcome.
    pub(crate) fn register(
        &self,
        listener: Listener,
    ) -> Result<(u64, oneshot::Receiver<Outcome>), CallError> {
        let (outcome, receiver) = oneshot::channel();
        let id = self.next_id.fetch_add(1, Relaxed);
        let mut state = self.lock();
        if let Some(reason) = &state.closed {
            return Err(CallError::Closed { reason: reason.clone(), sent: false });
        }
        if state.waiting.len() >= self.limit {
            return Err(CallError::Busy { limit: self.limit });
        }
        state.waiting.insert(id, Waiter { outcome, listener });
        Ok((id, receiver))
    }

    /// Hands the outcome to whoever waits for `id`; `false` if nobody does.
    pub(crate) fn resolve(&self, id: u64, outcome: Outcome) -> bool {
        let waiter = self.lock().waiting.remove(&id);
        waiter.is_some_and(|waiter| waiter.outcome.send(outcome).is_ok())
    }

    /// Hands progress to the call that owns the token; `false` if there is none or its receiver is full.
    pub(crate) fn progress(&self, token: u64, progress: Progress) -> bool {
        let listener = self.lock().waiting.get(&token).map(|waiter| waiter.listener.clone());
        let Some(listener) = listener.filter(Listener::listens) else { return false };
        if let Some(activity) = listener.activity {
            activity.notify_one();
        }
        listener.sender.is_none_or(|sender| sender.try_send(progress).is_ok())
    }

    /// Nobody waits for `id` any more. Whether somebody did.
    pub(crate) fn forget(&self, id: u64) -> bool {
        self.lock().waiting.remove(&id).is_some()
    }

    /// Fails all calls, without ending the session.
    pub(crate) fn fail_all(&self, failure: impl Fn() -> Failure) {
        let waiting = std::mem::take(&mut self.lock().waiting);
        for waiter in waiting.into_values() {
            let _ = waiter.outcome.send(Err(failure()));
        }
    }

    /// Fails all calls and every later one. Only the first reason counts.
    pub(crate) fn close(&self, reason: &Closed) -> bool {
        {
            let mut state = self.lock();
            if state.closed.is_some() {
                return false;
            }
            state.closed = Some(reason.clone());
        }
        self.fail_all(|| Failure::Closed(reason.clone()));
        true
    }

    pub(crate) fn outstanding(&self) -> usize {
        self.lock().waiting.len()
    }

    /// How many there are besides this one.
    pub(crate) fn outstanding_besides(&self, id: u64) -> usize {
        let state = self.lock();
        state.waiting.len() - usize::from(state.waiting.contains_key(&id))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A hasher for keys from a counter: one multiplication spreads them (Fibonacci hashing).
#[derive(Debug, Default)]
struct CounterHasher(u64);

impl Hasher for CounterHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u64(u64::from(*byte));
        }
    }

    fn write_u64(&mut self, value: u64) {
        self.0 = (self.0 ^ value).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    }
}
