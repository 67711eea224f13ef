//! A store whose values can only be read with a key.
//!
//! Each value is encrypted and authenticated with XChaCha20-Poly1305 before another store gets it. What it is kept under
//! is authenticated with it, so that a value that somebody moves to another place does not open there. Nonces of 192 bits
//! are drawn at random: however often and by however many processes a key is used, none repeats.
//!
//! Compare-and-swap goes by the values themselves, not by their sealed form, which differs each time: the sealed value
//! that is there is opened, its content compared with what the caller saw, and then exactly that sealed value replaced.

mod envelope;
mod key;
mod key_file;
mod take_over;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use mcp_oauth_core::{Entropy, SystemEntropy};

use super::{CredentialStore, Lease, SecretBytes, StoreError, StoreKey, Version};
use envelope::Opened;

pub use envelope::UnsealError;
pub use key::{SealingKey, SealingKeyError, SealingKeys};

/// Seals what another store keeps.
///
/// ```no_run
/// use mcp_oauth_client::{FileStore, SealedStore, SealingKeys};
///
/// # fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let keys = SealingKeys::from_file_or_new("/home/me/.mcpo/key")?;
/// let store = SealedStore::new(FileStore::open("/home/me/.mcpo/tokens")?, keys);
/// # Ok(())
/// # }
/// ```
///
/// A value that does not open is [`StoreError::Sealed`], never an absent one: to log in again would overwrite what the
/// right key still opens. With the key gone for good, remove the values from the store beneath (a
/// [`FileStore`](crate::FileStore)'s files) and log in again.
#[derive(Clone)]
pub struct SealedStore<S> {
    inner: S,
    keys: SealingKeys,
    entropy: Arc<dyn Entropy>,
    accepts_unsealed: bool,
}

impl<S: CredentialStore> SealedStore<S> {
    /// Seals what goes to `inner` with the newest of the keys, and opens with all of them. What another key than the
    /// newest sealed is sealed anew when it is read or written.
    pub fn new(inner: S, keys: SealingKeys) -> Self {
        Self { inner, keys, entropy: Arc::new(SystemEntropy), accepts_unsealed: false }
    }

    /// Where nonces come from. Default: the operating system. Two equal nonces under one key give both values away.
    #[must_use]
    pub fn entropy(mut self, entropy: impl Entropy) -> Self {
        self.entropy = Arc::new(entropy);
        self
    }

    /// Takes over values that were stored before there was a key: they are read, and sealed as soon as they are. Whoever
    /// can write to the store beneath can then plant values of their own, so do without it once all is sealed. Over a
    /// [`FileStore`](crate::FileStore), [`take_over`](Self::take_over) does it once, by itself. Default: such a value does
    /// not open.
    #[must_use]
    pub fn accept_unsealed(mut self) -> Self {
        self.accepts_unsealed = true;
        self
    }

    async fn open(&self, key: &StoreKey) -> Result<Option<SecretBytes>, StoreError> {
        let Some(stored) = self.inner.load(key).await? else { return Ok(None) };
        let opened = self.unseal(key, &stored)?;
        if !opened.is_current {
            self.seal_anew(key, &opened.value, stored.version()).await;
        }
        Ok(Some(opened.value))
    }

    /// So that an old key can be given up one day. The value is good as it is: a failure is not the reader's.
    async fn seal_anew(&self, key: &StoreKey, value: &SecretBytes, stored: Version) {
        let sealed = envelope::seal(&self.keys, &key.name(), value, &*self.entropy);
        match self.inner.replace(key, Some(sealed), Some(stored)).await {
            Ok(()) => tracing::debug!(%key, "a value is sealed with the newest key"),
            Err(StoreError::Conflict) => {}
            Err(error) => tracing::warn!(%key, %error, "a value stays as an older key sealed it"),
        }
    }

    async fn swap(
        &self,
        key: &StoreKey,
        value: Option<SecretBytes>,
        expected: Option<Version>,
    ) -> Result<(), StoreError> {
        for _ in 0..SWAP_ATTEMPTS {
            let stored = self.inner.load(key).await?;
            let opened = stored.as_ref().map(|stored| self.unseal(key, stored)).transpose()?;
            if opened.map(|opened| opened.value.version()) != expected {
                return Err(StoreError::Conflict);
            }
            let sealed =
                value.as_ref().map(|value| envelope::seal(&self.keys, &key.name(), value, &*self.entropy));
            match self.inner.replace(key, sealed, stored.map(|stored| stored.version())).await {
                // Perhaps the same value, sealed anew by another reader: look again.
                Err(StoreError::Conflict) => {}
                other => return other,
            }
        }
        Err(StoreError::Conflict)
    }

    fn unseal(&self, key: &StoreKey, stored: &SecretBytes) -> Result<Opened, StoreError> {
        match envelope::open(&self.keys, &key.name(), stored) {
            Err(UnsealError::NotSealed) if self.accepts_unsealed => {
                Ok(Opened { value: stored.clone(), is_current: false })
            }
            Err(source) => Err(StoreError::Sealed { key: key.name(), source }),
            Ok(opened) => Ok(opened),
        }
    }
}

impl<S: CredentialStore> CredentialStore for SealedStore<S> {
    fn load<'a>(&'a self, key: &'a StoreKey) -> BoxFuture<'a, Result<Option<SecretBytes>, StoreError>> {
        Box::pin(self.open(key))
    }

    fn replace<'a>(
        &'a self,
        key: &'a StoreKey,
        value: Option<SecretBytes>,
        expected: Option<Version>,
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(self.swap(key, value, expected))
    }

    fn lease<'a>(
        &'a self,
        key: &'a StoreKey,
        ttl: Duration,
        wait: Duration,
    ) -> BoxFuture<'a, Result<Lease, StoreError>> {
        self.inner.lease(key, ttl, wait)
    }
}

impl<S: fmt::Debug> fmt::Debug for SealedStore<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SealedStore")
            .field("inner", &self.inner)
            .field("keys", &self.keys)
            .field("accepts_unsealed", &self.accepts_unsealed)
            .finish_non_exhaustive()
    }
}

/// How often a write is repeated when the same value was sealed anew in between.
const SWAP_ATTEMPTS: usize = 8;

#[cfg(test)]
mod tests;
