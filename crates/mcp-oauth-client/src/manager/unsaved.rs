//! A grant that the store did not take: the disk is full, the keyring is locked.
//!
//! What it was got with is spent, be it the code of a login or the refresh token that is stored. Until the store takes it,
//!
//! - this process uses it from memory;
//! - after a renewal, it keeps the lease. Another process would present the spent token, and end the whole grant at
//!   servers that look for theft; it waits instead, and then says that it may try again. In a store whose leases expire, that
//!   is so only until the lease expires;
//! - storing is tried again: from time to time, and before the next renewal.
//!
//! Where somebody logged out in the meantime, it is revoked instead: nothing else would ever end it.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Mutex, MutexGuard};

use super::Inner;
use super::tenure::Tenure;
use crate::{Grant, Lease, StoreError, StoreKey, Version};

/// The pauses between two attempts at storing it: from the first, doubled up to the last.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LAST_PAUSE: Duration = Duration::from_secs(60);

pub(super) struct Unsaved {
    pub(super) key: StoreKey,
    pub(super) grant: Grant,
    pub(super) place: Place,
}

/// What it is to take the place of.
#[derive(Clone)]
pub(super) enum Place {
    /// Of whatever is stored: it is a new login's. Nowhere, once somebody logged out here since.
    Any { since: Tenure },
    /// Of the grant that was renewed. Anything else is a newer login's, or nothing, after a logout.
    Of {
        renewed: Option<Version>,
        /// Held for as long as the grant is not stored.
        lease: Arc<Lease>,
    },
}

impl Unsaved {
    /// Whether it is still what counts, with this version in the store.
    pub(super) fn replaces(&self, stored: Option<Version>) -> bool {
        match &self.place {
            Place::Any { .. } => true,
            Place::Of { renewed, .. } => *renewed == stored,
        }
    }
}

/// Where it is. Locked by whoever renews, and by the attempts at storing it.
pub(super) type Slot = Mutex<Option<Unsaved>>;
pub(super) type SlotGuard<'a> = MutexGuard<'a, Option<Unsaved>>;

impl Inner {
    /// Tries to store it, if there is one. Afterwards there is none, unless the store still fails.
    pub(super) async fn save(&self, slot: &mut SlotGuard<'_>) -> Result<(), StoreError> {
        let Some(unsaved) = slot.as_ref() else { return Ok(()) };
        match self.put_in_place(&unsaved.key, &unsaved.grant, &unsaved.place).await {
            Ok(()) => {
                **slot = None;
                tracing::info!(server = %self.server, "the token is stored now");
                Ok(())
            }
            Err(StoreError::Conflict) => self.discard(slot).await,
            Err(error) => Err(error),
        }
    }

    /// Stores a grant at its place.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when a login or a logout came in between.
    pub(super) async fn put_in_place(
        &self,
        key: &StoreKey,
        grant: &Grant,
        place: &Place,
    ) -> Result<(), StoreError> {
        match place {
            Place::Any { since } => self.put_login(grant, *since).await,
            Place::Of { renewed, .. } => self.records.replace_grant(key, Some(grant), *renewed).await,
        }
    }

    /// The store cannot tell a login that comes late from one that is new, so the logouts have to be looked at.
    async fn put_login(&self, grant: &Grant, since: Tenure) -> Result<(), StoreError> {
        if self.tenure() != since {
            return Err(StoreError::Conflict);
        }
        let written = self.records.put_grant(grant).await?;
        if self.tenure() != since {
            self.records.take_back(grant, written).await?;
            return Err(StoreError::Conflict);
        }
        Ok(())
    }

    /// Gives it up for what is stored now. Where somebody logged out, it would live on.
    pub(super) async fn discard(&self, slot: &mut SlotGuard<'_>) -> Result<(), StoreError> {
        let Some(unsaved) = slot.as_ref() else { return Ok(()) };
        let logged_out = match unsaved.place {
            Place::Any { since } => self.tenure() != since,
            Place::Of { .. } => {
                self.records.load_grant(&unsaved.key, &self.registration).await?.version.is_none()
            }
        };
        if let Some(unsaved) = slot.take()
            && logged_out
        {
            self.revoke(&unsaved.grant).await;
        }
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
                    tracing::debug!(server = %inner.server, %error, "the token still cannot be stored");
                }
            }
            pause = (pause * 2).min(LAST_PAUSE);
        }
    });
}
