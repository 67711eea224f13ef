//! The key that signs access tokens, and the public keys that check them.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use jsonwebtoken::jwk::{Jwk, JwkSet, KeyAlgorithm, PublicKeyUse, ThumbprintHash};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header};
use serde::Serialize;
use zeroize::Zeroizing;

/// An ES256 key (P-256). Its id is its RFC 7638 thumbprint.
///
/// ```
/// use mcp_oauth_server::SigningKey;
///
/// let key = SigningKey::generate();
/// let again = SigningKey::from_pkcs8_der(&key.to_pkcs8_der())?;
/// assert_eq!(key.id(), again.id());
/// # Ok::<(), mcp_oauth_server::InvalidKey>(())
/// ```
#[derive(Clone)]
pub struct SigningKey {
    private: EncodingKey,
    public: Jwk,
    id: Arc<str>,
}

/// The bytes are not a key that can be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidKey {
    /// A private key that is not P-256 in PKCS #8.
    #[error("not a P-256 private key in PKCS #8")]
    Private(#[source] jsonwebtoken::errors::Error),
    /// A document that is not a set of keys (RFC 7517 §5).
    #[error("not a JSON Web Key Set")]
    Set(#[from] serde_json::Error),
}

impl SigningKey {
    /// Makes a new key, with the randomness of the cryptography library itself.
    ///
    /// # Panics
    /// When the operating system has no randomness to give.
    pub fn generate() -> Self {
        let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new())
            .expect("the operating system's random generator failed");
        Self::from_pkcs8_der(document.as_ref()).expect("a key just made can be read")
    }

    /// Reads a P-256 key in PKCS #8, DER-encoded.
    ///
    /// # Errors
    /// When it is another kind of key or no key.
    pub fn from_pkcs8_der(der: &[u8]) -> Result<Self, InvalidKey> {
        let private = EncodingKey::from_ec_der(der);
        let mut public = Jwk::from_encoding_key(&private, Algorithm::ES256).map_err(InvalidKey::Private)?;
        let id = public.thumbprint(ThumbprintHash::SHA256).map_err(InvalidKey::Private)?;
        public.common.key_id = Some(id.clone());
        public.common.public_key_use = Some(PublicKeyUse::Signature);
        Ok(Self { private, public, id: id.into() })
    }

    /// The key as PKCS #8, DER-encoded, to be kept in a safe place.
    pub fn to_pkcs8_der(&self) -> Zeroizing<Vec<u8>> {
        Zeroizing::new(self.private.as_bytes().to_vec())
    }

    /// The key's id: `kid` in tokens and in the key set.
    pub fn id(&self) -> &str {
        &self.id
    }

    pub(crate) fn public(&self) -> &Jwk {
        &self.public
    }

    /// Signs claims as an access token: `typ` is `at+jwt` (RFC 9068 §2.1).
    pub(crate) fn sign(&self, claims: &impl Serialize) -> Result<String, jsonwebtoken::errors::Error> {
        let mut header = Header::new(Algorithm::ES256);
        header.typ = Some("at+jwt".to_owned());
        header.kid = Some(self.id.to_string());
        jsonwebtoken::encode(&header, claims, &self.private)
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey").field("id", &self.id).finish_non_exhaustive()
    }
}

/// Public keys that check signatures.
#[derive(Clone, Default)]
pub struct PublicKeys(Vec<PublicKey>);

#[derive(Clone)]
pub(super) struct PublicKey {
    id: Option<String>,
    pub(super) algorithm: Algorithm,
    pub(super) key: DecodingKey,
}

impl PublicKeys {
    /// Reads a JSON Web Key Set. Keys of unknown kinds, for encryption, or with a shared secret are left out
    /// (RFC 7517 §5), and never more than [`PublicKeys::LIMIT`] are kept.
    ///
    /// # Errors
    /// When it is no key set at all.
    pub fn from_jwks(document: &[u8]) -> Result<Self, InvalidKey> {
        let set: JwkSet = serde_json::from_slice(document)?;
        Ok(Self(set.keys.iter().filter_map(PublicKey::read).take(Self::LIMIT).collect()))
    }

    /// How many keys of one set are kept.
    pub const LIMIT: usize = 64;

    pub(crate) fn of<'a>(keys: impl IntoIterator<Item = &'a SigningKey>) -> Self {
        Self(keys.into_iter().filter_map(|key| PublicKey::read(key.public())).collect())
    }

    /// The key for a token's header. A token that names no key is checked with the only one there is for its algorithm.
    pub(super) fn find(&self, id: Option<&str>, algorithm: Algorithm) -> Option<&PublicKey> {
        let mut fitting = self.0.iter().filter(|key| key.algorithm == algorithm);
        match id {
            Some(id) => fitting.find(|key| key.id.as_deref() == Some(id)),
            None => fitting.next().filter(|_| fitting.next().is_none()),
        }
    }
}

impl fmt::Debug for PublicKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|key| &key.id)).finish()
    }
}

impl PublicKey {
    fn read(jwk: &Jwk) -> Option<Self> {
        let algorithm = match jwk.common.key_algorithm? {
            KeyAlgorithm::ES256 => Algorithm::ES256,
            KeyAlgorithm::ES384 => Algorithm::ES384,
            KeyAlgorithm::RS256 => Algorithm::RS256,
            KeyAlgorithm::PS256 => Algorithm::PS256,
            KeyAlgorithm::EdDSA => Algorithm::EdDSA,
            _ => return None,
        };
        if matches!(&jwk.common.public_key_use, Some(usage) if *usage != PublicKeyUse::Signature) {
            return None;
        }
        let key = DecodingKey::from_jwk(jwk).ok()?;
        (key.family() == algorithm.family()).then(|| Self { id: jwk.common.key_id.clone(), algorithm, key })
    }
}

#[cfg(test)]
mod tests;
