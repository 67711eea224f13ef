//! What a renewal may still bring into use: nothing, once somebody logged out since it began.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};

use super::Inner;
use crate::Grant;

/// Counts the logouts. Locked while the grant in use is exchanged for a renewed one, or taken away by a logout, so that no
/// renewal can slip in behind a logout that it did not see.
#[derive(Debug, Default)]
pub(super) struct Logouts(Mutex<u64>);

/// The time between two logouts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Tenure(u64);

impl Inner {
    /// The present one, to be read before anything else by whoever wants to [`use_instead`](Self::use_instead) later.
    pub(super) fn tenure(&self) -> Tenure {
        Tenure(*self.logouts.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Uses the grant in place of the one that was `held`. A login in between is newer: then that one. `None` after a
    /// logout: nobody may use it.
    pub(super) fn use_instead(
        &self,
        since: Tenure,
        held: Option<&Arc<Grant>>,
        grant: &Arc<Grant>,
    ) -> Option<Arc<Grant>> {
        let logouts = self.logouts.0.lock().unwrap_or_else(PoisonError::into_inner);
        if *logouts != since.0 {
            return None;
        }
        let held = held.cloned();
        let previous = self.current.compare_and_swap(&held, Some(Arc::clone(grant)));
        match (&*previous, &held) {
            (Some(newer), Some(held)) if !Arc::ptr_eq(newer, held) => Some(Arc::clone(newer)),
            (Some(newer), None) => Some(Arc::clone(newer)),
            _ => Some(Arc::clone(grant)),
        }
    }

    /// Uses a new login's grant, whatever there was. `false` after a logout.
    pub(super) fn use_login(&self, since: Tenure, grant: &Arc<Grant>) -> bool {
        let logouts = self.logouts.0.lock().unwrap_or_else(PoisonError::into_inner);
        if *logouts != since.0 {
            return false;
        }
        self.loaded.store(true, Ordering::Release);
        self.current.store(Some(Arc::clone(grant)));
        true
    }

    /// Ends the use of whatever grant there is, and gives it.
    pub(super) fn end_tenure(&self) -> Option<Arc<Grant>> {
        let mut logouts = self.logouts.0.lock().unwrap_or_else(PoisonError::into_inner);
        *logouts = logouts.wrapping_add(1);
        self.current.swap(None)
    }
}
