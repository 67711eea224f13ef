//! What a record looks like in the store.

use std::io;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::{SecretBytes, StoreError, StoreKey, UnsealError};

/// What is stored under one kind of key. A record says its format as `format`; one that does not is of format 1.
pub(crate) trait Record: Serialize + DeserializeOwned {
    /// The newest format that this version reads. It counts up when an older version must not use the record as if it
    /// were one of its own, say because it would send a token in a way that it is not meant for.
    const FORMAT: u32 = 1;
}

/// The part of a record that every format has.
#[derive(Deserialize)]
struct Form {
    #[serde(default = "first_format")]
    format: u32,
    /// What a sealed value has instead.
    sealed: Option<u32>,
}

fn first_format() -> u32 {
    1
}

/// What cannot be read counts as absent: it is no grant that anybody could use, and a login replaces it. What only lacks
/// its key does not: somebody has the key.
pub(super) fn decode<T: Record>(key: &StoreKey, bytes: &SecretBytes) -> Result<Option<T>, StoreError> {
    let Ok(form) = serde_json::from_slice::<Form>(bytes.expose()) else {
        // Without the parser's message, here and below: it may quote the value.
        tracing::warn!(%key, "a stored value cannot be read and counts as absent");
        return Ok(None);
    };
    if form.sealed.is_some() {
        return Err(StoreError::Sealed { key: key.name(), source: UnsealError::NoKey });
    }
    if form.format > T::FORMAT {
        tracing::warn!(%key, form.format, "a stored value is of a newer version of this library and counts as absent");
        return Ok(None);
    }
    let record = serde_json::from_slice(bytes.expose()).ok();
    if record.is_none() {
        tracing::warn!(%key, "a stored value cannot be read and counts as absent");
    }
    Ok(record)
}

pub(crate) fn encode(record: &impl Record) -> Result<SecretBytes, StoreError> {
    let mut buffer = WipedBuffer::default();
    match serde_json::to_writer_pretty(&mut buffer, record) {
        Ok(()) => Ok(SecretBytes(buffer.0)),
        Err(error) => Err(StoreError::Backend(error.into())),
    }
}

/// A buffer that leaves nothing behind where it was before it grew.
#[derive(Default)]
struct WipedBuffer(Zeroizing<Vec<u8>>);

impl io::Write for WipedBuffer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let needed = self.0.len() + bytes.len();
        if needed > self.0.capacity() {
            let mut larger = Zeroizing::new(Vec::with_capacity(needed.max(1024).next_power_of_two()));
            larger.extend_from_slice(&self.0);
            self.0 = larger;
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests;
