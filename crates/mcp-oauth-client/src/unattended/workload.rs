//! Workload identity federation (MCP "Workload Identity Federation", SEP-1933).

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use mcp_oauth_core::{Assertion, Issuer};
use sha2::{Digest as _, Sha256};

use super::{AssertionSource, UnattendedError};
use crate::assertion::audiences;
use crate::registration::Home;
use crate::{AssertionAudience, Policy};

/// A program that its platform vouches for: the platform's JWT is the grant, and no client is registered.
///
/// Which authorization server that is, the MCP server says. Whoever gets an assertion can show it to every server that
/// takes it, so none is shown to a server that it is not for: its `aud` must be the server's issuer or token endpoint, else
/// requests fail with [`UnattendedError::AssertionAudience`] and nothing is sent. One that has no `aud`, or is no JSON Web
/// Token, is only good together with [`at_issuer`](Self::at_issuer).
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
    home: Option<Home>,
    /// Another `aud` than those that name the home.
    audience: Option<Arc<str>>,
    refused: Arc<Mutex<Option<[u8; 32]>>>,
}

impl WorkloadIdentity {
    /// With the assertions of `source`, whose audience must be the authorization server: its issuer or its token
    /// endpoint, whichever it wants.
    pub fn new(source: impl AssertionSource) -> Self {
        Self { source: Arc::new(source), home: None, audience: None, refused: Arc::default() }
    }

    /// For this authorization server only: where the MCP server uses another one, requests fail with
    /// [`UnattendedError::AssertionIssuer`], and the source is not asked. Assertions then need no `aud`, and no form that
    /// could be read here; those that have one must still be for this server. The builder's
    /// [`authorization_server`](crate::AuthorizationManagerBuilder::authorization_server) does the same.
    #[must_use]
    pub fn at_issuer(mut self, issuer: Issuer) -> Self {
        self.home = Some(Home::new(issuer));
        self
    }

    /// With another `aud` than the issuer or the token endpoint, for servers that want one of their own
    /// (`api://AzureADTokenExchange`). It counts only together with [`at_issuer`](Self::at_issuer): it does not say who may
    /// see the assertion.
    #[must_use]
    pub fn with_audience(mut self, audience: impl Into<String>) -> Self {
        self.audience = Some(audience.into().into());
        self
    }

    /// As a manager uses it: where it does not say itself where it belongs, it belongs to `configured`.
    pub(crate) fn settled(mut self, configured: Option<&Issuer>, policy: &Policy) -> Self {
        let home = self.home.or_else(|| configured.cloned().map(Home::new));
        self.home = home.map(|home| home.under(policy));
        self
    }

    pub(crate) fn home(&self) -> Option<&Home> {
        self.home.as_ref()
    }

    /// An assertion that may be shown to this server, and was not refused by it before.
    pub(crate) async fn assertion(&self, audience: &AssertionAudience) -> Result<Assertion, UnattendedError> {
        let issuer = &audience.issuer;
        if let Some(home) = self.home.as_ref().filter(|home| !home.is(issuer)) {
            let (configured, found) = (home.issuer().clone(), issuer.clone());
            return Err(UnattendedError::AssertionIssuer { configured, found });
        }
        let assertion = self.source.assertion(audience).await.map_err(UnattendedError::Assertion)?;
        self.check(&assertion, audience)?;
        let refused = *self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        if refused == Some(digest(&assertion, issuer)) {
            return Err(UnattendedError::AssertionRefused { issuer: issuer.clone() });
        }
        Ok(assertion)
    }

    fn check(&self, assertion: &Assertion, audience: &AssertionAudience) -> Result<(), UnattendedError> {
        let Some(found) = audiences(assertion) else {
            return match self.home {
                Some(_) => Ok(()),
                None => Err(UnattendedError::AssertionForAnybody { issuer: audience.issuer.clone() }),
            };
        };
        let own = self.audience.as_deref().filter(|_| self.home.is_some());
        if found.iter().any(|aud| audience.is(aud) || Some(aud.as_str()) == own) {
            return Ok(());
        }
        Err(UnattendedError::AssertionAudience { wanted: audience.clone(), found })
    }

    /// Remembers that the server refused it.
    pub(crate) fn refuse(&self, assertion: &Assertion, issuer: &Issuer) {
        let digest = digest(assertion, issuer);
        *self.refused.lock().unwrap_or_else(PoisonError::into_inner) = Some(digest);
    }
}

impl fmt::Debug for WorkloadIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WorkloadIdentity")
            .field("home", &self.home)
            .field("audience", &self.audience)
            .finish_non_exhaustive()
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
