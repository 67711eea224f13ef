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
use super::tenure::Tenure;
use super::unsaved::{Place, SlotGuard, Unsaved, save_later};
use crate::registration::ClientOrigin;
use crate::token::refresh;
use crate::{Grant, StoreError, StoreKey, TokenError, UnattendedError};

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
            Self::Store(error) => error.is_retryable(),
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

/// Steps 2 to 6; 2 and 3 are in [`find`].
async fn renew(inner: &Arc<Inner>, occasion: &Occasion) -> Result<Arc<Grant>, RefreshError> {
    let since = inner.tenure();
    inner.load_once().await?;
    let held = inner.current.load_full();
    let mut unsaved = inner.unsaved.lock().await;
    // If it cannot be stored yet, it is used all the same.
    let _ = inner.save(&mut unsaved).await;
    let Found { key, grant, place } = find(inner, since, held.as_ref(), &mut unsaved).await?;
    let mut renewal = Renewal { inner, since, held, key, place, unsaved };
    let Some(grant) = grant else { return renewal.nothing_stored() };
    let used = occasion.rejected.as_ref().or(renewal.held.as_ref().map(|held| &held.access_token));
    if is_usable(inner, &grant, used) {
        tracing::debug!(server = %inner.server, "a token that was renewed elsewhere is taken over");
        return renewal.adopt(grant);
    }
    if occasion.rejected.is_some() && inner.has_moved(&grant, &occasion.challenges).await {
        return renewal.moved(&grant).await;
    }
    let Some(refresh_token) = grant.refresh_token.clone() else {
        renewal.adopt(grant)?;
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

/// What there is to renew, and where the answer belongs.
struct Found {
    key: StoreKey,
    grant: Option<Grant>,
    place: Place,
}

/// Steps 2 and 3.
async fn find(
    inner: &Inner,
    since: Tenure,
    held: Option<&Arc<Grant>>,
    unsaved: &mut SlotGuard<'_>,
) -> Result<Found, RefreshError> {
    match &**unsaved {
        // The newest login, whatever is stored.
        Some(Unsaved { key, grant, place: place @ Place::Any { since: of_login } }) if *of_login == since => {
            return Ok(Found { key: key.clone(), grant: Some(grant.clone()), place: place.clone() });
        }
        Some(Unsaved { place: Place::Any { .. }, .. }) => inner.discard(unsaved).await?,
        _ => {}
    }
    let key = match (inner.records.grant_key().await?, held) {
        (Some(key), _) => key,
        (None, Some(held)) => inner.records.key_for(held),
        (None, None) => return Err(RefreshError::NoGrant),
    };
    let lease = match &**unsaved {
        Some(Unsaved { key: other, place: Place::Of { lease, .. }, .. }) if *other == key => {
            Arc::clone(lease)
        }
        _ => Arc::new(inner.records.lease(&key).await?),
    };
    let stored = inner.records.load_grant(&key, &inner.registration).await?;
    let grant = match &**unsaved {
        Some(unsaved) if unsaved.key == key && unsaved.replaces(stored.version) => {
            Some(unsaved.grant.clone())
        }
        // A newer login or a logout came in between.
        _ => {
            inner.discard(unsaved).await?;
            stored.value
        }
    };
    Ok(Found { key, grant, place: Place::Of { renewed: stored.version, lease } })
}

/// Another token than the one that is known to be of no use, and not about to expire.
pub(super) fn is_usable(inner: &Inner, grant: &Grant, used: Option<&AccessToken>) -> bool {
    let other = used.is_none_or(|used| grant.access_token != *used);
    other && !grant.is_due(inner.clock.now(), inner.policy.refresh_before_expiry)
}

/// A renewal that holds the lease.
struct Renewal<'a> {
    inner: &'a Arc<Inner>,
    /// When it began.
    since: Tenure,
    /// What was in use then.
    held: Option<Arc<Grant>>,
    key: StoreKey,
    /// What was stored then, with the lease on it.
    place: Place,
    /// What an earlier one, or a login, could not store.
    unsaved: SlotGuard<'a>,
}

impl Renewal<'_> {
    /// Uses the grant, unless a login or a logout came in between: that is newer.
    fn adopt(&self, grant: Grant) -> Result<Arc<Grant>, RefreshError> {
        let adopted = self.inner.use_instead(self.since, self.held.as_ref(), &Arc::new(grant));
        adopted.ok_or(RefreshError::NoGrant)
    }

    /// The grant at hand was removed by someone else: they logged out.
    fn nothing_stored(&self) -> Result<Arc<Grant>, RefreshError> {
        self.inner.current.compare_and_swap(&self.held, None);
        Err(if self.held.is_some() { RefreshError::Expired } else { RefreshError::NoGrant })
    }

    /// Step 5.
    async fn keep(&mut self, renewed: Grant) -> Result<Arc<Grant>, RefreshError> {
        match self.inner.put_in_place(&self.key, &renewed, &self.place).await {
            Ok(()) => {
                *self.unsaved = None;
                self.adopt(renewed)
            }
            Err(StoreError::Conflict) => {
                *self.unsaved = None;
                // A login or a logout, without the lease. It is newer than this renewal.
                let now = self.inner.records.load_grant(&self.key, &self.inner.registration).await?;
                if let Some(newer) = now.value {
                    return self.adopt(newer);
                }
                // What the logout revoked was spent already; this is what would live on.
                self.inner.revoke(&renewed).await;
                self.nothing_stored()
            }
            Err(error) => {
                // The old refresh token is spent, so the new one is kept in memory: better lost at the end of the
                // program than now.
                tracing::error!(server = %self.inner.server, %error, "the renewed token could not be stored");
                let adopted = self.adopt(renewed.clone());
                if adopted.is_err() {
                    *self.unsaved = None;
                    self.inner.revoke(&renewed).await;
                    return adopted;
                }
                let unsaved = Unsaved { key: self.key.clone(), grant: renewed, place: self.place.clone() };
                if self.unsaved.replace(unsaved).is_none() {
                    save_later(self.inner);
                }
                adopted
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
        let changed = !matches!(&self.place, Place::Of { renewed, .. } if *renewed == again.version);
        if let Some(newer) =
            again.value.filter(|newer| changed && is_usable(inner, newer, Some(&grant.access_token)))
        {
            return self.adopt(newer);
        }
        tracing::info!(server = %inner.server, issuer = %grant.issuer(), %error, "the grant has ended");
        if forgotten && let Err(error) = inner.records.remove_client(&grant.client, &inner.registration).await
        {
            tracing::warn!(server = %inner.server, %error, "the registration stays in the store");
        }
        self.drop_grant().await;
        Err(RefreshError::Ended(Arc::new(error)))
    }

    /// The MCP server trusts another authorization server now. Neither it nor that server may see anything of the grant
    /// (C7.2, C7.5); a login registers there.
    async fn moved(&mut self, grant: &Grant) -> Result<Arc<Grant>, RefreshError> {
        let issuer = grant.issuer().clone();
        tracing::info!(server = %self.inner.server, %issuer, "the authorization server was changed");
        self.drop_grant().await;
        Err(RefreshError::Moved { issuer })
    }

    /// A store that does not let go of it must not keep anybody from a new login.
    async fn drop_grant(&mut self) {
        *self.unsaved = None;
        self.inner.current.compare_and_swap(&self.held, None);
        // A login that was never stored has no place there.
        if let Place::Of { renewed, .. } = &self.place {
            match self.inner.records.replace_grant(&self.key, None, *renewed).await {
                Ok(()) | Err(StoreError::Conflict) => {}
                Err(error) => {
                    tracing::warn!(server = %self.inner.server, %error, "the grant that has ended stays in the store");
                }
            }
        }
    }
}
