//! Where the private key is.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use mcp_oauth_core::SigningAlgorithm;

use crate::BoxError;

/// Signs with a private key that this crate never sees: a file, a key store of the operating system, a hardware module,
/// a service.
///
/// One signer has one key and one algorithm. Its `Debug`, if it has one, must not show the key.
pub trait AssertionSigner: Send + Sync + 'static {
    /// The algorithm of its signatures.
    fn algorithm(&self) -> SigningAlgorithm;

    /// The `kid` by which the server finds the public key. `None` when the client has registered one key only.
    fn key_id(&self) -> Option<&str>;

    /// Signs `message`. ECDSA signatures are R and S side by side, each as long as the curve's order (RFC 7518 §3.4).
    fn sign<'a>(&'a self, message: &'a [u8]) -> BoxFuture<'a, Result<Vec<u8>, BoxError>>;
}

impl<S: AssertionSigner + ?Sized> AssertionSigner for Arc<S> {
    fn algorithm(&self) -> SigningAlgorithm {
        (**self).algorithm()
    }

    fn key_id(&self) -> Option<&str> {
        (**self).key_id()
    }

    fn sign<'a>(&'a self, message: &'a [u8]) -> BoxFuture<'a, Result<Vec<u8>, BoxError>> {
        (**self).sign(message)
    }
}

/// Why there is no assertion.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AssertionError {
    /// The signer failed: the key store is locked, the hardware is gone.
    #[error("the client's key cannot sign")]
    Sign(#[source] BoxError),
    /// The claims cannot be written.
    #[error("the client's assertion cannot be written")]
    Encode(#[from] serde_json::Error),
}
