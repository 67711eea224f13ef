//! The nonces of servers.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use mcp_oauth_core::DpopNonce;

/// The last nonce of each origin (RFC 9449 §8.2: "per server"), for a few origins: the one that was heard of longest ago
/// is forgotten first.
pub(super) struct Nonces {
    capacity: usize,
    known: Mutex<VecDeque<(Box<str>, DpopNonce)>>,
}

impl Nonces {
    pub(super) fn new(capacity: usize) -> Self {
        Self { capacity: capacity.max(1), known: Mutex::default() }
    }

    pub(super) fn of(&self, origin: &str) -> Option<DpopNonce> {
        let known = self.known();
        known.iter().find_map(|(known, nonce)| (**known == *origin).then(|| nonce.clone()))
    }

    pub(super) fn remember(&self, origin: &str, nonce: DpopNonce) {
        let mut known = self.known();
        let before = known.iter().position(|(known, _)| **known == *origin);
        if let Some(before) = before {
            known.remove(before);
        }
        while known.len() >= self.capacity {
            known.pop_front();
        }
        known.push_back((origin.into(), nonce));
    }

    fn known(&self) -> MutexGuard<'_, VecDeque<(Box<str>, DpopNonce)>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
