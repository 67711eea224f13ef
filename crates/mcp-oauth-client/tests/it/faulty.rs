//! A store in memory that fails when it is told to, and lets a test do something at a bad moment.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::future::BoxFuture;
use mcp_oauth_client::{CredentialStore, Lease, MemoryStore, SecretBytes, StoreError, StoreKey, Version};

/// What happens then, once.
type Moment = Arc<Mutex<Option<BoxFuture<'static, ()>>>>;

#[derive(Clone, Default)]
pub(crate) struct Faulty {
    /// What is behind it, as other processes see it.
    pub(crate) inner: MemoryStore,
    full: Arc<AtomicBool>,
    down: Arc<AtomicBool>,
    before_removal: Moment,
    before_note: Moment,
}

impl Faulty {
    /// Writes fail, or no longer do.
    pub(crate) fn set_full(&self, full: bool) {
        self.full.store(full, Ordering::Release);
    }

    /// Everything fails, or no longer does.
    pub(crate) fn set_down(&self, down: bool) {
        self.down.store(down, Ordering::Release);
    }

    /// What happens between a look at a grant and its removal, once.
    pub(crate) fn before_removal(&self, then: impl Future<Output = ()> + Send + 'static) {
        *self.before_removal.lock().unwrap() = Some(Box::pin(then));
    }

    /// What happens between a grant's being stored and the note of where it is, once.
    pub(crate) fn before_note(&self, then: impl Future<Output = ()> + Send + 'static) {
        *self.before_note.lock().unwrap() = Some(Box::pin(then));
    }

    fn fails(&self, on_full: bool) -> Result<(), StoreError> {
        let full = on_full && self.full.load(Ordering::Acquire);
        if full || self.down.load(Ordering::Acquire) {
            return Err(StoreError::Backend("the disk is full".into()));
        }
        Ok(())
    }
}

impl CredentialStore for Faulty {
    fn load<'a>(&'a self, key: &'a StoreKey) -> BoxFuture<'a, Result<Option<SecretBytes>, StoreError>> {
        Box::pin(async move {
            self.fails(false)?;
            self.inner.load(key).await
        })
    }

    fn replace<'a>(
        &'a self,
        key: &'a StoreKey,
        value: Option<SecretBytes>,
        expected: Option<Version>,
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(async move {
            self.fails(true)?;
            let moment = match (key, &value) {
                (StoreKey::Grant { .. }, None) => self.before_removal.lock().unwrap().take(),
                (StoreKey::Server { .. }, Some(_)) => self.before_note.lock().unwrap().take(),
                _ => None,
            };
            if let Some(first) = moment {
                first.await;
            }
            self.inner.replace(key, value, expected).await
        })
    }

    fn lease<'a>(
        &'a self,
        key: &'a StoreKey,
        ttl: Duration,
        wait: Duration,
    ) -> BoxFuture<'a, Result<Lease, StoreError>> {
        Box::pin(async move {
            self.fails(false)?;
            self.inner.lease(key, ttl, wait).await
        })
    }
}
