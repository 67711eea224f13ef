//! Seals, once, what a directory held before there was a key.
//!
//! To seal whatever is found unsealed, at any time, would be to accept whatever somebody puts there. So it is done once
//! for a directory, and a file of its own says so from then on. What is to be sealed is written down in that file first:
//! after a crash the rest of it is sealed, and nothing else. The file is sealed itself, so that nobody adds to the list.
//!
//! Its absence alone proves nothing, since it may have been removed: a directory with sealed values in it was done, too.

use serde::{Deserialize, Serialize};

use super::envelope::{self, UnsealError};
use super::{SWAP_ATTEMPTS, SealedStore};
use crate::store::{FileStore, SecretBytes, StoreError};

/// What the file is named by, as no [`StoreKey`](crate::StoreKey) is.
const MARKER: &str = "sealed";

/// What is still to be sealed: nothing, from the second start on.
#[derive(Serialize, Deserialize, Default)]
struct Marker {
    left: Vec<Unsealed>,
}

/// A value as it was found: another one under the same name is not meant.
#[derive(Serialize, Deserialize, PartialEq, Eq)]
struct Unsealed {
    name: String,
    version: [u8; 32],
}

impl SealedStore<FileStore> {
    /// Seals what the directory held before there was a key, if this is the first time that it is opened with one. From
    /// then on, a value that is not sealed does not open ([`UnsealError::NotSealed`]): somebody put it there.
    ///
    /// That it was done is kept in the directory, in `sealed.json`, and told by any sealed value there. Who can remove
    /// all of them can make the directory look like one that never had a key. Blocks for a moment.
    ///
    /// # Errors
    /// When the directory cannot be read or written.
    pub fn take_over(self) -> Result<Self, StoreError> {
        for _ in 0..SWAP_ATTEMPTS {
            match self.seal_all() {
                // Another process does the same.
                Err(StoreError::Conflict) => {}
                other => return other.map(|()| self),
            }
        }
        Err(StoreError::Conflict)
    }

    fn seal_all(&self) -> Result<(), StoreError> {
        let stored = self.inner.read_named(MARKER)?;
        let marker = match stored.as_ref().map(|stored| envelope::open(&self.keys, MARKER, stored)) {
            None => Marker { left: self.unsealed()? },
            Some(Ok(opened)) => parse(&opened.value),
            // Sealed with another key, or broken: it was done, and each value says itself what is wrong with it.
            Some(Err(_)) => return Ok(()),
        };
        let version = stored.as_ref().map(SecretBytes::version);
        if version.is_some() && marker.left.is_empty() {
            return Ok(());
        }
        let begun = self.sealed(MARKER, &written(&marker));
        self.inner.swap_named(MARKER, Some(&begun), version)?;
        for unsealed in &marker.left {
            self.seal_one(unsealed)?;
        }
        if marker.left.is_empty() {
            return Ok(());
        }
        tracing::info!(values = marker.left.len(), "what was stored before there was a key is sealed");
        let done = self.sealed(MARKER, &written(&Marker::default()));
        self.inner.swap_named(MARKER, Some(&done), Some(begun.version()))
    }

    /// What is there that no key sealed; nothing once a key was used.
    fn unsealed(&self) -> Result<Vec<Unsealed>, StoreError> {
        let mut found = Vec::new();
        for name in self.inner.names()? {
            let Some(stored) = self.inner.read_named(&name)? else { continue };
            match envelope::open(&self.keys, &name, &stored) {
                Err(UnsealError::NotSealed) => found.push(Unsealed { name, version: stored.version().0 }),
                // Neither one nor the other.
                Err(UnsealError::Altered) => {}
                Ok(_) | Err(_) => return Ok(Vec::new()),
            }
        }
        Ok(found)
    }

    fn seal_one(&self, unsealed: &Unsealed) -> Result<(), StoreError> {
        let Some(stored) = self.inner.read_named(&unsealed.name)? else { return Ok(()) };
        let version = stored.version();
        if version.0 != unsealed.version {
            return Ok(());
        }
        let sealed = self.sealed(&unsealed.name, &stored);
        match self.inner.swap_named(&unsealed.name, Some(&sealed), Some(version)) {
            // Sealed or removed by another process.
            Err(StoreError::Conflict) => Ok(()),
            other => other,
        }
    }

    fn sealed(&self, name: &str, value: &SecretBytes) -> SecretBytes {
        envelope::seal(&self.keys, name, value, &*self.entropy)
    }
}

/// Nothing is left of what cannot be read: nobody without the key wrote it.
fn parse(marker: &SecretBytes) -> Marker {
    serde_json::from_slice(marker.expose()).unwrap_or_default()
}

fn written(marker: &Marker) -> SecretBytes {
    SecretBytes::new(serde_json::to_vec(marker).expect("names and numbers are always JSON"))
}

#[cfg(test)]
mod tests;
