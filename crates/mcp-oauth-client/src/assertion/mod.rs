//! Client authentication by a key (`private_key_jwt`: RFC 7523 §2.2, `OpenID` Connect Core §9).
//!
//! The private key may be anywhere: [`AssertionSigner`] is the seam, [`PrivateKey`] the implementation for a key in a
//! PEM file. What a client authenticates with is a [`ClientKey`]: the signer, and for whom it signs. Whom any assertion
//! is for, a client's own or another one that is a grant (§2.1), is looked at before it is sent anywhere.

mod audience;
mod client;
mod key;
mod signer;

pub use audience::AssertionAudience;
pub(crate) use audience::{Listed, audiences, means};
pub use client::ClientKey;
pub use key::{InvalidKey, PrivateKey};
pub use signer::{AssertionError, AssertionSigner};
