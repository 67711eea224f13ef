//! Client authentication by a key (`private_key_jwt`: RFC 7523 §2.2, `OpenID` Connect Core §9).
//!
//! The private key may be anywhere: [`AssertionSigner`] is the seam, [`PrivateKey`] the implementation for a key in a
//! PEM file. What a client authenticates with is a [`ClientKey`]: the signer, and for whom it signs.

mod client;
mod key;
mod signer;

pub use client::ClientKey;
pub use key::{InvalidKey, PrivateKey};
pub use signer::{AssertionError, AssertionSigner};
