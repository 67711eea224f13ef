//! A store in the keyring of the operating system: Secret Service on Linux and BSD, the keychain on macOS, Credential
//! Manager on Windows.
//!
//! A keyring knows neither compare-and-swap nor leases. Both are made with lock files in a directory that everybody who
//! uses these entries must name; nothing else is in it.
//!
//! Keyrings are made for passwords. Windows keeps 2,560 bytes under one name, less than many a token takes, and each
//! access may ask the person. So the better use of a keyring is [`KeyringStore::sealing_keys`]: the key is in the keyring,
//! and what it seals is in files.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use keyring_core::{CredentialStore as Keyring, Entry};
use mcp_oauth_core::SystemEntropy;
use zeroize::Zeroizing;

use super::directory::{Directory, blocking};
use super::{
    CredentialStore, Lease, SealingKey, SealingKeyError, SealingKeys, SecretBytes, StoreError, StoreKey,
    Version,
};

/// Keeps values in a keyring.
///
/// ```no_run
/// use mcp_oauth_client::{FileStore, KeyringStore, SealedStore};
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let keyring = KeyringStore::open("my app", "/home/me/.config/my-app/locks").await?;
/// // Recommended: the key in the keyring, the values in files.
/// let keys = keyring.sealing_keys().await?;
/// let store = SealedStore::new(FileStore::open("/home/me/.config/my-app/tokens")?, keys);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct KeyringStore {
    keyring: Arc<Keyring>,
    service: Arc<str>,
    locks: Arc<Directory>,
    value_bytes: usize,
}

impl KeyringStore {
    /// The largest value that is kept unless another limit is set: what Windows takes there, and elsewhere far more than
    /// tokens have.
    pub const VALUE_BYTES: usize = if cfg!(windows) { 2560 } else { 64 * 1024 };

    /// Uses the keyring of the operating system. Entries are named by `service`, the application's name, and by their
    /// key. `locks` is the directory for locks, made if it is not there.
    ///
    /// # Errors
    /// When there is no keyring (a server without a session), it cannot be used, or the directory cannot.
    #[cfg(feature = "keyring")]
    pub async fn open(service: impl Into<String>, locks: impl Into<PathBuf>) -> Result<Self, StoreError> {
        let keyring = blocking(|| platform().map_err(failed)).await?;
        Self::with_keyring(keyring, service, locks)
    }

    /// Uses another keyring: of another kind, or a made-up one for a test. Blocks for a moment.
    ///
    /// # Errors
    /// When the directory for locks cannot be used.
    pub fn with_keyring(
        keyring: Arc<Keyring>,
        service: impl Into<String>,
        locks: impl Into<PathBuf>,
    ) -> Result<Self, StoreError> {
        let locks = Directory::open(locks.into())?;
        Ok(Self { keyring, service: service.into().into(), locks, value_bytes: Self::VALUE_BYTES })
    }

    /// The largest value that is kept, in bytes. A larger one is [`StoreError::TooLarge`].
    #[must_use]
    pub fn value_bytes(mut self, limit: usize) -> Self {
        self.value_bytes = limit;
        self
    }

    /// The keys for a [`SealedStore`](crate::SealedStore), made if there are none yet.
    ///
    /// # Errors
    /// When the keyring cannot be used, or holds something else under that name.
    pub async fn sealing_keys(&self) -> Result<SealingKeys, SealingKeyError> {
        self.change_keys(false).await
    }

    /// Makes a new key that seals from now on; those before it still open. Other processes know it when they ask again
    /// for [`sealing_keys`](Self::sealing_keys), and cannot open before then what it sealed.
    ///
    /// # Errors
    /// As `sealing_keys`.
    pub async fn change_sealing_key(&self) -> Result<SealingKeys, SealingKeyError> {
        self.change_keys(true).await
    }

    async fn change_keys(&self, anew: bool) -> Result<SealingKeys, SealingKeyError> {
        let store = self.clone();
        let text = blocking(move || store.keys_text(anew)).await.map_err(SealingKeyError::keyring)?;
        std::str::from_utf8(text.expose()).map_err(|_| SealingKeyError::Text).and_then(SealingKeys::parse)
    }

    /// The newest first, a line each.
    fn keys_text(&self, anew: bool) -> Result<SecretBytes, StoreError> {
        let _lock = self.locks.lock(SWAP_LOCK)?;
        let entry = self.entry(SEALING_KEYS)?;
        let known = read(&entry)?;
        if let Some(known) = known.clone().filter(|_| !anew) {
            return Ok(known);
        }
        let new = SealingKey::generate(&SystemEntropy).to_text();
        let known = known.as_ref().map_or(&b""[..], SecretBytes::expose);
        // Room for all of it at once: a buffer that grows leaves copies behind.
        let mut text = Zeroizing::new(Vec::with_capacity(new.len() + 1 + known.len()));
        text.extend_from_slice(new.as_bytes());
        text.push(b'\n');
        text.extend_from_slice(known);
        let text = SecretBytes(text);
        self.write(&entry, SEALING_KEYS, &text)?;
        Ok(text)
    }

    fn swap(
        &self,
        name: &str,
        value: Option<&SecretBytes>,
        expected: Option<Version>,
    ) -> Result<(), StoreError> {
        let _lock = self.locks.lock(SWAP_LOCK)?;
        let entry = self.entry(name)?;
        if read(&entry)?.as_ref().map(SecretBytes::version) != expected {
            return Err(StoreError::Conflict);
        }
        match value {
            Some(value) => self.write(&entry, name, value),
            None if expected.is_some() => entry.delete_credential().map_err(failed),
            None => Ok(()),
        }
    }

    fn write(&self, entry: &Entry, name: &str, value: &SecretBytes) -> Result<(), StoreError> {
        if value.expose().len() > self.value_bytes {
            let limit_bytes = u64::try_from(self.value_bytes).unwrap_or(u64::MAX);
            return Err(StoreError::TooLarge { place: format!("{name} in the keyring"), limit_bytes });
        }
        entry.set_secret(value.expose()).map_err(failed)
    }

    fn entry(&self, name: &str) -> Result<Entry, StoreError> {
        self.keyring.build(&self.service, name, None).map_err(failed)
    }
}

impl CredentialStore for KeyringStore {
    fn load<'a>(&'a self, key: &'a StoreKey) -> BoxFuture<'a, Result<Option<SecretBytes>, StoreError>> {
        let (store, name) = (self.clone(), key.name());
        Box::pin(blocking(move || read(&store.entry(&name)?)))
    }

    fn replace<'a>(
        &'a self,
        key: &'a StoreKey,
        value: Option<SecretBytes>,
        expected: Option<Version>,
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        let (store, name) = (self.clone(), key.name());
        Box::pin(blocking(move || store.swap(&name, value.as_ref(), expected)))
    }

    fn lease<'a>(
        &'a self,
        key: &'a StoreKey,
        _ttl: Duration,
        wait: Duration,
    ) -> BoxFuture<'a, Result<Lease, StoreError>> {
        Box::pin(self.locks.lease(key.name(), wait))
    }
}

impl fmt::Debug for KeyringStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Not the keyring: what others' types show is theirs to decide.
        f.debug_struct("KeyringStore")
            .field("service", &self.service)
            .field("locks", &self.locks)
            .finish_non_exhaustive()
    }
}

/// Why the keyring did not do what it was asked. The errors of the keyring's own library may hold the entry's bytes, so
/// what they say is taken over only where they do not.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyringError {
    /// It is locked, or there is none.
    #[error("the keyring cannot be reached")]
    NoAccess(#[source] crate::BoxError),
    /// It failed.
    #[error("the keyring failed")]
    Failed(#[source] crate::BoxError),
    /// There are several entries of this name, not made here.
    #[error("the keyring has several entries of this name")]
    Ambiguous,
    /// The entry is not one of this kind of keyring.
    #[error("the entry cannot be read")]
    Unreadable,
    /// The keyring takes no entries like this: their names are too long, or it lacks a function.
    #[error("the keyring does not take the entry: {reason}")]
    Refused {
        /// What it says.
        reason: String,
    },
}

fn read(entry: &Entry) -> Result<Option<SecretBytes>, StoreError> {
    match entry.get_secret() {
        Ok(bytes) => Ok(Some(SecretBytes::new(bytes))),
        Err(keyring_core::Error::NoEntry) => Ok(None),
        Err(error) => Err(failed(error)),
    }
}

fn failed(error: keyring_core::Error) -> StoreError {
    use keyring_core::Error;
    let error = match error {
        Error::NoStorageAccess(source) => KeyringError::NoAccess(source),
        Error::PlatformFailure(source) => KeyringError::Failed(source),
        Error::Ambiguous(_) => KeyringError::Ambiguous,
        Error::BadEncoding(bytes) | Error::BadDataFormat(bytes, _) => {
            drop(Zeroizing::new(bytes));
            KeyringError::Unreadable
        }
        Error::TooLong(what, limit) => {
            KeyringError::Refused { reason: format!("its {what} is longer than {limit}") }
        }
        Error::NotSupportedByStore(reason) => KeyringError::Refused { reason },
        _ => KeyringError::Unreadable,
    };
    StoreError::Backend(error.into())
}

/// The keyring of the person who runs this.
#[cfg(feature = "keyring")]
fn platform() -> keyring_core::Result<Arc<Keyring>> {
    #[cfg(any(target_os = "linux", target_os = "freebsd", target_os = "openbsd"))]
    return Ok(zbus_secret_service_keyring_store::Store::new()?);
    #[cfg(target_os = "macos")]
    return Ok(apple_native_keyring_store::keychain::Store::new()?);
    #[cfg(windows)]
    return Ok(windows_native_keyring_store::Store::new()?);
    #[cfg(not(any(
        target_os = "linux",
        target_os = "freebsd",
        target_os = "openbsd",
        target_os = "macos",
        windows
    )))]
    Err(keyring_core::Error::NotSupportedByStore("no keyring is known for this system".to_owned()))
}

/// The lock of compare-and-swap.
const SWAP_LOCK: &str = "keyring.lock";

/// The entry of the keys for sealing, which no store key's name is.
const SEALING_KEYS: &str = "sealing-keys";

#[cfg(test)]
mod tests;
