//! A renewed grant that the store did not take: the disk is full, the keyring is locked.
//!
//! The refresh token that is stored is spent. Until the new one takes its place,
//!
//! - this process uses the new one from memory;
//! - it keeps the lease. Another process would present the spent token, and end the whole grant at servers that look for
//!   theft; it waits instead, and then says that it may try again;
//! - storing is tried again: from time to time, and before the next renewal.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Mutex, MutexGuard};

use super::Inner;
use crate::{Grant, Lease, StoreError, StoreKey, Version};

/// The pauses between two attempts at storing it: from the first, doubled up to the last.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LAST_PAUSE: Duration = Duration::from_secs(60);

pub(super) struct Unsaved {
    pub(super) key: StoreKey,
    pub(super) grant: Grant,
    /// What is stored in its stead. Anything else is a newer login's, or nothing, after a logout.
    pub(super) instead_of: Option<Version>,
    pub(super) lease: Arc<Lease>,
}

/// Where it is. Locked by whoever renews, and by the attempts at storing it.
pub(super) type Slot = Mutex<Option<Unsaved>>;
pub(super) type SlotGuard<'a> = MutexGuard<'a, Option<Unsaved>>;

impl Inner {
    /// Tries to store it, if there is one. Afterwards there is none, unless the store still fails.
    pub(super) async fn save(&self, slot: &mut SlotGuard<'_>) -> Result<(), StoreError> {
        let Some(unsaved) = slot.as_ref() else { return Ok(()) };
        match self.records.replace_grant(&unsaved.key, Some(&unsaved.grant), unsaved.instead_of).await {
            Ok(()) => tracing::info!(server = %self.server, "the renewed token is stored now"),
            Err(StoreError::Conflict) => {}
            Err(error) => return Err(error),
        }
        **slot = None;
        Ok(())
    }
}

/// Tries from time to time, until it is stored or nobody needs it any more.
pub(super) fn save_later(inner: &Arc<Inner>) {
    let inner = Arc::downgrade(inner);
    tokio::spawn(async move {
        let mut pause = FIRST_PAUSE;
        loop {
            tokio::time::sleep(pause).await;
            let Some(inner) = inner.upgrade() else { return };
            let mut slot = inner.unsaved.lock().await;
            match inner.save(&mut slot).await {
                Ok(()) => return,
                Err(error) => {
                    tracing::debug!(server = %inner.server, %error, "the renewed token still cannot be stored");
                }
            }
            pause = (pause * 2).min(LAST_PAUSE);
        }
    });
}
