//! What a session ignored, counted.
use std::sync::{
    Mutex, PoisonError,
    atomic::{AtomicU64, Ordering::Relaxed},
};

use crate::Excerpt;

/// How often a session met something that it ignored. A snapshot; see [`Session::counters`](crate::Session::counters).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counters {
    /// Lines or events that are no MCP message: log lines on standard output, broken JSON.
    pub stray_messages: u64,
    /// Replies to no call that is under way: late ones, repeated ones, ids we never used.
    pub foreign_replies: u64,
    /// Progress notifications dropped because their receiver was full, or that belong to no call.
    pub dropped_progress: u64,
    /// Answers and cancellations not sent because too many were waiting already.
    pub dropped_messages: u64,
}

#[derive(Debug, Default)]
pub(crate) struct Counting {
    stray: AtomicU64,
    foreign: AtomicU64,
    progress: AtomicU64,
    messages: AtomicU64,
    first_stray: Mutex<Option<Excerpt>>,
}

impl Counting {
    pub(crate) fn stray(&self, bytes: &[u8], excerpt_bytes: usize) {
        if self.stray.fetch_add(1, Relaxed) == 0 {
            *self.first_stray.lock().unwrap_or_else(PoisonError::into_inner) =
                Some(Excerpt::of(bytes, excerpt_bytes));
        }
    }

    pub(crate) fn foreign(&self) {
        self.foreign.fetch_add(1, Relaxed);
    }

    pub(crate) fn progress(&self) {
        self.progress.fetch_add(1, Relaxed);
    }

    pub(crate) fn message(&self) {
        self.messages.fetch_add(1, Relaxed);
    }

    /// The first thing that came and was no message.
    pub(crate) fn first_stray(&self) -> Option<Excerpt> {
        self.first_stray.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn snapshot(&self) -> Counters {
        Counters {
            stray_messages: self.stray.load(Relaxed),
            foreign_replies: self.foreign.load(Relaxed),
            dropped_progress: self.progress.load(Relaxed),
            dropped_messages: self.messages.load(Relaxed),
        }
    }
}
