//! Public keys as JSON (RFC 7517, RFC 7518 §6, RFC 8037 §2), private ones for a store, and thumbprints (RFC 7638).
//!
//! Only asymmetric keys of the algorithms in [`SigningAlgorithm`] exist here.

mod private;
mod wire;

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest as _, Sha256};

use self::wire::Wire;
use crate::SigningAlgorithm;

pub use private::PrivateJwk;

/// The curve of an elliptic curve key (RFC 7518 §6.2.1.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum EllipticCurve {
    /// NIST P-256.
    P256,
    /// NIST P-384.
    P384,
}

impl EllipticCurve {
    /// The `crv` of a key.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::P256 => "P-256",
            Self::P384 => "P-384",
        }
    }

    /// Bytes of a coordinate, and of a private key.
    pub fn coordinate_bytes(self) -> usize {
        match self {
            Self::P256 => 32,
            Self::P384 => 48,
        }
    }

    fn from_name(name: &str) -> Option<Self> {
        [Self::P256, Self::P384].into_iter().find(|curve| curve.as_str() == name)
    }
}

/// Why a JSON value is not a public key that this crate knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidJwk {
    /// It has members that must be kept secret (RFC 9449 §4.3, check 7).
    #[error("the key holds private parts")]
    Private,
    /// A symmetric key, or a kind or curve that is not known here.
    #[error("the kind of key is not known")]
    Kind,
    /// A member is missing or malformed, or has another length than its curve wants.
    #[error("the key's member {0} is missing or malformed")]
    Member(&'static str),
}

/// A public key.
///
/// ```
/// use mcp_oauth_core::PublicJwk;
///
/// let key: PublicJwk = serde_json::from_str(
///     r#"{"kty":"EC","crv":"P-256","x":"l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs","y":"9VE4jf_Ok_o64zbTTlcuNJajHmt6v9TDVrU0CdvGRDA"}"#,
/// )?;
/// assert_eq!(key.thumbprint().as_str(), "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct PublicJwk(Key);

#[derive(Clone, PartialEq, Eq, Hash)]
enum Key {
    Ec { curve: EllipticCurve, x: Box<[u8]>, y: Box<[u8]> },
    Ed25519 { x: [u8; 32] },
    Rsa { n: Box<[u8]>, e: Box<[u8]> },
}

/// What a public key consists of, for a library that checks signatures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyMaterial<'a> {
    /// A point on a curve: both coordinates, big-endian, of the curve's length.
    Ec {
        /// The curve.
        curve: EllipticCurve,
        /// The first coordinate.
        x: &'a [u8],
        /// The second coordinate.
        y: &'a [u8],
    },
    /// The 32 bytes of an Ed25519 key.
    Ed25519 {
        /// The encoded point.
        x: &'a [u8; 32],
    },
    /// Modulus and exponent, big-endian.
    Rsa {
        /// The modulus.
        n: &'a [u8],
        /// The exponent.
        e: &'a [u8],
    },
}

impl PublicJwk {
    /// Bytes of an RSA modulus: 2048 bits at the least (RFC 7518 §3.3), 8192 at the most, since checking costs time.
    const MODULUS_BYTES: std::ops::RangeInclusive<usize> = 256..=1024;

    /// An elliptic curve key from its uncompressed point: `04`, then both coordinates (SEC 1 §2.3.3), as most libraries
    /// and tokens give it.
    ///
    /// # Errors
    /// When it is not as long as the curve wants or has another form. Whether the point is on the curve is for the
    /// library that uses it to check.
    pub fn ec(curve: EllipticCurve, point: &[u8]) -> Result<Self, InvalidJwk> {
        let (form, coordinates) = point.split_first().ok_or(InvalidJwk::Member("x"))?;
        let length = curve.coordinate_bytes();
        if *form != 4 || coordinates.len() != 2 * length {
            return Err(InvalidJwk::Member("x"));
        }
        let (x, y) = coordinates.split_at(length);
        Ok(Self(Key::Ec { curve, x: x.into(), y: y.into() }))
    }

    /// An Ed25519 key.
    pub fn ed25519(x: [u8; 32]) -> Self {
        Self(Key::Ed25519 { x })
    }

    /// An RSA key: modulus and exponent, big-endian.
    ///
    /// # Errors
    /// When the modulus is shorter than 2048 bits or longer than 8192, or the exponent longer than 64.
    pub fn rsa(n: &[u8], e: &[u8]) -> Result<Self, InvalidJwk> {
        if !Self::MODULUS_BYTES.contains(&n.len()) {
            return Err(InvalidJwk::Member("n"));
        }
        if e.is_empty() || e.len() > 8 {
            return Err(InvalidJwk::Member("e"));
        }
        Ok(Self(Key::Rsa { n: n.into(), e: e.into() }))
    }

    /// What it consists of.
    pub fn material(&self) -> KeyMaterial<'_> {
        match &self.0 {
            Key::Ec { curve, x, y } => KeyMaterial::Ec { curve: *curve, x, y },
            Key::Ed25519 { x } => KeyMaterial::Ed25519 { x },
            Key::Rsa { n, e } => KeyMaterial::Rsa { n, e },
        }
    }

    /// True when signatures by this algorithm are made with keys of this kind.
    pub fn is_for(&self, algorithm: SigningAlgorithm) -> bool {
        match &self.0 {
            Key::Ec { curve: EllipticCurve::P256, .. } => algorithm == SigningAlgorithm::Es256,
            Key::Ec { curve: EllipticCurve::P384, .. } => algorithm == SigningAlgorithm::Es384,
            Key::Ed25519 { .. } => algorithm == SigningAlgorithm::EdDsa,
            Key::Rsa { .. } => matches!(algorithm, SigningAlgorithm::Rs256 | SigningAlgorithm::Ps256),
        }
    }

    /// The name of this key that follows from its value (RFC 7638 §3): the hash of its required members, in the order of
    /// their names.
    pub fn thumbprint(&self) -> Thumbprint {
        let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let text = match &self.0 {
            Key::Ec { curve, x, y } => format!(
                r#"{{"crv":"{}","kty":"EC","x":"{}","y":"{}"}}"#,
                curve.as_str(),
                encode(x),
                encode(y)
            ),
            Key::Ed25519 { x } => format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{}"}}"#, encode(x)),
            Key::Rsa { n, e } => format!(r#"{{"e":"{}","kty":"RSA","n":"{}"}}"#, encode(e), encode(n)),
        };
        Thumbprint(encode(&Sha256::digest(text)).into_boxed_str())
    }
}

impl fmt::Debug for PublicJwk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicJwk({})", self.thumbprint())
    }
}

impl Serialize for PublicJwk {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Wire::of(self).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for PublicJwk {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Wire::deserialize(deserializer)?.public().map_err(serde::de::Error::custom)
    }
}

/// The SHA-256 thumbprint of a key (RFC 7638), 43 characters of base64url: the `jkt` of RFC 9449 §6.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
pub struct Thumbprint(Box<str>);

impl Thumbprint {
    /// Reads a thumbprint that a peer or a store gave. `None` when it is not 256 bits of base64url.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        (bytes.len() == 32).then(|| Self(text.into()))
    }

    /// As text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Thumbprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Thumbprint {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| serde::de::Error::custom("not a SHA-256 thumbprint"))
    }
}

#[cfg(test)]
mod tests;
