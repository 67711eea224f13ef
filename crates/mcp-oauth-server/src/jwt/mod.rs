//! Access tokens as JWTs (RFC 9068): the key that signs, the claims, the verifier.

mod claims;
mod key;
mod verifier;

pub(crate) use claims::{Audience, TokenClaims};
pub use key::{InvalidKey, PublicKeys, SigningKey};
pub use verifier::JwtVerifier;
