//! Workload identity federation (MCP "Workload Identity Federation", SEP-1933).

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use mcp_oauth_core::{Assertion, Issuer};
use sha2::{Digest as _, Sha256};

use super::{AssertionSource, UnattendedError};

/// A program that its platform vouches for: the platform's JWT is the grant, and no client is registered.
///
/// An assertion that the authorization server refused is not shown to it again (C17.16): until the source gives another
/// one, requests fail with [`UnattendedError::AssertionRefused`].
///
/// ```
/// use mcp_oauth_client::{AssertionFile, AuthorizationManager, WorkloadIdentity};
///
/// let file = AssertionFile::new("/var/run/secrets/tokens/mcp");
/// let manager = AuthorizationManager::builder("https://mcp.example/mcp")
///     .workload_identity(WorkloadIdentity::new(file))
///     .build()?;
/// # Ok::<(), mcp_oauth_client::Error>(())
/// ```
#[derive(Clone)]
pub struct WorkloadIdentity {
    source: Arc<dyn AssertionSource>,
    refused: Arc<Mutex<Option<[u8; 32]>>>,
}

impl WorkloadIdentity {
    /// With the assertions of `source`, whose audience must be the authorization server: its issuer or its token
    /// endpoint, whichever it wants.
    pub fn new(source: impl AssertionSource) -> Self {
        Self { source: Arc::new(source), refused: Arc::default() }
    }

    /// An assertion that was not refused before.
    pub(crate) async fn assertion(&self, issuer: &Issuer) -> Result<Assertion, UnattendedError> {
        let assertion = self.source.assertion().await.map_err(UnattendedError::Assertion)?;
        let refused = *self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        if refused == Some(digest(&assertion, issuer)) {
            return Err(UnattendedError::AssertionRefused { issuer: issuer.clone() });
        }
        Ok(assertion)
    }

    /// Remembers that the server refused it.
    pub(crate) fn refuse(&self, assertion: &Assertion, issuer: &Issuer) {
        let digest = digest(assertion, issuer);
        *self.refused.lock().unwrap_or_else(PoisonError::into_inner) = Some(digest);
    }
}

impl fmt::Debug for WorkloadIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WorkloadIdentity").finish_non_exhaustive()
    }
}

/// Another server may well take what this one refused.
fn digest(assertion: &Assertion, issuer: &Issuer) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(issuer.as_str());
    hash.update([0]);
    hash.update(assertion.expose());
    hash.finalize().into()
}
