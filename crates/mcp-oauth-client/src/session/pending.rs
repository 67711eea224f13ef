//! Where authorizations under way are kept.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::future::BoxFuture;
use mcp_oauth_core::{Clock, State};
use sha2::{Digest as _, Sha256};

use super::PendingAuthorization;
use crate::StoreError;

/// Keeps authorizations under way. One that replicas share lets any of them finish what another began, and one that lasts
/// lets a login outlive a restart.
///
/// ```
/// use std::collections::HashMap;
/// use std::sync::{Arc, Mutex};
///
/// use futures_util::future::BoxFuture;
/// use mcp_oauth_client::{PendingAuthorization, PendingStore, SecretBytes, StoreError};
/// use mcp_oauth_core::State;
///
/// /// Stands for a database that the replicas share. One that expires records takes the time from
/// /// [`PendingAuthorization::expires_at`].
/// #[derive(Clone, Default)]
/// struct Shared(Arc<Mutex<HashMap<String, SecretBytes>>>);
///
/// impl PendingStore for Shared {
///     fn put(&self, pending: PendingAuthorization) -> BoxFuture<'_, Result<(), StoreError>> {
///         Box::pin(async move {
///             let bytes = pending.to_bytes()?;
///             self.0.lock().expect("a lock").insert(pending.state().expose().to_owned(), bytes);
///             Ok(())
///         })
///     }
///
///     fn take<'a>(
///         &'a self,
///         state: &'a State,
///     ) -> BoxFuture<'a, Result<Option<PendingAuthorization>, StoreError>> {
///         Box::pin(async move {
///             // In one step, so that an answer counts once: `GETDEL` of Redis, `DELETE .. RETURNING` of SQL.
///             let bytes = self.0.lock().expect("a lock").remove(state.expose());
///             Ok(bytes.and_then(|bytes| PendingAuthorization::from_bytes(bytes.expose())))
///         })
///     }
/// }
///
/// let manager = mcp_oauth_client::AuthorizationManager::builder("https://mcp.example/mcp")
///     .pending_store(Shared::default())
///     .build()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait PendingStore: Send + Sync + 'static {
    /// Keeps a record until it is taken or expires.
    fn put(&self, pending: PendingAuthorization) -> BoxFuture<'_, Result<(), StoreError>>;

    /// Takes the record of this state out: the second caller gets `None`, and so does one that comes too late.
    fn take<'a>(
        &'a self,
        state: &'a State,
    ) -> BoxFuture<'a, Result<Option<PendingAuthorization>, StoreError>>;
}

impl<S: PendingStore + ?Sized> PendingStore for Arc<S> {
    fn put(&self, pending: PendingAuthorization) -> BoxFuture<'_, Result<(), StoreError>> {
        (**self).put(pending)
    }

    fn take<'a>(
        &'a self,
        state: &'a State,
    ) -> BoxFuture<'a, Result<Option<PendingAuthorization>, StoreError>> {
        (**self).take(state)
    }
}

/// Keeps authorizations in memory, up to a number: a new one then pushes out the one that expires first.
pub struct MemoryPendingStore {
    clock: Arc<dyn Clock>,
    capacity: usize,
    /// By the hash of the state, so that looking one up takes no time that depends on the secret.
    records: Mutex<HashMap<[u8; 32], PendingAuthorization>>,
}

impl MemoryPendingStore {
    /// How many records are kept unless another number is given.
    pub const CAPACITY: usize = 256;

    /// An empty store.
    pub fn new(clock: impl Clock) -> Self {
        Self::with_capacity(clock, Self::CAPACITY)
    }

    /// An empty store for `capacity` records, at least one.
    pub fn with_capacity(clock: impl Clock, capacity: usize) -> Self {
        Self { clock: Arc::new(clock), capacity: capacity.max(1), records: Mutex::default() }
    }

    fn keep(&self, pending: PendingAuthorization) {
        let now = self.clock.now();
        let mut records = self.records.lock().unwrap_or_else(PoisonError::into_inner);
        records.retain(|_, known| known.expires_at() > now);
        while records.len() >= self.capacity {
            let Some(first) = records.iter().min_by_key(|(_, known)| known.expires_at()).map(|(key, _)| *key)
            else {
                break;
            };
            records.remove(&first);
        }
        records.insert(key(pending.state()), pending);
    }

    fn remove(&self, state: &State) -> Option<PendingAuthorization> {
        let now = self.clock.now();
        let mut records = self.records.lock().unwrap_or_else(PoisonError::into_inner);
        records.remove(&key(state)).filter(|known| known.expires_at() > now)
    }
}

impl fmt::Debug for MemoryPendingStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryPendingStore").field("capacity", &self.capacity).finish_non_exhaustive()
    }
}

impl PendingStore for MemoryPendingStore {
    fn put(&self, pending: PendingAuthorization) -> BoxFuture<'_, Result<(), StoreError>> {
        self.keep(pending);
        Box::pin(async { Ok(()) })
    }

    fn take<'a>(
        &'a self,
        state: &'a State,
    ) -> BoxFuture<'a, Result<Option<PendingAuthorization>, StoreError>> {
        let found = self.remove(state);
        Box::pin(async { Ok(found) })
    }
}

fn key(state: &State) -> [u8; 32] {
    Sha256::digest(state.expose().as_bytes()).into()
}
