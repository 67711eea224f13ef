//! Where the private key is.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use mcp_oauth_core::{PublicJwk, SigningAlgorithm};

use crate::BoxError;

/// Signs proofs with a private key that this crate never sees: in a hardware module, a secure enclave, a key store of the
/// operating system. Without one, each login makes a key of its own that is kept with its grant.
///
/// Signing happens once for every request, so it should take milliseconds, not seconds, and ask nobody anything. The key
/// must be the same after a restart: refresh tokens are bound to it (RFC 9449 §5). A `Debug`, if there is one, must not
/// show it.
///
/// ```no_run
/// use futures_util::future::BoxFuture;
/// use mcp_oauth_client::{AuthorizationManager, BoxError, DpopSigner};
/// use mcp_oauth_core::{EllipticCurve, PublicJwk, SigningAlgorithm};
///
/// # struct Enclave;
/// # impl Enclave {
/// #     async fn sign_p256_sha256(&self, _: &[u8]) -> Result<Vec<u8>, std::io::Error> { Ok(Vec::new()) }
/// # }
/// struct EnclaveKey {
///     enclave: Enclave,
///     public: PublicJwk,
/// }
///
/// impl DpopSigner for EnclaveKey {
///     fn algorithm(&self) -> SigningAlgorithm {
///         SigningAlgorithm::Es256
///     }
///
///     fn public_key(&self) -> &PublicJwk {
///         &self.public
///     }
///
///     fn sign<'a>(&'a self, message: &'a [u8]) -> BoxFuture<'a, Result<Vec<u8>, BoxError>> {
///         Box::pin(async move { Ok(self.enclave.sign_p256_sha256(message).await?) })
///     }
/// }
///
/// # let (enclave, point) = (Enclave, [4; 65]);
/// let key = EnclaveKey { enclave, public: PublicJwk::ec(EllipticCurve::P256, &point)? };
/// let manager = AuthorizationManager::builder("https://mcp.example/mcp").dpop_signer(key).build()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait DpopSigner: Send + Sync + 'static {
    /// The algorithm of its signatures.
    fn algorithm(&self) -> SigningAlgorithm;

    /// The public half, which stands in every proof.
    fn public_key(&self) -> &PublicJwk;

    /// Signs `message`. ECDSA signatures are R and S side by side, each as long as the curve's order (RFC 7518 §3.4).
    fn sign<'a>(&'a self, message: &'a [u8]) -> BoxFuture<'a, Result<Vec<u8>, BoxError>>;
}

impl<S: DpopSigner + ?Sized> DpopSigner for Arc<S> {
    fn algorithm(&self) -> SigningAlgorithm {
        (**self).algorithm()
    }

    fn public_key(&self) -> &PublicJwk {
        (**self).public_key()
    }

    fn sign<'a>(&'a self, message: &'a [u8]) -> BoxFuture<'a, Result<Vec<u8>, BoxError>> {
        (**self).sign(message)
    }
}
