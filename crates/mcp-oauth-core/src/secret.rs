//! Secrets that cannot be printed.
//!
//! Each is a newtype over text that is wiped when dropped. `Debug` says what kind of secret it is and nothing of its
//! value, there is no `Display`, comparison takes the same time wherever the difference is, and the value comes out
//! by [`expose`](AccessToken::expose) only. `Serialize` writes the value, because token answers and stores are made
//! of these types; do not serialize one into a log.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use crate::entropy::{Entropy, random_text};

/// Why a text is not a secret of the wanted kind. It never repeats the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidSecret {
    /// The text is empty.
    #[error("a {kind} must not be empty")]
    Empty {
        /// What the text should have been.
        kind: &'static str,
    },
    /// The text holds a character outside of the grammar of RFC 6749 appendix A.
    #[error("a {kind} must be printable ASCII")]
    Character {
        /// What the text should have been.
        kind: &'static str,
    },
}

macro_rules! secrets {
    ($($(#[$doc:meta])* $name:ident, $kind:literal, $allowed:pat,)*) => {$(
        $(#[$doc])*
        #[derive(Clone)]
        pub struct $name(Zeroizing<Box<str>>);

        impl $name {
            /// Takes a text that a peer or a store gave.
            ///
            /// # Errors
            /// When the text is empty or holds a character outside of its grammar (RFC 6749 appendix A).
            pub fn parse(text: impl Into<String>) -> Result<Self, InvalidSecret> {
                let text = Zeroizing::new(text.into().into_boxed_str());
                if text.is_empty() {
                    return Err(InvalidSecret::Empty { kind: $kind });
                }
                if !text.bytes().all(|byte| matches!(byte, $allowed)) {
                    return Err(InvalidSecret::Character { kind: $kind });
                }
                Ok(Self(text))
            }

            /// Makes a new one of 256 random bits.
            pub fn generate(entropy: &dyn Entropy) -> Self {
                Self(Zeroizing::new(random_text(entropy).into_boxed_str()))
            }

            /// The value itself. Whoever calls this answers for where it goes.
            pub fn expose(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(redacted)"))
            }
        }

        impl PartialEq for $name {
            /// In constant time for values of equal length.
            fn eq(&self, other: &Self) -> bool {
                self.0.as_bytes().ct_eq(other.0.as_bytes()).into()
            }
        }

        impl Eq for $name {}

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Self::parse(String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
            }
        }
    )*};
}

secrets! {
    /// An access token (RFC 6749 §1.4). The grammar (appendix A.12) would allow a space; a token with one could not be
    /// sent in an `Authorization` header, so it is refused here.
    AccessToken, "access token", 0x21..=0x7e,
    /// A refresh token (RFC 6749 §1.5, appendix A.17).
    RefreshToken, "refresh token", 0x20..=0x7e,
    /// An authorization code (RFC 6749 §4.1.2, appendix A.11).
    AuthorizationCode, "authorization code", 0x20..=0x7e,
    /// A client's password (RFC 6749 §2.3.1, appendix A.2), or the token that manages a registration (RFC 7592).
    ClientSecret, "client secret", 0x20..=0x7e,
    /// A JSON Web Token that speaks for a person or a workload: an ID token, an ID-JAG, a platform's credential (RFC 7523
    /// §2.1). Whoever holds it can use it, so it is a secret although it is signed.
    Assertion, "assertion", 0x21..=0x7e,
    /// The code by which a device asks whether the person has answered (RFC 8628 §3.2).
    DeviceCode, "device code", 0x20..=0x7e,
    /// The `state` that ties a callback to its authorization request (RFC 6749 §4.1.1, appendix A.5).
    State, "state", 0x20..=0x7e,
}

#[cfg(test)]
mod tests;
