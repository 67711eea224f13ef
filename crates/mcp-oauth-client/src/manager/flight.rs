//! Renewing a grant: once, whoever asks for it and however many do.
//!
//! Refresh tokens rotate. Whoever presents one that was used already loses the whole grant at servers that look for
//! theft, so the order of steps matters:
//!
//! 1. Join the flight that is under way, or start one. It runs as a task of its own: a caller that goes away cannot
//!    interrupt it between the server's answer and the store.
//! 2. Take the lease on the grant: of several processes, one renews.
//! 3. Read the store again. Another token than the one at hand, and not the rejected one: someone renewed it; adopt it.
//! 4. After a rejection: see whether the MCP server still uses the authorization server. Then ask that one.
//! 5. Store the answer, then use it. If the store does not take it, see [`unsaved`](super::unsaved).
//! 6. `invalid_grant`: read the store once more (someone may have renewed it without a lease), else the grant has ended.

use std::sync::{Arc, PoisonError};

use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, Shared};
use mcp_oauth_core::{AccessToken, Challenges, Issuer, OAuthErrorCode};

use tokio::sync::oneshot;

use super::Inner;
use super::unsaved::{SlotGuard, Unsaved, save_later};
use crate::registration::ClientOrigin;
use crate::token::refresh;
use crate::{Grant, Lease, StoreError, StoreKey, TokenError, UnattendedError, Version};

/// One renewal under way.
pub(super) type Flight = Shared<BoxFuture<'static, Result<Arc<Grant>, RefreshError>>>;

/// Why there is no valid token. Shared by everybody who waited for the same renewal.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum RefreshError {
    /// There is no grant: nobody has logged in yet.
    #[error("nobody is logged in")]
    NoGrant,
    /// The token no longer works and cannot be renewed without a person.
    #[error("the login has expired")]
    Expired,
    /// The authorization server ended the grant.
    #[error("the authorization server ended the login")]
    Ended(#[source] Arc<TokenError>),
    /// The MCP server names another authorization server now, so that the grant is of no use to it.
    #[error("the MCP server no longer uses the authorization server {issuer}")]
    Moved {
        /// Who granted.
        issuer: Issuer,
    },
    /// The token could not be renewed; the grant stays. Unless the same may succeed later, only a login helps.
    #[error("the token could not be renewed")]
    Token(#[source] Arc<TokenError>),
    /// The store failed; the grant stays.
    #[error("the token could not be renewed")]
    Store(#[source] Arc<StoreError>),
    /// A grant that needs no person was not given. Nobody has to log in; what helps is said by the source.
    #[error("no token could be obtained")]
    Unattended(#[source] Arc<UnattendedError>),
    /// The runtime stopped while the token was renewed.
    #[error("the program is ending")]
    Stopped,
}

impl RefreshError {
    /// True when the same attempt may succeed later.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Token(error) => error.is_retryable(),
            Self::Unattended(error) => error.is_retryable(),
            Self::Store(_) => true,
            Self::NoGrant | Self::Expired | Self::Ended(_) | Self::Moved { .. } | Self::Stopped => false,
        }
    }

    /// Whether the token at hand is of no use any more, be it expired or not.
    pub(super) fn ends_the_grant(&self) -> bool {
        match self {
            Self::NoGrant | Self::Expired | Self::Ended(_) | Self::Moved { .. } => true,
            Self::Token(_) | Self::Store(_) | Self::Unattended(_) | Self::Stopped => false,
        }
    }

    /// True when a person must log in.
    pub fn needs_authorization(&self) -> bool {
        match self {
            Self::NoGrant | Self::Expired | Self::Ended(_) | Self::Moved { .. } => true,
            Self::Token(error) => !error.is_retryable(),
            Self::Store(_) | Self::Unattended(_) | Self::Stopped => false,
        }
    }
}

impl From<StoreError> for RefreshError {
    fn from(error: StoreError) -> Self {
        Self::Store(Arc::new(error))
    }
}

impl From<UnattendedError> for RefreshError {
    fn from(error: UnattendedError) -> Self {
        Self::Unattended(Arc::new(error))
    }
}

/// What another token is needed for.
#[derive(Debug, Clone, Default)]
pub(super) struct Occasion {
    /// The token that the MCP server refused. `None` before an expiry, and for the first token.
    pub(super) rejected: Option<AccessToken>,
    /// What it said.
    pub(super) challenges: Challenges,
}

/// Step 1.
pub(super) async fn join(inner: &Arc<Inner>, occasion: &Occasion) -> Result<Arc<Grant>, RefreshError> {
    let (flight, tell) = {
        let mut slot = inner.flight.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(flight) = &*slot {
            (flight.clone(), None)
        } else {
            let (tell, told) = oneshot::channel();
            let flight = async move { told.await.unwrap_or(Err(RefreshError::Stopped)) }.boxed().shared();
            (slot.insert(flight).clone(), Some(tell))
        }
    };
    // With the slot unlocked: a runtime that is closing drops the task at once, and that frees the slot.
    if let Some(tell) = tell {
        start(Arc::clone(inner), occasion.clone(), tell);
    }
    flight.await
}

fn start(inner: Arc<Inner>, occasion: Occasion, tell: oneshot::Sender<Result<Arc<Grant>, RefreshError>>) {
    let landing = Landing(Arc::clone(&inner));
    tokio::spawn(async move {
        let outcome = match &inner.registration.unattended {
            Some(unattended) => inner.renew_unattended(unattended, &occasion).await,
            None => renew(&inner, &occasion).await,
        };
        drop(landing);
        // Whoever waited may have gone away.
        let _ = tell.send(outcome);
    });
}

/// Frees the slot when the flight ends, also by a panic or before it began: the next caller starts another one.
struct Landing(Arc<Inner>);

impl Drop for Landing {
    fn drop(&mut self) {
        *self.0.flight.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

/// Steps 2 to 6.
async fn renew(inner: &Arc<Inner>, occasion: &Occasion) -> Result<Arc<Grant>, RefreshError> {
    inner.load_once().await?;
    let held = inner.current.load_full();
    let key = match (inner.records.grant_key().await?, &held) {
        (Some(key), _) => key,
        (None, Some(held)) => inner.records.key_for(held),
        (None, None) => return Err(RefreshError::NoGrant),
    };
    let mut unsaved = inner.unsaved.lock().await;
    // If it cannot be stored yet, it is used all the same.
    let _ = inner.save(&mut unsaved).await;
    unsaved.take_if(|unsaved| unsaved.key != key);
    let lease = match &*unsaved {
        Some(unsaved) => Arc::clone(&unsaved.lease),
        None => Arc::new(inner.records.lease(&key).await?),
    };
    let mut stored = inner.records.load_grant(&key, &inner.registration).await?;
    // A newer login or a logout came in between.
    unsaved.take_if(|unsaved| unsaved.instead_of != stored.version);
    if let Some(unsaved) = &*unsaved {
        stored.value = Some(unsaved.grant.clone());
    }
    let mut renewal = Renewal { inner, held, key, version: stored.version, lease, unsaved };
    let Some(grant) = stored.value else { return renewal.nothing_stored() };
    let used = occasion.rejected.as_ref().or(renewal.held.as_ref().map(|held| &held.access_token));
    if is_usable(inner, &grant, used) {
        tracing::debug!(server = %inner.server, "a token that was renewed elsewhere is taken over");
        return Ok(renewal.adopt(grant));
    }
    if occasion.rejected.is_some() && inner.has_moved(&grant, &occasion.challenges).await {
        return renewal.moved(&grant).await;
    }
    let Some(refresh_token) = grant.refresh_token.clone() else {
        renewal.adopt(grant);
        return Err(RefreshError::Expired);
    };
    if grant.client.is_expired(inner.clock.now()) {
        // The server would refuse the client; a login registers it anew.
        return Err(RefreshError::Expired);
    }
    tracing::debug!(server = %inner.server, issuer = %grant.issuer(), "renewing the token");
    match refresh(&inner.tokens, &grant, &refresh_token).await {
        Ok(answer) => renewal.keep(grant.refreshed(answer, inner.clock.now())).await,
        Err(error) => renewal.fail(&grant, error).await,
    }
}

/// Another token than the one that is known to be of no use, and not about to expire.
pub(super) fn is_usable(inner: &Inner, grant: &Grant, used: Option<&AccessToken>) -> bool {
    let other = used.is_none_or(|used| grant.access_token != *used);
    other && !grant.is_due(inner.clock.now(), inner.policy.refresh_before_expiry)
}

/// A renewal that holds the lease.
struct Renewal<'a> {
    inner: &'a Arc<Inner>,
    /// What was in use when it began.
    held: Option<Arc<Grant>>,
    key: StoreKey,
    /// What was stored when it began.
    version: Option<Version>,
    lease: Arc<Lease>,
    /// What an earlier one could not store.
    unsaved: SlotGuard<'a>,
}

impl Renewal<'_> {
    /// Uses the grant, unless a login or a logout came in between: that is newer.
    fn adopt(&self, grant: Grant) -> Arc<Grant> {
        let grant = Arc::new(grant);
        let previous = self.inner.current.compare_and_swap(&self.held, Some(Arc::clone(&grant)));
        match (&*previous, &self.held) {
            (Some(newer), Some(held)) if !Arc::ptr_eq(newer, held) => Arc::clone(newer),
            (Some(newer), None) => Arc::clone(newer),
            _ => grant,
        }
    }

    /// The grant at hand was removed by someone else: they logged out.
    fn nothing_stored(&self) -> Result<Arc<Grant>, RefreshError> {
        self.inner.current.compare_and_swap(&self.held, None);
        Err(if self.held.is_some() { RefreshError::Expired } else { RefreshError::NoGrant })
    }

    /// Step 5.
    async fn keep(&mut self, renewed: Grant) -> Result<Arc<Grant>, RefreshError> {
        match self.inner.records.replace_grant(&self.key, Some(&renewed), self.version).await {
            Ok(()) => {
                *self.unsaved = None;
                Ok(self.adopt(renewed))
            }
            Err(StoreError::Conflict) => {
                *self.unsaved = None;
                // A login or a logout, without the lease. It is newer than this renewal.
                let now = self.inner.records.load_grant(&self.key, &self.inner.registration).await?;
                if let Some(newer) = now.value {
                    return Ok(self.adopt(newer));
                }
                // What the logout revoked was spent already; this is what would live on.
                self.inner.revoke(&renewed).await;
                self.nothing_stored()
            }
            Err(error) => {
                // The old refresh token is spent, so the new one is kept in memory: better lost at the end of the
                // program than now.
                tracing::error!(server = %self.inner.server, %error, "the renewed token could not be stored");
                let unsaved = Unsaved {
                    key: self.key.clone(),
                    grant: renewed.clone(),
                    instead_of: self.version,
                    lease: Arc::clone(&self.lease),
                };
                if self.unsaved.replace(unsaved).is_none() {
                    save_later(self.inner);
                }
                Ok(self.adopt(renewed))
            }
        }
    }

    /// Step 6, and everything else that may go wrong.
    async fn fail(&mut self, grant: &Grant, error: TokenError) -> Result<Arc<Grant>, RefreshError> {
        let inner = self.inner;
        // A client that the server forgot can only register again, which takes a new login. A client that was
        // registered by hand can only be mended by hand: its grant stays until then.
        let forgotten = error.is_unknown_client() && grant.client.origin() == ClientOrigin::Dynamic;
        if error.code() != Some(&OAuthErrorCode::InvalidGrant) && !forgotten {
            return Err(RefreshError::Token(Arc::new(error)));
        }
        let again = inner.records.load_grant(&self.key, &inner.registration).await?;
        let changed = again.version != self.version;
        if let Some(newer) =
            again.value.filter(|newer| changed && is_usable(inner, newer, Some(&grant.access_token)))
        {
            return Ok(self.adopt(newer));
        }
        tracing::info!(server = %inner.server, issuer = %grant.issuer(), %error, "the grant has ended");
        if forgotten {
            inner.records.remove_client(&grant.client, &inner.registration).await?;
        }
        self.drop_grant().await?;
        Err(RefreshError::Ended(Arc::new(error)))
    }

    /// The MCP server trusts another authorization server now. Neither it nor that server may see anything of the grant
    /// (C7.2, C7.5); a login registers there.
    async fn moved(&mut self, grant: &Grant) -> Result<Arc<Grant>, RefreshError> {
        let issuer = grant.issuer().clone();
        tracing::info!(server = %self.inner.server, %issuer, "the authorization server was changed");
        self.drop_grant().await?;
        Err(RefreshError::Moved { issuer })
    }

    async fn drop_grant(&mut self) -> Result<(), RefreshError> {
        match self.inner.records.replace_grant(&self.key, None, self.version).await {
            Ok(()) | Err(StoreError::Conflict) => {}
            Err(error) => return Err(error.into()),
        }
        *self.unsaved = None;
        self.inner.current.compare_and_swap(&self.held, None);
        Ok(())
    }
}
