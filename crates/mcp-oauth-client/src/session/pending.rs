//! Authorizations under way: the record that ties an answer to its request.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use futures_util::future::BoxFuture;
use mcp_oauth_core::{Clock, CodeVerifier, EndpointUrl, Issuer, RedirectUri, ResourceUri, ScopeSet, State};
use sha2::{Digest as _, Sha256};

use crate::dpop::Binding;
use crate::{RegisteredClient, StoreError};

/// Everything that the answer to one authorization request is checked against, and that the token request needs
/// (MCP "Authorization Response Validation"). Made before the person sees the address, used once.
#[derive(Clone)]
pub struct PendingAuthorization {
    pub(crate) state: State,
    pub(crate) verifier: CodeVerifier,
    pub(crate) client: RegisteredClient,
    pub(crate) redirect_uri: RedirectUri,
    pub(crate) resource: ResourceUri,
    pub(crate) token_endpoint: EndpointUrl,
    pub(crate) requested: ScopeSet,
    /// What the tokens are to be bound to.
    pub(crate) binding: Option<Binding>,
    /// Whether the server said that its answers carry `iss`.
    pub(crate) sends_iss: bool,
    pub(crate) expires_at: SystemTime,
}

impl PendingAuthorization {
    /// Who must answer.
    pub fn issuer(&self) -> &Issuer {
        self.client.issuer()
    }

    /// What the answer carries to be found again.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// When an answer comes too late.
    pub fn expires_at(&self) -> SystemTime {
        self.expires_at
    }
}

impl fmt::Debug for PendingAuthorization {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PendingAuthorization")
            .field("issuer", self.issuer())
            .field("resource", &self.resource)
            .field("redirect_uri", &self.redirect_uri)
            .field("requested", &self.requested.to_string())
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

/// Keeps authorizations under way. One that replicas share lets any of them finish what another began.
pub trait PendingStore: Send + Sync + 'static {
    /// Keeps a record until it is taken or expires.
    fn put(&self, pending: PendingAuthorization) -> BoxFuture<'_, Result<(), StoreError>>;

    /// Takes the record of this state out: the second caller gets `None`, and so does one that comes too late.
    fn take<'a>(
        &'a self,
        state: &'a State,
    ) -> BoxFuture<'a, Result<Option<PendingAuthorization>, StoreError>>;
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
        records.retain(|_, known| known.expires_at > now);
        while records.len() >= self.capacity {
            let Some(first) = records.iter().min_by_key(|(_, known)| known.expires_at).map(|(key, _)| *key)
            else {
                break;
            };
            records.remove(&first);
        }
        records.insert(key(&pending.state), pending);
    }

    fn remove(&self, state: &State) -> Option<PendingAuthorization> {
        let now = self.clock.now();
        let mut records = self.records.lock().unwrap_or_else(PoisonError::into_inner);
        records.remove(&key(state)).filter(|known| known.expires_at > now)
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
