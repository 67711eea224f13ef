//! Proofs of possession (RFC 9449): a JSON Web Token for one request, signed by the key that a token is bound to.
//!
//! [`DpopProof`] is what a client makes, [`ReceivedProof`] what a server gets. Neither signs nor checks signatures itself:
//! keys may be in hardware, and which cryptography a program uses is its own business.

mod nonce;
mod proof;
mod received;

pub use nonce::{DpopNonce, InvalidNonce};
pub use proof::{DpopProof, access_token_hash, target_uri};
pub use received::{ExpectedProof, InvalidProof, ReceivedProof, VerifiedProof};

#[cfg(test)]
mod tests;
