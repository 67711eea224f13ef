//! Why a store did not do what it was asked.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use super::UnsealError;

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
        /// The [name](super::StoreKey::name) of what it is kept under.
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
