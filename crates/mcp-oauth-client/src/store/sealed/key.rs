//! The keys that values are sealed with.

use std::fmt::{self, Write as _};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD};
use base64::engine::{DecodePaddingMode, general_purpose};
use chacha20poly1305::{KeyInit as _, XChaCha20Poly1305};
use mcp_oauth_core::{Entropy, SystemEntropy};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::key_file;

/// 256 random bits. `Debug` shows the [`id`](Self::id) only.
#[derive(Clone)]
pub struct SealingKey {
    bytes: Zeroizing<[u8; 32]>,
    id: String,
}

impl SealingKey {
    /// A new key.
    pub fn generate(entropy: &dyn Entropy) -> Self {
        let mut bytes = Zeroizing::new([0; 32]);
        entropy.fill(&mut *bytes);
        Self::new(bytes)
    }

    /// Reads a key: its 32 bytes in base64 (of either alphabet, with or without padding) or in hexadecimal digits. Both
    /// `openssl rand -base64 32` and `openssl rand -hex 32` write one.
    ///
    /// # Errors
    /// When it is anything else.
    pub fn parse(text: &str) -> Result<Self, SealingKeyError> {
        let text = text.trim();
        let bytes = match text.len() {
            64 => from_hex(text),
            _ => from_base64(text),
        };
        bytes.map(Self::new).ok_or(SealingKeyError::Text)
    }

    /// The key as text that [`parse`](Self::parse) reads, for whoever keeps it.
    pub fn to_text(&self) -> Zeroizing<String> {
        Zeroizing::new(STANDARD.encode(*self.bytes))
    }

    /// What the key is called in the values that it sealed and in errors: 64 bits of a hash, which is no secret.
    pub fn id(&self) -> &str {
        &self.id
    }

    fn new(bytes: Zeroizing<[u8; 32]>) -> Self {
        let digest =
            Sha256::new().chain_update("mcp-oauth-client sealing key\n").chain_update(*bytes).finalize();
        let id = digest.iter().take(8).fold(String::new(), |mut id, byte| {
            let _ = write!(id, "{byte:02x}");
            id
        });
        Self { bytes, id }
    }

    /// The cipher, which wipes its copy of the key when it is dropped.
    pub(super) fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new((&*self.bytes).into())
    }
}

impl fmt::Debug for SealingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SealingKey({})", self.id)
    }
}

/// The keys of a [`SealedStore`](crate::SealedStore): the newest seals, all of them open.
///
/// To change a key: put a new one before the old one, everywhere where the store is used (first after it, if processes
/// cannot all be told at once); use the store for as long as its grants live; then take the old one away.
///
/// ```
/// use mcp_oauth_client::{SealingKey, SealingKeys};
/// use mcp_oauth_core::SystemEntropy;
///
/// let old = SealingKey::generate(&SystemEntropy);
/// let new = SealingKey::generate(&SystemEntropy);
/// let keys = SealingKeys::new(new).with_older(old);
/// # let _ = keys;
/// ```
#[derive(Debug, Clone)]
pub struct SealingKeys {
    newest: SealingKey,
    older: Arc<[SealingKey]>,
}

impl SealingKeys {
    /// One key.
    pub fn new(newest: SealingKey) -> Self {
        Self { newest, older: Arc::default() }
    }

    /// With another key that opens what it sealed, and seals nothing any more.
    #[must_use]
    pub fn with_older(mut self, key: SealingKey) -> Self {
        self.older = self.older.iter().cloned().chain([key]).collect();
        self
    }

    /// Reads keys as [`SealingKey::parse`] does, separated by white space or commas, the newest first: the value of an
    /// environment variable, or the content of a file. From `#` to the end of its line is a comment.
    ///
    /// # Errors
    /// When there is none, or something that is no key.
    pub fn parse(text: &str) -> Result<Self, SealingKeyError> {
        let mut keys = text
            .lines()
            .map(|line| line.split('#').next().unwrap_or_default())
            .flat_map(|line| line.split(|c: char| c.is_whitespace() || c == ','))
            .filter(|word| !word.is_empty())
            .map(SealingKey::parse);
        let newest = keys.next().ok_or(SealingKeyError::None)??;
        Ok(Self { newest, older: keys.collect::<Result<_, _>>()? })
    }

    /// Reads a file as [`parse`](Self::parse) does. On Unix, nobody but its owner may have access to it (mode 0600 or
    /// 0400). Blocks for a moment.
    ///
    /// # Errors
    /// When it cannot be read, others have access to it, or it holds no keys.
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self, SealingKeyError> {
        key_file::read(path.as_ref())
    }

    /// Reads a file as [`from_file`](Self::from_file) does, or makes it, with a new key and for its owner only, if it is
    /// not there. Of several processes that do so at once, one makes it. Blocks for a moment.
    ///
    /// Keep it elsewhere than the values, and away from their backups: a key beside the lock protects nothing.
    ///
    /// # Errors
    /// As `from_file`, and when it cannot be made.
    pub fn from_file_or_new(path: impl AsRef<Path>) -> Result<Self, SealingKeyError> {
        key_file::read_or_make(path.as_ref(), &SystemEntropy)
    }

    /// The key that seals.
    pub fn newest(&self) -> &SealingKey {
        &self.newest
    }

    pub(super) fn find(&self, id: &str) -> Option<&SealingKey> {
        std::iter::once(&self.newest).chain(self.older.iter()).find(|key| key.id == id)
    }
}

/// Why there are no keys.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SealingKeyError {
    /// Something else than a key.
    #[error("a sealing key is 32 random bytes in base64 or 64 hexadecimal digits")]
    Text,
    /// Nothing at all.
    #[error("there is no sealing key")]
    None,
    /// The file cannot be used.
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
    /// Others than its owner have access to the file: `chmod 600` it, and think about who may have read it.
    #[error("{} is open to other users (mode {mode:o})", path.display())]
    OpenToOthers {
        /// The file.
        path: PathBuf,
        /// Its mode.
        mode: u32,
    },
    /// The file is not one of keys.
    #[error("{} holds more than {limit_bytes} bytes", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// The limit.
        limit_bytes: u64,
    },
    /// What is in the file is no key.
    #[error("{} holds no usable key", path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        #[source]
        source: Box<SealingKeyError>,
    },
    /// The keyring cannot be used.
    #[cfg(any(test, feature = "keyring"))]
    #[error("the sealing key cannot be had from the keyring")]
    Keyring(#[source] Box<crate::StoreError>),
}

#[cfg(any(test, feature = "keyring"))]
impl SealingKeyError {
    pub(in crate::store) fn keyring(error: crate::StoreError) -> Self {
        Self::Keyring(Box::new(error))
    }
}

fn from_hex(text: &str) -> Option<Zeroizing<[u8; 32]>> {
    let mut bytes = Zeroizing::new([0; 32]);
    for (byte, digits) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        let digit = |at: usize| digits.get(at).and_then(|digit| char::from(*digit).to_digit(16));
        *byte = u8::try_from(digit(0)? * 16 + digit(1)?).ok()?;
    }
    Some(bytes)
}

fn from_base64(text: &str) -> Option<Zeroizing<[u8; 32]>> {
    let mut bytes = Zeroizing::new([0; 32]);
    let engine = if text.contains(['-', '_']) { URL_SAFE_ANY } else { STANDARD_ANY };
    // Exactly 32, and no more room than that.
    let written = engine.decode_slice(text, &mut *bytes).ok()?;
    (written == bytes.len()).then_some(bytes)
}

const ANY_PADDING: GeneralPurposeConfig =
    general_purpose::PAD.with_decode_padding_mode(DecodePaddingMode::Indifferent);
const STANDARD_ANY: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, ANY_PADDING);
const URL_SAFE_ANY: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, ANY_PADDING);

#[cfg(test)]
mod tests;
