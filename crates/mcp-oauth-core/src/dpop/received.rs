//! A proof that a server received, and its checks (RFC 9449 §4.3).

use std::fmt;
use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{HeaderMap, Method, Uri};
use serde::Deserialize;
use serde_json::Value;
use subtle::ConstantTimeEq as _;

use super::{DpopNonce, DpopProof, access_token_hash, target_uri};
use crate::{AccessToken, PublicJwk, SigningAlgorithm, Thumbprint};

/// Why a proof proves nothing. A server answers with `invalid_dpop_proof`, or with `use_dpop_nonce` where
/// [`wants_nonce`](Self::wants_nonce) says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidProof {
    /// Several headers (check 1).
    #[error("there is more than one DPoP header")]
    Several,
    /// No single, well-formed token with the required claims (checks 2 and 3).
    #[error("the proof is not a well-formed token with the required claims")]
    Malformed,
    /// Another `typ` (check 4).
    #[error("the token is not of the type dpop+jwt")]
    Type,
    /// A symmetric algorithm, none, one that is not known, or one that the key is not made for (check 5).
    #[error("the proof is not signed by an algorithm that is supported")]
    Algorithm,
    /// No public key, or one with private parts (checks 6 and 7).
    #[error("the proof has no usable public key")]
    Key,
    /// The signature is wrong (check 6).
    #[error("the signature of the proof is wrong")]
    Signature,
    /// For another method (check 8).
    #[error("the proof is for another method")]
    Method,
    /// For another address (check 9).
    #[error("the proof is for another address")]
    Target,
    /// Without the server's nonce, or with another one (check 10).
    #[error("the proof does not carry the server's nonce")]
    Nonce,
    /// Made too long ago, or in the future (check 11).
    #[error("the proof was not made just now")]
    Time,
    /// For another access token (check 12).
    #[error("the proof is for another access token")]
    Token,
    /// Signed by another key than the one that the token is bound to (check 12).
    #[error("the proof is signed by another key than the token's")]
    Binding,
}

impl InvalidProof {
    /// True when the same client may succeed with the nonce that the server sends it (RFC 9449 §8, §9).
    pub fn wants_nonce(self) -> bool {
        self == Self::Nonce
    }
}

/// What a proof must be for.
#[derive(Debug, Clone, Copy)]
pub struct ExpectedProof<'a> {
    /// The request's method.
    pub method: &'a Method,
    /// The request's whole address, as the client sees it.
    pub uri: &'a Uri,
    /// The access token that came with it. `None` at a token endpoint.
    pub token: Option<&'a AccessToken>,
    /// What that token, a refresh token or a code is bound to (`cnf.jkt`, `dpop_jkt`).
    pub key: Option<&'a Thumbprint>,
    /// The nonce that the proof must carry. `None` when any will do.
    pub nonce: Option<&'a DpopNonce>,
    /// The time now.
    pub now: SystemTime,
    /// How far the clocks may differ and how old a proof may be, either way.
    pub tolerance: Duration,
}

/// A proof that was taken apart, but not believed yet.
pub struct ReceivedProof {
    algorithm: SigningAlgorithm,
    key: PublicJwk,
    claims: Claims,
    message: Box<str>,
    signature: Vec<u8>,
}

/// A proof that holds. Whether its [`id`](Self::id) was seen before is for the server to remember (RFC 9449 §11.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedProof {
    id: Box<str>,
    key: Thumbprint,
}

impl VerifiedProof {
    /// The `jti`: used once for this address.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// What a token is bound to that is given for this proof: `cnf.jkt`.
    pub fn key(&self) -> &Thumbprint {
        &self.key
    }
}

#[derive(Deserialize)]
struct Header {
    typ: Option<String>,
    alg: String,
    jwk: Option<Value>,
}

#[derive(Deserialize)]
struct Claims {
    jti: String,
    htm: String,
    htu: String,
    iat: Value,
    ath: Option<String>,
    nonce: Option<String>,
}

impl ReceivedProof {
    /// Bytes of the longest proof that is looked at: an RSA key with its signature fits several times.
    pub const MAX_BYTES: usize = 8 * 1024;

    /// Bytes of the longest `jti`, since servers remember it.
    pub const MAX_ID_BYTES: usize = 256;

    /// The proof of a request. `None` without any.
    ///
    /// # Errors
    /// When there are several, or the one is no proof.
    pub fn from_headers(headers: &HeaderMap) -> Result<Option<Self>, InvalidProof> {
        let mut all = headers.get_all(DpopProof::HEADER).iter();
        let Some(first) = all.next() else { return Ok(None) };
        if all.next().is_some() {
            return Err(InvalidProof::Several);
        }
        Self::parse(first.to_str().map_err(|_| InvalidProof::Malformed)?).map(Some)
    }

    /// Takes a proof apart.
    ///
    /// # Errors
    /// When it is no token of the right type with a public key and the required claims.
    pub fn parse(text: &str) -> Result<Self, InvalidProof> {
        use InvalidProof::Malformed;
        if text.len() > Self::MAX_BYTES {
            return Err(Malformed);
        }
        let (message, signature) = text.rsplit_once('.').ok_or(Malformed)?;
        let (header, claims) = message.split_once('.').ok_or(Malformed)?;
        let header: Header = serde_json::from_slice(&decode(header)?).map_err(|_| Malformed)?;
        if header.typ.as_deref() != Some(DpopProof::TYPE) {
            return Err(InvalidProof::Type);
        }
        let algorithm = SigningAlgorithm::from_name(&header.alg).ok_or(InvalidProof::Algorithm)?;
        let key = header.jwk.ok_or(InvalidProof::Key)?;
        let key: PublicJwk = serde_json::from_value(key).map_err(|_| InvalidProof::Key)?;
        if !key.is_for(algorithm) {
            return Err(InvalidProof::Algorithm);
        }
        let claims: Claims = serde_json::from_slice(&decode(claims)?).map_err(|_| Malformed)?;
        if claims.jti.is_empty() || claims.jti.len() > Self::MAX_ID_BYTES {
            return Err(Malformed);
        }
        Ok(Self { algorithm, key, claims, message: message.into(), signature: decode(signature)? })
    }

    /// Believes it or not. `check` says whether a signature (of a message, by an algorithm and a key) is right.
    ///
    /// # Errors
    /// The first check that fails, in the order of RFC 9449 §4.3.
    pub fn verify(
        self,
        expected: &ExpectedProof<'_>,
        check: impl FnOnce(&PublicJwk, SigningAlgorithm, &[u8], &[u8]) -> bool,
    ) -> Result<VerifiedProof, InvalidProof> {
        let Self { algorithm, key, claims, message, signature } = self;
        if !check(&key, algorithm, message.as_bytes(), &signature) {
            return Err(InvalidProof::Signature);
        }
        if claims.htm != expected.method.as_str() {
            return Err(InvalidProof::Method);
        }
        let target: Option<Uri> = claims.htu.parse().ok();
        if target.is_none_or(|target| target_uri(&target) != target_uri(expected.uri)) {
            return Err(InvalidProof::Target);
        }
        if expected.nonce.is_some_and(|nonce| Some(nonce.as_str()) != claims.nonce.as_deref()) {
            return Err(InvalidProof::Nonce);
        }
        if !is_just_now(&claims.iat, expected) {
            return Err(InvalidProof::Time);
        }
        let hash = expected.token.map(access_token_hash);
        if hash.is_some_and(|hash| !same(&hash, claims.ath.as_deref().unwrap_or_default())) {
            return Err(InvalidProof::Token);
        }
        let thumbprint = key.thumbprint();
        if expected.key.is_some_and(|bound| *bound != thumbprint) {
            return Err(InvalidProof::Binding);
        }
        Ok(VerifiedProof { id: claims.jti.into(), key: thumbprint })
    }
}

impl fmt::Debug for ReceivedProof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReceivedProof")
            .field("algorithm", &self.algorithm)
            .field("key", &self.key)
            .finish_non_exhaustive()
    }
}

fn decode(text: &str) -> Result<Vec<u8>, InvalidProof> {
    URL_SAFE_NO_PAD.decode(text).map_err(|_| InvalidProof::Malformed)
}

fn same(one: &str, other: &str) -> bool {
    one.as_bytes().ct_eq(other.as_bytes()).into()
}

fn is_just_now(issued_at: &Value, expected: &ExpectedProof<'_>) -> bool {
    let issued_at = crate::token::seconds(issued_at).filter(|_| issued_at.is_number());
    let time = issued_at.and_then(|seconds| SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds)));
    time.is_some_and(|time| {
        let distance = expected.now.duration_since(time).unwrap_or_else(|later| later.duration());
        distance <= expected.tolerance
    })
}
