//! Tokens for requests.

use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};

use mcp_oauth_core::{AccessToken, Challenges, OAuthErrorCode};
use tokio::time::Instant;

use super::flight::{self, Occasion, RefreshError};
use super::{AuthorizationManager, Inner};
use crate::error::{AuthorizationReason, AuthorizationRequired};
use crate::{Error, Grant};

/// What there is for a request without waiting.
pub(crate) enum Ready {
    /// A grant whose token is valid.
    Grant(Arc<Grant>),
    /// Nobody is logged in.
    NoGrant,
    /// The store was not asked yet, or the token is due for renewal.
    NotYet,
}

impl AuthorizationManager {
    /// A token that is valid now: the one at hand, or a renewed one shortly before or after its expiry. One that is bound to
    /// a key ([`Grant::dpop_key`]) is of no use by itself: let [`present`](Self::present) put it into requests.
    ///
    /// # Errors
    /// [`needs_authorization`](Error::needs_authorization) when there is no grant that could be used without a person;
    /// otherwise the refresh or the store failed.
    pub async fn access_token(&self) -> Result<AccessToken, Error> {
        Ok(self.fresh_grant().await?.access_token.clone())
    }

    /// After a 401: a token that is not `rejected`. One that was renewed in the meantime, here or by another process,
    /// is taken over; else the grant is refreshed, once for however many callers.
    ///
    /// # Errors
    /// As [`access_token`](Self::access_token).
    pub async fn recover(&self, rejected: Option<&AccessToken>) -> Result<AccessToken, Error> {
        Ok(self.recovered_grant(rejected, &Challenges::default()).await?.access_token.clone())
    }

    /// What must be asked of a person after a 401 or a 403 with these challenges: the scopes are the union of those asked
    /// for before and those of the challenge.
    pub fn required(&self, challenges: Challenges) -> AuthorizationRequired {
        let reason = if challenges.error() == Some(OAuthErrorCode::InsufficientScope) {
            AuthorizationReason::InsufficientScope
        } else {
            AuthorizationReason::Unauthorized
        };
        self.required_after(reason, challenges, None)
    }

    /// The same, when the grant that was refused may be gone already.
    pub(crate) fn required_after(
        &self,
        reason: AuthorizationReason,
        challenges: Challenges,
        refused: Option<&Grant>,
    ) -> AuthorizationRequired {
        let current = self.grant();
        let before = current.as_deref().or(refused);
        let before = before.map(|grant| grant.requested.union(&grant.granted)).unwrap_or_default();
        let needed = challenges.scope().unwrap_or_default();
        AuthorizationRequired { reason, scopes: before.union(&needed), challenges, obstacle: None }
    }

    /// What almost every request takes: one atomic load.
    pub(crate) fn ready(&self) -> Ready {
        let inner = &*self.inner;
        match inner.current.load_full() {
            Some(grant) if grant.is_due(inner.clock.now(), inner.policy.refresh_before_expiry) => {
                Ready::NotYet
            }
            Some(grant) => Ready::Grant(grant),
            None if inner.loaded.load(Ordering::Acquire) => Ready::NoGrant,
            None => Ready::NotYet,
        }
    }

    /// The grant for a request. `None` when a person is needed.
    pub(crate) async fn credential(&self) -> Result<Option<Arc<Grant>>, RefreshError> {
        self.inner.load_once().await?;
        if self.inner.current.load().is_none() {
            // The server's challenge may say where its metadata is and what scopes it wants: nothing is asked before it.
            return Ok(None);
        }
        match self.fresh_grant().await {
            Ok(grant) => Ok(Some(grant)),
            Err(error) if error.needs_authorization() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// `challenges` are those that the token was rejected with.
    pub(crate) async fn recovered_grant(
        &self,
        rejected: Option<&AccessToken>,
        challenges: &Challenges,
    ) -> Result<Arc<Grant>, RefreshError> {
        // Renewed, or logged in, while the rejected request was under way: nothing to do.
        if let Some(current) = self.inner.current.load_full() {
            let other = rejected.is_none_or(|rejected| *rejected != current.access_token);
            if other && !current.is_expired(self.inner.clock.now()) {
                return Ok(current);
            }
        }
        self.another(rejected, challenges).await
    }

    /// True when tokens need no person.
    pub fn is_unattended(&self) -> bool {
        self.inner.registration.unattended.is_some()
    }

    pub(super) async fn another(
        &self,
        rejected: Option<&AccessToken>,
        challenges: &Challenges,
    ) -> Result<Arc<Grant>, RefreshError> {
        let occasion = Occasion { rejected: rejected.cloned(), challenges: challenges.clone() };
        let grant = flight::join(&self.inner, &occasion).await?;
        if rejected.is_some_and(|rejected| *rejected == grant.access_token) {
            // The flight had begun for another reason, before this token was rejected.
            return flight::join(&self.inner, &occasion).await;
        }
        Ok(grant)
    }

    pub(super) async fn fresh_grant(&self) -> Result<Arc<Grant>, RefreshError> {
        self.inner.load_once().await?;
        let Some(grant) = self.inner.current.load_full() else {
            return if self.is_unattended() {
                flight::join(&self.inner, &Occasion::default()).await
            } else {
                Err(RefreshError::NoGrant)
            };
        };
        let now = self.inner.clock.now();
        if !grant.is_due(now, self.inner.policy.refresh_before_expiry) {
            return Ok(grant);
        }
        let expired = grant.is_expired(now);
        if !expired && (!grant.is_refreshable() || self.inner.is_paused()) {
            return Ok(grant);
        }
        match flight::join(&self.inner, &Occasion::default()).await {
            // Valid for some time yet: what fails before its time must not stop anybody, be it a server that is down or a
            // portal that answers in its place.
            Err(error) if !expired && !error.ends_the_grant() => {
                tracing::warn!(server = %self.inner.server, %error, "the token could not be renewed before its expiry");
                self.inner.pause();
                Ok(grant)
            }
            other => other,
        }
    }
}

impl Inner {
    fn is_paused(&self) -> bool {
        let until = *self.pause_until.lock().unwrap_or_else(PoisonError::into_inner);
        until.is_some_and(|until| Instant::now() < until)
    }

    fn pause(&self) {
        let until = Instant::now().checked_add(self.policy.refresh_retry_pause);
        *self.pause_until.lock().unwrap_or_else(PoisonError::into_inner) = until;
    }
}
