//! Where grants and client registrations are kept.
//!
//! [`CredentialStore`] keeps opaque values under keys, with compare-and-swap and leases: what several processes need to
//! share refresh tokens that rotate. [`MemoryStore`] forgets at the end of the program, [`FileStore`] does not, and
//! [`SealedStore`] makes what any of them keeps unreadable without a key.

#[cfg(test)]
mod contract;
mod directory;
mod file;
mod key;
#[cfg(any(test, feature = "keyring"))]
mod keyring;
mod memory;
mod record;
mod records;
mod sealed;

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use futures_util::future::BoxFuture;
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

pub use file::FileStore;
pub use key::StoreKey;
#[cfg(any(test, feature = "keyring"))]
pub use keyring::{KeyringError, KeyringStore};
pub use memory::MemoryStore;
pub(crate) use records::Records;
pub use sealed::{SealedStore, SealingKey, SealingKeyError, SealingKeys, UnsealError};

/// A value of the store: bytes that hold secrets. `Debug` shows their number only.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretBytes(Zeroizing<Vec<u8>>);

impl SecretBytes {
    /// Takes the bytes over.
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// The bytes themselves.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }

    /// The version of a value that consists of these bytes. Equal bytes are the same version, which is all that
    /// compare-and-swap needs.
    pub fn version(&self) -> Version {
        Version(Sha256::digest(&*self.0).into())
    }
}

impl fmt::Debug for SecretBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretBytes({} bytes)", self.0.len())
    }
}

/// Identifies one value under a key, for compare-and-swap.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Version([u8; 32]);

impl fmt::Debug for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [first, second, third, ..] = self.0;
        write!(f, "Version({first:02x}{second:02x}{third:02x}…)")
    }
}

/// The right to renew what is under a key, until it is dropped. Held over a request, so that of several processes only
/// one presents a refresh token that rotates.
pub struct Lease(#[expect(dead_code, reason = "held for its drop")] Box<dyn Send + Sync>);

impl Lease {
    /// A lease that ends when `guard` is dropped.
    pub fn new(guard: impl Send + Sync + 'static) -> Self {
        Self(Box::new(guard))
    }
}

impl fmt::Debug for Lease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Lease")
    }
}

/// Keeps values under keys.
///
/// "Not there" is `Ok(None)`. Whoever writes says which version they have seen; someone else's newer value is never
/// overwritten unseen.
pub trait CredentialStore: Send + Sync + 'static {
    /// Reads the value under `key`.
    fn load<'a>(&'a self, key: &'a StoreKey) -> BoxFuture<'a, Result<Option<SecretBytes>, StoreError>>;

    /// Replaces the value under `key` if it still is the `expected` one (`None`: there is none). A `value` of `None`
    /// removes it. After `Ok` the value survives a crash of this process.
    ///
    /// [`StoreError::Conflict`] says that another value is there.
    fn replace<'a>(
        &'a self,
        key: &'a StoreKey,
        value: Option<SecretBytes>,
        expected: Option<Version>,
    ) -> BoxFuture<'a, Result<(), StoreError>>;

    /// Waits for the right to renew what is under `key`, at most for `wait`. `ttl` is for stores that cannot see a holder
    /// die: after it, another may take over.
    fn lease<'a>(
        &'a self,
        key: &'a StoreKey,
        ttl: Duration,
        wait: Duration,
    ) -> BoxFuture<'a, Result<Lease, StoreError>>;
}

/// Why a store did not do what it was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// Another value is there than the one expected: read again and decide again.
    #[error("the stored value was changed by someone else")]
    Conflict,
    /// Another process holds the lease for longer than one may wait.
    #[error("another process has been renewing this grant for more than {} s", waited.as_secs_f32())]
    LeaseTimeout {
        /// How long it was waited for.
        waited: Duration,
    },
    /// A file or directory cannot be used.
    #[error("cannot {action} {}", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// Where.
        path: PathBuf,
        /// What failed.
        #[source]
        source: io::Error,
    },
    /// A lock that is held for milliseconds was not free for seconds: its holder was stopped.
    #[error("another process has been writing to {} for more than {} s", path.display(), waited.as_secs_f32())]
    Locked {
        /// The lock.
        path: PathBuf,
        /// How long it was waited for.
        waited: Duration,
    },
    /// A value is larger than what is kept there.
    #[error("{place} is larger than {limit_bytes} bytes")]
    TooLarge {
        /// Where.
        place: String,
        /// The limit.
        limit_bytes: u64,
    },
    /// A sealed value does not open. It is left as it is.
    #[error("the stored value {key} does not open")]
    Sealed {
        /// The [name](StoreKey::name) of what it is kept under.
        key: String,
        /// Why.
        #[source]
        source: UnsealError,
    },
    /// A store of another kind failed.
    #[error("the credential store failed")]
    Backend(#[source] crate::BoxError),
}

impl StoreError {
    /// True when the same attempt may succeed later.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Conflict | Self::LeaseTimeout { .. } | Self::Locked { .. } | Self::Backend(_) => true,
            // A full disk or a file system that is away may pass; what the program may not do, it may not do later.
            Self::Io { source, .. } => !matches!(
                source.kind(),
                io::ErrorKind::PermissionDenied
                    | io::ErrorKind::ReadOnlyFilesystem
                    | io::ErrorKind::NotADirectory
                    | io::ErrorKind::IsADirectory
                    | io::ErrorKind::Unsupported
            ),
            Self::TooLarge { .. } | Self::Sealed { .. } => false,
        }
    }
}
