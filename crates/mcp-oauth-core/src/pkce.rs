//! Proof Key for Code Exchange (RFC 7636), with S256 only: OAuth 2.1 and MCP allow nothing else.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use crate::entropy::{Entropy, random_text};

/// The secret half: `code-verifier = 43*128unreserved` (RFC 7636 §4.1).
///
/// ```
/// use mcp_oauth_core::{CodeVerifier, SystemEntropy};
///
/// let verifier = CodeVerifier::generate(&SystemEntropy);
/// assert!(verifier.challenge().is_met_by(&verifier));
/// assert_eq!(format!("{verifier:?}"), "CodeVerifier(redacted)");
/// ```
#[derive(Clone)]
pub struct CodeVerifier(Zeroizing<Box<str>>);

/// Why a text is not a verifier or a challenge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidPkce {
    /// A verifier has 43 to 128 characters.
    #[error("a code verifier has 43 to 128 characters")]
    Length,
    /// A verifier is made of letters, digits and `-._~`.
    #[error("a code verifier is made of letters, digits and -._~")]
    Character,
    /// An S256 challenge is 32 bytes in base64url without padding.
    #[error("an S256 code challenge is 43 characters of base64url")]
    Challenge,
}

impl CodeVerifier {
    /// Makes a new one of 256 random bits; every authorization request needs its own.
    pub fn generate(entropy: &dyn Entropy) -> Self {
        Self(Zeroizing::new(random_text(entropy).into_boxed_str()))
    }

    /// Reads what a client sent or a store kept.
    ///
    /// # Errors
    /// When its length or a character is outside of the grammar.
    pub fn parse(text: impl Into<String>) -> Result<Self, InvalidPkce> {
        let text = Zeroizing::new(text.into().into_boxed_str());
        if !(43..=128).contains(&text.len()) {
            return Err(InvalidPkce::Length);
        }
        if !text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte)) {
            return Err(InvalidPkce::Character);
        }
        Ok(Self(text))
    }

    /// `BASE64URL-ENCODE(SHA256(ASCII(code_verifier)))` (RFC 7636 §4.2).
    pub fn challenge(&self) -> CodeChallenge {
        CodeChallenge(URL_SAFE_NO_PAD.encode(Sha256::digest(self.0.as_bytes())).into_boxed_str())
    }

    /// The value itself, for the token request.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for CodeVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CodeVerifier(redacted)")
    }
}

impl Serialize for CodeVerifier {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for CodeVerifier {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

/// The public half, by method S256 (RFC 7636 §4.2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CodeChallenge(Box<str>);

impl CodeChallenge {
    /// The only method: `S256`.
    pub const METHOD: &'static str = "S256";

    /// Reads the challenge of an authorization request.
    ///
    /// # Errors
    /// When it is not 32 bytes in base64url without padding.
    pub fn parse(text: &str) -> Result<Self, InvalidPkce> {
        match URL_SAFE_NO_PAD.decode(text) {
            Ok(hash) if hash.len() == 32 => Ok(Self(text.into())),
            _ => Err(InvalidPkce::Challenge),
        }
    }

    /// The value for the authorization request.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The server's check (RFC 7636 §4.6), in constant time.
    pub fn is_met_by(&self, verifier: &CodeVerifier) -> bool {
        self.0.as_bytes().ct_eq(verifier.challenge().0.as_bytes()).into()
    }
}

impl<'de> Deserialize<'de> for CodeChallenge {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests;
