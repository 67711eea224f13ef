//! Private keys, for a store.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use zeroize::Zeroizing;

use super::wire::{Wire, decode};
use super::{InvalidJwk, Key, PublicJwk};

/// A private key of an elliptic curve or of Ed25519, with its public half. It is wiped when dropped and never printed.
///
/// `Serialize` writes the secret: it is made for stores that keep secrets.
#[derive(Clone)]
pub struct PrivateJwk {
    public: PublicJwk,
    d: Zeroizing<Box<[u8]>>,
}

impl PrivateJwk {
    /// The two halves of a key. Whether they belong together is for the library that signs to check.
    ///
    /// # Errors
    /// When the private half is not as long as the curve wants, or the key is an RSA key.
    pub fn new(public: PublicJwk, d: &[u8]) -> Result<Self, InvalidJwk> {
        let length = match &public.0 {
            Key::Ec { curve, .. } => curve.coordinate_bytes(),
            Key::Ed25519 { .. } => 32,
            Key::Rsa { .. } => return Err(InvalidJwk::Kind),
        };
        if d.len() == length {
            Ok(Self { public, d: Zeroizing::new(d.into()) })
        } else {
            Err(InvalidJwk::Member("d"))
        }
    }

    /// The public half.
    pub fn public(&self) -> &PublicJwk {
        &self.public
    }

    /// The private half, big-endian. Whoever calls this answers for where it goes.
    pub fn expose(&self) -> &[u8] {
        &self.d
    }
}

impl fmt::Debug for PrivateJwk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PrivateJwk").field("public", &self.public).finish_non_exhaustive()
    }
}

impl Serialize for PrivateJwk {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut wire = Wire::of(&self.public);
        wire.d = Some(Zeroizing::new(URL_SAFE_NO_PAD.encode(&*self.d)));
        wire.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for PrivateJwk {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let wire = Wire::deserialize(deserializer)?;
        let read = || {
            let d = Zeroizing::new(decode(wire.d.as_deref().map(String::as_str), "d")?);
            Self::new(wire.public_half()?, &d)
        };
        read().map_err(serde::de::Error::custom)
    }
}
