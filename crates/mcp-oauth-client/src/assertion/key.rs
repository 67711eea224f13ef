//! A private key from a PEM file.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::error::{KeyRejected, Unspecified};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair,
    KeyPair as _, RSA_PKCS1_SHA256, RSA_PSS_SHA256, RsaEncoding, RsaKeyPair,
};
use futures_util::future::BoxFuture;
use mcp_oauth_core::{EllipticCurve, InvalidJwk, PublicJwk, SigningAlgorithm};
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::{self, PemObject as _};
use serde_json::{Value, json};

use super::AssertionSigner;
use crate::BoxError;

/// A private key in memory, read from PKCS #8, PKCS #1 (`RSA PRIVATE KEY`) or SEC 1 (`EC PRIVATE KEY`).
///
/// The bytes are the cryptography library's, which wipes them when the key is dropped. Nothing prints them.
#[derive(Clone)]
pub struct PrivateKey {
    pair: Arc<Pair>,
    algorithm: SigningAlgorithm,
    key_id: Option<Arc<str>>,
}

enum Pair {
    Ecdsa(EcdsaKeyPair),
    Rsa(RsaKeyPair, &'static dyn RsaEncoding),
    Ed25519(Ed25519KeyPair),
}

/// Why a text is no key. It never repeats the text.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidKey {
    /// There is no private key in the PEM text; keys that are protected by a password are not read.
    #[error("no private key in PEM form")]
    Pem(#[source] pem::Error),
    /// The key is not one for the algorithm, or is too weak for it.
    #[error("not a private key for {algorithm}")]
    Rejected {
        /// The algorithm.
        algorithm: SigningAlgorithm,
        /// What the cryptography library says.
        #[source]
        source: KeyRejected,
    },
}

impl PrivateKey {
    /// Reads the first private key of a PEM text, for signatures by `algorithm`.
    ///
    /// # Errors
    /// When there is none, or not one for the algorithm (a P-384 key for ES256, an RSA key of 1024 bits).
    pub fn from_pem(pem: &[u8], algorithm: SigningAlgorithm) -> Result<Self, InvalidKey> {
        let der = PrivateKeyDer::from_pem_slice(pem).map_err(InvalidKey::Pem)?;
        let pair =
            Pair::read(&der, algorithm).map_err(|source| InvalidKey::Rejected { algorithm, source })?;
        Ok(Self { pair: Arc::new(pair), algorithm, key_id: None })
    }

    /// The public half, for registering it.
    ///
    /// # Errors
    /// When an RSA key is larger than any that is in use.
    pub fn public_key(&self) -> Result<PublicJwk, InvalidJwk> {
        match &*self.pair {
            Pair::Ecdsa(pair) => {
                let is_p256 = self.algorithm == SigningAlgorithm::Es256;
                let curve = if is_p256 { EllipticCurve::P256 } else { EllipticCurve::P384 };
                PublicJwk::ec(curve, pair.public_key().as_ref())
            }
            Pair::Ed25519(pair) => {
                let point = pair.public_key().as_ref().try_into();
                point.map(PublicJwk::ed25519).map_err(|_| InvalidJwk::Member("x"))
            }
            Pair::Rsa(pair, _) => {
                let (n, e) = rsa_numbers(pair.public_key().as_ref()).ok_or(InvalidJwk::Member("n"))?;
                PublicJwk::rsa(n, e)
            }
        }
    }

    /// The public half as a key set, for [`ClientMetadata::jwks`](mcp_oauth_core::ClientMetadata): in a client id metadata
    /// document, or wherever the client is registered.
    ///
    /// # Errors
    /// As [`public_key`](Self::public_key).
    pub fn jwks(&self) -> Result<Value, InvalidJwk> {
        let mut key = serde_json::to_value(self.public_key()?).unwrap_or_default();
        if let Value::Object(members) = &mut key {
            members.insert("alg".to_owned(), self.algorithm.as_str().into());
            members.insert("use".to_owned(), "sig".into());
            if let Some(id) = self.key_id.as_deref() {
                members.insert("kid".to_owned(), id.into());
            }
        }
        Ok(json!({ "keys": [key] }))
    }

    /// With the `kid` that the public key was registered under.
    #[must_use]
    pub fn with_key_id(mut self, key_id: impl Into<String>) -> Self {
        self.key_id = Some(key_id.into().into());
        self
    }
}

impl Pair {
    fn read(der: &PrivateKeyDer<'_>, algorithm: SigningAlgorithm) -> Result<Self, KeyRejected> {
        let bytes = der.secret_der();
        let rsa = |encoding| {
            let pair = match der {
                PrivateKeyDer::Pkcs8(_) => RsaKeyPair::from_pkcs8(bytes),
                _ => RsaKeyPair::from_der(bytes),
            };
            pair.map(|pair| Self::Rsa(pair, encoding))
        };
        match algorithm {
            SigningAlgorithm::Es256 => {
                EcdsaKeyPair::from_private_key_der(&ECDSA_P256_SHA256_FIXED_SIGNING, bytes).map(Self::Ecdsa)
            }
            SigningAlgorithm::Es384 => {
                EcdsaKeyPair::from_private_key_der(&ECDSA_P384_SHA384_FIXED_SIGNING, bytes).map(Self::Ecdsa)
            }
            SigningAlgorithm::Rs256 => rsa(&RSA_PKCS1_SHA256),
            SigningAlgorithm::Ps256 => rsa(&RSA_PSS_SHA256),
            // The public half may be left out of the file (RFC 8410 §7).
            SigningAlgorithm::EdDsa => Ed25519KeyPair::from_pkcs8_maybe_unchecked(bytes).map(Self::Ed25519),
        }
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Unspecified> {
        let random = SystemRandom::new();
        match self {
            Self::Ecdsa(pair) => Ok(pair.sign(&random, message)?.as_ref().to_vec()),
            Self::Rsa(pair, encoding) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(*encoding, &random, message, &mut signature)?;
                Ok(signature)
            }
            Self::Ed25519(pair) => Ok(pair.try_sign(message)?.as_ref().to_vec()),
        }
    }
}

/// Modulus and exponent of an `RSAPublicKey` (RFC 8017 appendix A.1.1), which the cryptography library writes as DER.
fn rsa_numbers(der: &[u8]) -> Option<(&[u8], &[u8])> {
    let (sequence, _) = element(der, 0x30)?;
    let (n, rest) = element(sequence, 0x02)?;
    let (e, _) = element(rest, 0x02)?;
    let positive = |number: &[u8]| number.iter().take_while(|byte| **byte == 0).count();
    Some((n.get(positive(n)..)?, e.get(positive(e)..)?))
}

/// The content of an element of this tag, and what follows it.
fn element(der: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (&[found, short], rest) = der.split_first_chunk()?;
    let (length, rest) = if short < 0x80 {
        (usize::from(short), rest)
    } else {
        let (bytes, rest) = rest.split_at_checked(usize::from(short & 0x7f))?;
        let add = |sum: usize, byte: &u8| sum.checked_mul(256)?.checked_add((*byte).into());
        (bytes.iter().try_fold(0, add)?, rest)
    };
    (found == tag).then(|| rest.split_at_checked(length)).flatten()
}

impl AssertionSigner for PrivateKey {
    fn algorithm(&self) -> SigningAlgorithm {
        self.algorithm
    }

    fn key_id(&self) -> Option<&str> {
        self.key_id.as_deref()
    }

    fn sign<'a>(&'a self, message: &'a [u8]) -> BoxFuture<'a, Result<Vec<u8>, BoxError>> {
        Box::pin(async move { Ok(self.pair.sign(message)?) })
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PrivateKey")
            .field("algorithm", &self.algorithm)
            .field("key_id", &self.key_id)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
