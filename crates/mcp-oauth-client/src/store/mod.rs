//! Where grants and client registrations are kept.
//!
//! [`CredentialStore`] keeps opaque values under keys, with compare-and-swap and leases: what several processes need to
//! share refresh tokens that rotate. [`MemoryStore`] forgets at the end of the program, [`FileStore`] does not, and
//! [`SealedStore`] makes what any of them keeps unreadable without a key.

#[cfg(test)]
mod contract;
mod credentials;
mod directory;
mod error;
mod file;
mod key;
#[cfg(any(test, feature = "keyring"))]
mod keyring;
mod memory;
mod record;
mod records;
mod sealed;
mod value;

pub use credentials::{CredentialStore, Lease};
pub use error::StoreError;
pub use file::FileStore;
pub use key::StoreKey;
#[cfg(any(test, feature = "keyring"))]
pub use keyring::{KeyringError, KeyringStore};
pub use memory::MemoryStore;
pub(crate) use record::{Record, encode};
pub(crate) use records::Records;
pub use sealed::{SealedStore, SealingKey, SealingKeyError, SealingKeys, UnsealError};
pub use value::{SecretBytes, Version};
