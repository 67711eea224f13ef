//! How a sealed value is written: a JSON object that says which key opens it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chacha20poly1305::{AeadInOut as _, Tag, XNonce};
use mcp_oauth_core::Entropy;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::key::{SealingKey, SealingKeys};
use crate::store::SecretBytes;

/// Why a stored value does not open.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum UnsealError {
    /// It was sealed with a key that is not at hand: give that key too, as an older one.
    #[error("it was sealed with the key {key_id}, which is not at hand")]
    UnknownKey {
        /// The key, see [`SealingKey::id`].
        key_id: String,
    },
    /// It is sealed, and the store was opened without any key: use a [`SealedStore`](crate::SealedStore).
    #[error("it is sealed, and no key is at hand")]
    NoKey,
    /// It was changed since it was sealed, or moved here from another place.
    #[error("it was changed or moved since it was sealed")]
    Altered,
    /// It was stored without a seal: before there was a key, without it, or by somebody else. See
    /// [`SealedStore::take_over`](crate::SealedStore::take_over).
    #[error("it is not sealed, so that anybody may have put it there: remove it, and log in again")]
    NotSealed,
    /// A newer version of this library sealed it.
    #[error("it is sealed in format {format}, which this version does not know")]
    UnknownFormat {
        /// The format.
        format: u32,
    },
}

/// An opened value.
pub(super) struct Opened {
    pub(super) value: SecretBytes,
    /// Whether the newest key sealed it.
    pub(super) is_current: bool,
}

#[derive(Serialize, Deserialize)]
struct Envelope {
    /// The format.
    sealed: u32,
    key: String,
    nonce: String,
    value: String,
}

/// What tells sealed values from others, and a sealed format from another.
#[derive(Deserialize)]
struct Form {
    sealed: Option<u32>,
}

/// Counts up when the form changes.
const FORMAT: u32 = 1;
const NONCE_BYTES: usize = 24;
const TAG_BYTES: usize = 16;

/// Seals with the newest key.
pub(super) fn seal(
    keys: &SealingKeys,
    name: &str,
    value: &SecretBytes,
    entropy: &dyn Entropy,
) -> SecretBytes {
    let key = keys.newest();
    let mut nonce = [0; NONCE_BYTES];
    entropy.fill(&mut nonce);
    // Room for the tag from the start: a buffer that grows leaves copies behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(value.expose().len() + TAG_BYTES));
    bytes.extend_from_slice(value.expose());
    let tag = key
        .cipher()
        .encrypt_inout_detached(&XNonce::from(nonce), &associated(key, name), bytes.as_mut_slice().into())
        .expect("the cipher takes 256 GiB, which no value has");
    bytes.extend_from_slice(&tag);
    let envelope = Envelope {
        sealed: FORMAT,
        key: key.id().to_owned(),
        nonce: STANDARD.encode(nonce),
        value: STANDARD.encode(&*bytes),
    };
    SecretBytes::new(serde_json::to_vec_pretty(&envelope).expect("a number and strings are always JSON"))
}

pub(super) fn open(keys: &SealingKeys, name: &str, stored: &SecretBytes) -> Result<Opened, UnsealError> {
    let form: Form = serde_json::from_slice(stored.expose()).map_err(|_| UnsealError::Altered)?;
    match form.sealed {
        Some(FORMAT) => {}
        Some(format) => return Err(UnsealError::UnknownFormat { format }),
        None => return Err(UnsealError::NotSealed),
    }
    let envelope: Envelope = serde_json::from_slice(stored.expose()).map_err(|_| UnsealError::Altered)?;
    let Some(key) = keys.find(&envelope.key) else {
        return Err(UnsealError::UnknownKey { key_id: envelope.key });
    };
    let value = decrypt(key, name, &envelope).ok_or(UnsealError::Altered)?;
    Ok(Opened { value, is_current: key.id() == keys.newest().id() })
}

fn decrypt(key: &SealingKey, name: &str, envelope: &Envelope) -> Option<SecretBytes> {
    let nonce: [u8; NONCE_BYTES] = STANDARD.decode(&envelope.nonce).ok()?.try_into().ok()?;
    let mut bytes = Zeroizing::new(STANDARD.decode(&envelope.value).ok()?);
    let length = bytes.len().checked_sub(TAG_BYTES)?;
    let tag: [u8; TAG_BYTES] = bytes.get(length..)?.try_into().ok()?;
    bytes.truncate(length);
    key.cipher()
        .decrypt_inout_detached(
            &XNonce::from(nonce),
            &associated(key, name),
            bytes.as_mut_slice().into(),
            &Tag::from(tag),
        )
        .ok()?;
    Some(SecretBytes(bytes))
}

/// What is authenticated without being in the value: where it is kept, and everything else about its form.
fn associated(key: &SealingKey, name: &str) -> Vec<u8> {
    format!("mcp-oauth-client sealed {FORMAT}\n{}\n{name}", key.id()).into_bytes()
}
