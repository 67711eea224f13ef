//! What this crate needs of JOSE: asymmetric signature algorithms, and JSON Web Tokens that are yet to be signed
//! (RFC 7515 §3.1, RFC 7518 §3.1, RFC 8037 §3.1). Signing itself is the caller's, since keys may live in hardware.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;

/// How a JSON Web Token is signed. Closed: algorithms with shared secrets and `none` have no place in what a client
/// signs (RFC 7523 §3, RFC 9449 §4.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SigningAlgorithm {
    /// ECDSA with P-256 and SHA-256.
    Es256,
    /// ECDSA with P-384 and SHA-384.
    Es384,
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    Rs256,
    /// RSASSA-PSS with SHA-256.
    Ps256,
    /// Ed25519.
    EdDsa,
}

impl SigningAlgorithm {
    /// All of them, the ones that this crate would choose first.
    pub const ALL: [Self; 5] = [Self::Es256, Self::EdDsa, Self::Es384, Self::Ps256, Self::Rs256];

    /// The registered name. `None` for names that are not of this list.
    ///
    /// ```
    /// use mcp_oauth_core::SigningAlgorithm;
    ///
    /// assert_eq!(SigningAlgorithm::from_name("ES256"), Some(SigningAlgorithm::Es256));
    /// assert_eq!(SigningAlgorithm::from_name("none"), None);
    /// ```
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.as_str() == name)
    }

    /// The `alg` of headers and metadata.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Es256 => "ES256",
            Self::Es384 => "ES384",
            Self::Rs256 => "RS256",
            Self::Ps256 => "PS256",
            Self::EdDsa => "EdDSA",
        }
    }
}

impl fmt::Display for SigningAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A JSON Web Token without its signature.
///
/// ```
/// use mcp_oauth_core::UnsignedJwt;
/// use serde_json::json;
///
/// let jwt = UnsignedJwt::new(&json!({ "alg": "ES256" }), &json!({ "sub": "me" }))?;
/// assert_eq!(jwt.message(), b"eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJtZSJ9");
/// assert_eq!(jwt.with_signature(&[0xff; 3]), "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJtZSJ9.____");
/// # Ok::<(), serde_json::Error>(())
/// ```
pub struct UnsignedJwt(String);

impl UnsignedJwt {
    /// Writes the header and the claims.
    ///
    /// # Errors
    /// When one of them cannot be written as JSON.
    pub fn new(header: &impl Serialize, claims: &impl Serialize) -> Result<Self, serde_json::Error> {
        let header = URL_SAFE_NO_PAD.encode(serde_json::to_vec(header)?);
        let claims = URL_SAFE_NO_PAD.encode(serde_json::to_vec(claims)?);
        Ok(Self(format!("{header}.{claims}")))
    }

    /// What is signed (RFC 7515 §5.1).
    pub fn message(&self) -> &[u8] {
        self.0.as_bytes()
    }

    /// The token: the message and its signature, which for ECDSA is R and S side by side (RFC 7518 §3.4).
    pub fn with_signature(self, signature: &[u8]) -> String {
        format!("{}.{}", self.0, URL_SAFE_NO_PAD.encode(signature))
    }
}

impl fmt::Debug for UnsignedJwt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("UnsignedJwt(redacted)")
    }
}
