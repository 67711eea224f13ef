//! A key in memory, made for one login.

use std::fmt;

use aws_lc_rs::encoding::{AsBigEndian, EcPrivateKeyBin};
use aws_lc_rs::error::{KeyRejected, Unspecified};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use futures_util::future::BoxFuture;
use mcp_oauth_core::{EllipticCurve, InvalidJwk, KeyMaterial, PrivateJwk, PublicJwk, SigningAlgorithm};

use super::DpopSigner;
use crate::BoxError;

/// An ES256 key: what every server with `DPoP` takes. The cryptography library wipes its bytes when it is dropped.
pub(super) struct SoftwareKey {
    pair: EcdsaKeyPair,
    public: PublicJwk,
}

/// Why bytes are no key. It never repeats them.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unusable {
    #[error("the random generator failed")]
    Random(#[from] Unspecified),
    #[error("not a P-256 key")]
    Key(#[from] InvalidJwk),
    #[error("not a P-256 key")]
    Rejected(#[from] KeyRejected),
}

impl SoftwareKey {
    pub(super) fn generate() -> Result<Self, Unusable> {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING)?;
        let public = PublicJwk::ec(EllipticCurve::P256, pair.public_key().as_ref())?;
        Ok(Self { pair, public })
    }

    /// The key of a stored grant.
    pub(super) fn restore(key: &PrivateJwk) -> Result<Self, Unusable> {
        let KeyMaterial::Ec { curve: EllipticCurve::P256, x, y } = key.public().material() else {
            return Err(InvalidJwk::Kind.into());
        };
        let point = [&[4], x, y].concat();
        // Refuses halves that do not belong together.
        let pair = EcdsaKeyPair::from_private_key_and_public_key(
            &ECDSA_P256_SHA256_FIXED_SIGNING,
            key.expose(),
            &point,
        )?;
        Ok(Self { pair, public: key.public().clone() })
    }

    /// For the store.
    pub(super) fn to_jwk(&self) -> Result<PrivateJwk, Unusable> {
        let bytes: EcPrivateKeyBin<'_> = self.pair.private_key().as_be_bytes()?;
        Ok(PrivateJwk::new(self.public.clone(), bytes.as_ref())?)
    }
}

impl DpopSigner for SoftwareKey {
    fn algorithm(&self) -> SigningAlgorithm {
        SigningAlgorithm::Es256
    }

    fn public_key(&self) -> &PublicJwk {
        &self.public
    }

    fn sign<'a>(&'a self, message: &'a [u8]) -> BoxFuture<'a, Result<Vec<u8>, BoxError>> {
        Box::pin(async move { Ok(self.pair.sign(&SystemRandom::new(), message)?.as_ref().to_vec()) })
    }
}

impl fmt::Debug for SoftwareKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SoftwareKey").field("public", &self.public).finish_non_exhaustive()
    }
}
