//! A store in memory.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::future::BoxFuture;

use super::{CredentialStore, Lease, SecretBytes, StoreError, StoreKey, Version};

/// Keeps values until the program ends. Clones share them.
#[derive(Clone, Default)]
pub struct MemoryStore(Arc<Shared>);

#[derive(Default)]
struct Shared {
    values: Mutex<HashMap<StoreKey, SecretBytes>>,
    leases: Mutex<HashMap<StoreKey, Arc<tokio::sync::Mutex<()>>>>,
}

impl MemoryStore {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    fn swap(
        &self,
        key: &StoreKey,
        value: Option<SecretBytes>,
        expected: Option<Version>,
    ) -> Result<(), StoreError> {
        let mut values = self.0.values.lock().unwrap_or_else(PoisonError::into_inner);
        if values.get(key).map(SecretBytes::version) != expected {
            return Err(StoreError::Conflict);
        }
        match value {
            Some(value) => values.insert(key.clone(), value),
            None => values.remove(key),
        };
        Ok(())
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MemoryStore")
    }
}

impl CredentialStore for MemoryStore {
    fn load<'a>(&'a self, key: &'a StoreKey) -> BoxFuture<'a, Result<Option<SecretBytes>, StoreError>> {
        let value = self.0.values.lock().unwrap_or_else(PoisonError::into_inner).get(key).cloned();
        Box::pin(async { Ok(value) })
    }

    fn replace<'a>(
        &'a self,
        key: &'a StoreKey,
        value: Option<SecretBytes>,
        expected: Option<Version>,
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        let result = self.swap(key, value, expected);
        Box::pin(async { result })
    }

    /// One mutex per key. There is one per grant ever renewed, so that the map stays small.
    fn lease<'a>(
        &'a self,
        key: &'a StoreKey,
        _ttl: Duration,
        wait: Duration,
    ) -> BoxFuture<'a, Result<Lease, StoreError>> {
        let mutex = {
            let mut leases = self.0.leases.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(leases.entry(key.clone()).or_default())
        };
        Box::pin(async move {
            match tokio::time::timeout(wait, mutex.lock_owned()).await {
                Ok(guard) => Ok(Lease::new(guard)),
                Err(_) => Err(StoreError::LeaseTimeout { waited: wait }),
            }
        })
    }
}

#[cfg(test)]
mod tests;
