//! A store in memory, bounded.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, ready};
use mcp_oauth_core::{ClientId, Clock, SystemClock};

use super::bounded::BoundedMap;
use super::records::{CodeRecord, Grant, GrantId, PendingAuthorization, RefreshTokenRecord, SecretHash};
use super::{Redemption, Store, StoreError};
use crate::client::Client;

/// How many records of each kind are kept. When there are more, the oldest are forgotten.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct MemoryLimits {
    /// Clients that registered themselves. Default 10,000.
    pub clients: usize,
    /// Requests that wait for a person. Default 4,096.
    pub pending: usize,
    /// Codes, redeemed ones included, until their tokens expire. Default 4,096.
    pub codes: usize,
    /// Grants. Default 50,000.
    pub grants: usize,
    /// Refresh tokens, redeemed ones included, until they expire. Default 200,000.
    pub refresh_tokens: usize,
}

impl Default for MemoryLimits {
    fn default() -> Self {
        Self { clients: 10_000, pending: 4_096, codes: 4_096, grants: 50_000, refresh_tokens: 200_000 }
    }
}

/// Keeps everything in this process and forgets it when the process ends.
///
/// ```
/// use mcp_oauth_server::{MemoryLimits, MemoryStore};
///
/// let mut limits = MemoryLimits::default();
/// limits.clients = 100;
/// let store = MemoryStore::within(limits);
/// # let _ = store;
/// ```
pub struct MemoryStore {
    clock: Arc<dyn Clock>,
    tables: Mutex<Tables>,
}

struct Tables {
    clients: BoundedMap<ClientId, Client>,
    pending: BoundedMap<SecretHash, PendingAuthorization>,
    grants: BoundedMap<GrantId, Grant>,
    codes: BoundedMap<SecretHash, Redeemable<CodeRecord>>,
    refresh_tokens: BoundedMap<SecretHash, Redeemable<RefreshTokenRecord>>,
}

struct Redeemable<T> {
    record: T,
    redeemed: bool,
}

impl MemoryStore {
    /// An empty store with the default limits.
    pub fn new() -> Self {
        Self::within(MemoryLimits::default())
    }

    /// An empty store.
    pub fn within(limits: MemoryLimits) -> Self {
        Self {
            clock: Arc::new(SystemClock),
            tables: Mutex::new(Tables {
                clients: BoundedMap::new(limits.clients),
                pending: BoundedMap::new(limits.pending),
                grants: BoundedMap::new(limits.grants),
                codes: BoundedMap::new(limits.codes),
                refresh_tokens: BoundedMap::new(limits.refresh_tokens),
            }),
        }
    }

    /// Reads the time from another clock.
    #[must_use]
    pub fn with_clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Runs one step on the tables. Nothing is awaited while they are locked.
    fn step<'a, T: Send + 'a>(
        &'a self,
        step: impl FnOnce(&mut Tables, std::time::SystemTime) -> T,
    ) -> BoxFuture<'a, Result<T, StoreError>> {
        let result = step(&mut self.tables(), self.clock.now());
        ready(Ok(result)).boxed()
    }

    fn tables(&self) -> MutexGuard<'_, Tables> {
        self.tables.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryStore").finish_non_exhaustive()
    }
}

impl Store for MemoryStore {
    fn add_client(&self, client: Client) -> BoxFuture<'_, Result<(), StoreError>> {
        self.step(|tables, now| tables.clients.insert(client.id().clone(), client, None, now))
    }

    fn client<'a>(&'a self, id: &'a ClientId) -> BoxFuture<'a, Result<Option<Client>, StoreError>> {
        self.step(|tables, now| tables.clients.get(id, now).cloned())
    }

    fn add_pending(
        &self,
        handle: SecretHash,
        pending: PendingAuthorization,
    ) -> BoxFuture<'_, Result<(), StoreError>> {
        let end = Some(pending.expires_at);
        self.step(move |tables, now| tables.pending.insert(handle, pending, end, now))
    }

    fn take_pending<'a>(
        &'a self,
        handle: &'a SecretHash,
    ) -> BoxFuture<'a, Result<Option<PendingAuthorization>, StoreError>> {
        self.step(|tables, now| tables.pending.take(handle, now))
    }

    fn add_grant(&self, id: GrantId, grant: Grant) -> BoxFuture<'_, Result<(), StoreError>> {
        let end = Some(grant.expires_at);
        self.step(move |tables, now| tables.grants.insert(id, grant, end, now))
    }

    fn grant<'a>(&'a self, id: &'a GrantId) -> BoxFuture<'a, Result<Option<Grant>, StoreError>> {
        self.step(|tables, now| tables.grants.get(id, now).cloned())
    }

    fn revoke_grant<'a>(&'a self, id: &'a GrantId) -> BoxFuture<'a, Result<(), StoreError>> {
        self.step(|tables, now| drop(tables.grants.take(id, now)))
    }

    fn add_code(&self, code: SecretHash, record: CodeRecord) -> BoxFuture<'_, Result<(), StoreError>> {
        let end = Some(record.keep_until);
        let entry = Redeemable { record, redeemed: false };
        self.step(move |tables, now| tables.codes.insert(code, entry, end, now))
    }

    fn code<'a>(&'a self, code: &'a SecretHash) -> BoxFuture<'a, Result<Option<CodeRecord>, StoreError>> {
        self.step(|tables, now| tables.codes.get(code, now).map(|entry| entry.record.clone()))
    }

    fn redeem_code<'a>(&'a self, code: &'a SecretHash) -> BoxFuture<'a, Result<Redemption, StoreError>> {
        self.step(|tables, now| redeem(tables.codes.get_mut(code, now)))
    }

    fn add_refresh_token(
        &self,
        token: SecretHash,
        record: RefreshTokenRecord,
    ) -> BoxFuture<'_, Result<(), StoreError>> {
        let end = Some(record.expires_at);
        let entry = Redeemable { record, redeemed: false };
        self.step(move |tables, now| tables.refresh_tokens.insert(token, entry, end, now))
    }

    fn refresh_token<'a>(
        &'a self,
        token: &'a SecretHash,
    ) -> BoxFuture<'a, Result<Option<RefreshTokenRecord>, StoreError>> {
        self.step(|tables, now| tables.refresh_tokens.get(token, now).map(|entry| entry.record.clone()))
    }

    fn redeem_refresh_token<'a>(
        &'a self,
        token: &'a SecretHash,
    ) -> BoxFuture<'a, Result<Redemption, StoreError>> {
        self.step(|tables, now| redeem(tables.refresh_tokens.get_mut(token, now)))
    }
}

fn redeem<T>(entry: Option<&mut Redeemable<T>>) -> Redemption {
    match entry {
        None => Redemption::Unknown,
        Some(entry) if entry.redeemed => Redemption::Again,
        Some(entry) => {
            entry.redeemed = true;
            Redemption::First
        }
    }
}
