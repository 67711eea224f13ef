//! Tokens that only this client can use (RFC 9449, `io.modelcontextprotocol/auth/dpop`).
//!
//! A login makes a key; the authorization server binds the tokens to it; every request with a token then carries a proof,
//! made for that request, that the client holds the key. A token that leaks is of no use to who finds it.
//!
//! [`DpopSigner`] is the seam for keys elsewhere, [`BindingKey`] what a grant has, [`Prover`] what makes proofs and
//! remembers servers' nonces.

mod choice;
mod error;
mod key;
mod nonces;
mod prover;
mod signer;
mod skew;
mod software;

pub(crate) use choice::{Binding, Keys, Signals};
pub use error::DpopError;
pub(crate) use key::{BindingKey, KeyRecord};
pub(crate) use prover::Prover;
pub use signer::DpopSigner;
pub(crate) use skew::clock_skew;

#[cfg(test)]
mod tests;
