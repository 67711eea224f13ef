//! A value of the store, and what tells one from another.

use std::fmt;

use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

/// A value of the store: bytes that hold secrets. `Debug` shows their number only.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretBytes(pub(super) Zeroizing<Vec<u8>>);

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
pub struct Version(pub(super) [u8; 32]);

impl fmt::Debug for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [first, second, third, ..] = self.0;
        write!(f, "Version({first:02x}{second:02x}{third:02x}…)")
    }
}
