//! The key that a grant's tokens are bound to.

use std::fmt;
use std::sync::Arc;

use mcp_oauth_core::{PrivateJwk, PublicJwk, SigningAlgorithm, Thumbprint};
use serde::{Deserialize, Serialize};

use super::software::SoftwareKey;
use super::{DpopError, DpopSigner};

/// A key to bind tokens to. Clones share it.
#[derive(Clone)]
pub(crate) struct BindingKey {
    signer: Arc<dyn DpopSigner>,
    thumbprint: Thumbprint,
    record: KeyRecord,
}

/// How a key is kept with its grant.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum KeyRecord {
    /// The key itself: the store keeps the refresh token, too, so it is the place for it.
    Software(PrivateJwk),
    /// The application's key, by its thumbprint.
    Signer(Thumbprint),
}

impl BindingKey {
    /// A new key in memory.
    pub(crate) fn generate() -> Result<Self, DpopError> {
        let key = SoftwareKey::generate().map_err(|error| DpopError::Generate(error.into()))?;
        let jwk = key.to_jwk().map_err(|error| DpopError::Generate(error.into()))?;
        Ok(Self::new(Arc::new(key), KeyRecord::Software(jwk)))
    }

    /// The application's key.
    pub(crate) fn of_signer(signer: &Arc<dyn DpopSigner>) -> Self {
        let thumbprint = signer.public_key().thumbprint();
        Self::new(Arc::clone(signer), KeyRecord::Signer(thumbprint))
    }

    /// The key of a stored grant. `None` when it cannot be used, or is another one than the application now has: then its
    /// grant is of no use either.
    pub(crate) fn restore(record: KeyRecord, signer: Option<&Arc<dyn DpopSigner>>) -> Option<Self> {
        match &record {
            KeyRecord::Software(jwk) => {
                let key = SoftwareKey::restore(jwk).ok()?;
                Some(Self::new(Arc::new(key), record))
            }
            KeyRecord::Signer(thumbprint) => {
                signer.map(Self::of_signer).filter(|key| key.thumbprint == *thumbprint)
            }
        }
    }

    fn new(signer: Arc<dyn DpopSigner>, record: KeyRecord) -> Self {
        let thumbprint = signer.public_key().thumbprint();
        Self { signer, thumbprint, record }
    }

    pub(crate) fn to_record(&self) -> KeyRecord {
        self.record.clone()
    }

    /// What tokens are bound to (`dpop_jkt`, `cnf.jkt`).
    pub(crate) fn thumbprint(&self) -> &Thumbprint {
        &self.thumbprint
    }

    pub(crate) fn algorithm(&self) -> SigningAlgorithm {
        self.signer.algorithm()
    }

    pub(crate) fn public(&self) -> &PublicJwk {
        self.signer.public_key()
    }

    pub(crate) async fn sign(&self, message: &[u8]) -> Result<Vec<u8>, DpopError> {
        self.signer.sign(message).await.map_err(DpopError::Sign)
    }
}

impl fmt::Debug for BindingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BindingKey({})", self.thumbprint)
    }
}
