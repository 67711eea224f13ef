//! What a manager is made of.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use arc_swap::ArcSwapOption;
use mcp_oauth_core::{Clock, EndpointUrl, Entropy, ScopeSet};
use tokio::time::Instant;

use super::attended::UnderWay;
use super::flight::Flight;
use super::tenure::Logouts;
use super::unsaved::Slot;
use crate::attendance::Memory;
use crate::discovery::Preference;
use crate::dpop::Prover;
use crate::http::Fetcher;
use crate::registration::Registration;
use crate::session::PendingStore;
use crate::store::Records;
use crate::token::TokenEndpoint;
use crate::{Error, Grant, HttpClient, Policy, StoreError};

/// Everything about the authorization for one MCP server, on behalf of one subject.
///
/// Clones are handles to the same thing. All methods take `&self`. With a valid token at hand,
/// [`access_token`](Self::access_token) costs one atomic load: no lock, no store.
///
/// - [`access_token`](Self::access_token) gives a token that is valid now, renewed if it must be.
/// - [`recover`](Self::recover) answers a 401: another process's newer token, or a refresh.
/// - [`authorize`](Self::authorize) brings a person through the login; [`begin`](Self::begin) lets an application do
///   that itself.
/// - [`settle`](Self::settle) waits, before the program ends, for what must not be interrupted.
/// - [`logout`](Self::logout) forgets the grant and revokes its tokens, [`forget`](Self::forget) ends the registration too.
///
/// [`AuthorizationLayer`](crate::AuthorizationLayer) does the first two for any HTTP client.
#[derive(Clone)]
pub struct AuthorizationManager {
    pub(super) inner: Arc<Inner>,
}

pub(super) struct Inner {
    pub(super) server: EndpointUrl,
    pub(super) registration: Registration,
    /// The caller's own choice of scopes.
    pub(super) scopes: Option<ScopeSet>,
    /// Which authorization server to use where there are several or none.
    pub(super) preference: Preference,
    pub(super) policy: Policy,
    pub(super) fetcher: Fetcher,
    pub(super) tokens: TokenEndpoint,
    pub(super) prover: Arc<Prover>,
    pub(super) records: Records,
    pub(super) pending: Arc<dyn PendingStore>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) entropy: Arc<dyn Entropy>,
    /// What requests use.
    pub(super) current: ArcSwapOption<Grant>,
    /// What renewals that are under way are told by.
    pub(super) logouts: Logouts,
    /// Whether the store was asked at all.
    pub(super) loaded: AtomicBool,
    pub(super) flight: Mutex<Option<Flight>>,
    /// Shared by what must not be left half done, so that the end of the program can wait for all of it.
    pub(super) unfinished: Arc<tokio::sync::RwLock<()>>,
    /// A grant that the store did not take.
    pub(super) unsaved: Slot,
    /// After a refresh before its time failed: when to try again.
    pub(super) pause_until: Mutex<Option<Instant>>,
    /// One login at a time.
    pub(super) login: tokio::sync::Mutex<()>,
    /// The login that a request began.
    pub(super) attended: Mutex<Option<UnderWay>>,
    /// What a person was asked lately.
    pub(super) memory: Mutex<Memory>,
}

impl AuthorizationManager {
    pub(crate) fn now(&self) -> SystemTime {
        self.inner.clock.now()
    }

    /// What makes proofs for requests.
    pub(crate) fn prover(&self) -> &Prover {
        &self.inner.prover
    }

    /// A manager for the MCP server at `url` with a store in memory and everything else by default, see
    /// [`builder`](Self::builder).
    ///
    /// # Errors
    /// When the address is not https (or http on loopback).
    #[expect(clippy::unused_async, reason = "the documented face; other stores may be asked here")]
    pub async fn new(url: &str) -> Result<Self, Error> {
        Ok(Self::builder(url).build()?)
    }

    /// The MCP server's address.
    pub fn server(&self) -> &EndpointUrl {
        &self.inner.server
    }

    /// What is allowed.
    pub fn policy(&self) -> &Policy {
        &self.inner.policy
    }

    /// How metadata, registration and token requests are sent.
    pub(crate) fn http(&self) -> Arc<dyn HttpClient> {
        self.inner.fetcher.client()
    }

    /// The grant in use, be its token valid or not. `None` before the first use of the store and without a login.
    pub fn grant(&self) -> Option<Arc<Grant>> {
        self.inner.current.load_full()
    }

    /// Reads the stored grant, if that has not happened yet. For showing at the start who is logged in; the other
    /// methods do it by themselves.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn load(&self) -> Result<Option<Arc<Grant>>, Error> {
        self.inner.load_once().await?;
        Ok(self.grant())
    }
}

impl Inner {
    pub(super) async fn load_once(&self) -> Result<(), StoreError> {
        if self.loaded.load(Ordering::Acquire) {
            return Ok(());
        }
        let since = self.tenure();
        let stored = match self.records.look(&self.registration).await {
            Ok(seen) => seen.grant.value,
            // What needs no person is not worth a failure: another token can be had at any time.
            Err(error) if self.registration.unattended.is_some() => {
                tracing::warn!(server = %self.server, %error, "stored tokens cannot be read");
                None
            }
            Err(error) => return Err(error),
        };
        if let Some(grant) = stored {
            tracing::debug!(server = %self.server, issuer = %grant.issuer(), "a stored grant is used");
            // A login or another reader may have been faster; what is there is newer.
            self.use_instead(since, None, &Arc::new(grant));
        }
        self.loaded.store(true, Ordering::Release);
        Ok(())
    }
}

impl fmt::Debug for AuthorizationManager {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthorizationManager")
            .field("server", &self.inner.server)
            .field("grant", &self.inner.current.load())
            .finish_non_exhaustive()
    }
}
