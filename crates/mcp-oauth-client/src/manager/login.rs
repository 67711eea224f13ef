//! Logins: from a challenge to a grant.

use std::sync::Arc;

use mcp_oauth_core::{Challenges, RedirectUri, ScopeSet, State};

use super::client::is_unknown_client;
use super::opening::{Beginning, Wanted};
use super::unsaved::{Place, Unsaved, save_later};
use super::{AuthorizationManager, Inner};
use crate::attendance::Need;
use crate::interaction::{Interaction, InteractionError, Prompt, Rendezvous};
use crate::session::{Callback, Pending};
use crate::token::exchange;
use crate::{AuthorizationSession, CallbackError, Error, Grant, RefreshError};

impl AuthorizationManager {
    /// Brings a person through the login: finds the authorization server, registers if need be, listens, shows the
    /// address, checks the answer, redeems the code and stores the grant.
    ///
    /// `challenges` are those of the 401 or 403 that led here; empty ones are fine. After `insufficient_scope`, the
    /// scopes asked for are the union of the challenge's and those asked for before.
    ///
    /// Where tokens need no person, one is asked for and nobody is disturbed.
    ///
    /// One login runs at a time; who waited for another one gets its grant, unless that lacks the scopes needed.
    /// Dropping the future ends the login.
    ///
    /// # Errors
    /// What went wrong, by step; see [`Error::is_retryable`].
    pub async fn authorize(
        &self,
        interaction: &dyn Interaction,
        challenges: &Challenges,
    ) -> Result<Arc<Grant>, Error> {
        let grant = self.authorize_once(interaction, Wanted::by(challenges), &mut false).await?;
        self.inner.memory().forget_refusals();
        Ok(grant)
    }

    /// For a request that was refused. `asked` tells whether a person was.
    pub(super) async fn authorize_for(
        &self,
        need: &Need,
        interaction: &dyn Interaction,
        asked: &mut bool,
    ) -> Result<Arc<Grant>, Error> {
        let wanted =
            Wanted { challenges: &need.required.challenges, before: need.refused.clone(), scopes: None };
        self.authorize_once(interaction, wanted, asked).await
    }

    async fn authorize_once(
        &self,
        interaction: &dyn Interaction,
        wanted: Wanted<'_>,
        asked: &mut bool,
    ) -> Result<Arc<Grant>, Error> {
        let before = self.grant().map(|grant| grant.access_token.clone());
        if self.is_unattended() {
            return Ok(self.another(before.as_ref(), wanted.challenges).await?);
        }
        let _one = self.inner.login.lock().await;
        if let Some(grant) = self.grant().filter(|grant| Some(&grant.access_token) != before.as_ref()) {
            let needed = wanted.challenges.scope().unwrap_or_default();
            if !grant.is_expired(self.inner.clock.now()) && grant.granted.covers(&needed) {
                return Ok(grant);
            }
        }
        if let Some(display) = interaction.device() {
            return self.inner.login_by_device(display, &wanted, asked).await;
        }
        let registered = self.inner.records.last_redirect_uris().await?;
        let mut rendezvous = self.inner.before_long(interaction.prepare(&registered)).await?;
        let outcome = self.inner.login(&mut *rendezvous, &wanted, asked).await;
        self.inner.last_words(rendezvous.conclude(outcome.as_deref())).await;
        outcome
    }

    /// Begins a login that the application brings to a person itself: show the session's address, then give it the answer
    /// that arrives at `redirect_uri`.
    ///
    /// # Errors
    /// When no authorization server is found or none of its ways of registration works.
    pub async fn begin(
        &self,
        challenges: &Challenges,
        redirect_uri: RedirectUri,
    ) -> Result<AuthorizationSession, Error> {
        let wanted = Wanted::by(challenges);
        let beginning = self.inner.begin(&wanted, &[redirect_uri]).await?;
        Ok(AuthorizationSession::begun(self.clone(), beginning))
    }

    /// The same with scopes of the caller's own.
    pub(crate) async fn begin_with(
        &self,
        scopes: &ScopeSet,
        redirect_uri: RedirectUri,
    ) -> Result<AuthorizationSession, Error> {
        let scopes = (!scopes.is_empty()).then_some(scopes);
        let none = Challenges::default();
        let wanted = Wanted { scopes, ..Wanted::by(&none) };
        let beginning = self.inner.begin(&wanted, &[redirect_uri]).await?;
        Ok(AuthorizationSession::begun(self.clone(), beginning))
    }

    /// Finishes the login whose answer this is, by its state: for a redirect endpoint that serves many logins.
    ///
    /// # Errors
    /// When the answer is not accepted or the code cannot be redeemed.
    pub async fn finish(&self, answer: &str) -> Result<Arc<Grant>, Error> {
        self.inner.finish(Callback::parse(answer)?, None).await
    }

    pub(crate) async fn finish_session(&self, answer: &str, state: &State) -> Result<Arc<Grant>, Error> {
        self.inner.finish(Callback::parse(answer)?, Some(state)).await
    }
}

impl Inner {
    /// A registration from the store may be one that the server forgot. Then the login is made once more, with a new one;
    /// never twice (C12.9).
    async fn login(
        self: &Arc<Self>,
        rendezvous: &mut dyn Rendezvous,
        wanted: &Wanted<'_>,
        asked: &mut bool,
    ) -> Result<Arc<Grant>, Error> {
        let mut redirect_uris = vec![rendezvous.redirect_uri()];
        redirect_uris.extend(rendezvous.other_redirect_uris());
        let mut once_more = true;
        loop {
            let beginning = self.begin(wanted, &redirect_uris).await?;
            *asked = true;
            let outcome = self.converse(rendezvous, &beginning.prompt()).await;
            let Err(error) = &outcome else { return outcome };
            let Beginning { pending, client_is_stored, .. } = beginning;
            self.judge_client(&pending.client, client_is_stored, error).await?;
            let forgotten = client_is_stored && is_unknown_client(error);
            if !forgotten || !std::mem::take(&mut once_more) {
                return outcome;
            }
            tracing::info!(server = %self.server, issuer = %pending.issuer(), "the server forgot this client: it is registered anew");
        }
    }

    /// Asks until there is an answer to this login. What is no answer to it does not end it (C10.6).
    async fn converse(
        self: &Arc<Self>,
        rendezvous: &mut dyn Rendezvous,
        prompt: &Prompt,
    ) -> Result<Arc<Grant>, Error> {
        let mut attempts = self.policy.limits.answer_attempts.max(1);
        loop {
            attempts -= 1;
            let answer = self.before_long(rendezvous.answer(prompt)).await?;
            let outcome = match Callback::parse(&answer) {
                Ok(callback) => self.finish(callback, Some(&prompt.state)).await,
                Err(error) => Err(error.into()),
            };
            match outcome {
                Err(Error::Callback(error))
                    if error.is_mistake() && attempts > 0 && rendezvous.reject(&error) => {}
                other => return other,
            }
        }
    }

    /// What a person, or what leads to them, is waited for.
    pub(super) async fn before_long<T>(
        &self,
        wait: impl Future<Output = Result<T, InteractionError>>,
    ) -> Result<T, InteractionError> {
        let limit = self.policy.limits.session_lifetime;
        tokio::time::timeout(limit, wait).await.unwrap_or(Err(InteractionError::TimedOut { limit }))
    }

    /// How a login ended is told. It has ended, told or not.
    pub(super) async fn last_words(&self, words: impl Future<Output = ()>) {
        if tokio::time::timeout(self.policy.limits.conclusion_time, words).await.is_err() {
            tracing::warn!(server = %self.server, "nobody could be told how the login ended");
        }
    }

    /// Believes the answer, or not; redeems the code; stores the grant, then uses it.
    async fn finish(
        self: &Arc<Self>,
        callback: Callback,
        session: Option<&State>,
    ) -> Result<Arc<Grant>, Error> {
        let state = match (&callback, session) {
            (Callback::Redirect { state, .. }, Some(session)) if state != session => {
                return Err(CallbackError::UnknownState.into());
            }
            (Callback::Redirect { state, .. }, _) => state.clone(),
            (Callback::BareCode(_), Some(session)) => session.clone(),
            (Callback::BareCode(_), None) => return Err(CallbackError::NotAnAnswer.into()),
        };
        let kept = self.pending.take(&state).await?;
        // Replicas that are configured in different ways, or otherwise than before a restart, have none in common.
        let pending =
            kept.and_then(|kept| kept.restore(&self.registration)).ok_or(CallbackError::UnknownState)?;
        let code = match callback.verify(&pending) {
            Ok(code) => code,
            // It is not from who was asked, whose answer may still come (C10.6).
            Err(error) if error.is_mistake() => {
                self.pending.put(pending.to_kept()).await?;
                return Err(error.into());
            }
            Err(error) => return Err(error.into()),
        };
        let inner = Arc::clone(self);
        self.to_its_end(async move {
            let answer = exchange(&inner.tokens, &pending, &code).await?;
            let Pending { client, resource, token_endpoint, requested, binding, .. } = pending;
            let grant = Grant::new(client, resource, token_endpoint, requested, answer, inner.clock.now());
            inner.take(grant.bound_by(binding)).await
        })
        .await
    }

    /// In a task: what a code, a person's consent or a spent token is exchanged for is given once, and a caller that goes
    /// away must not lose it.
    pub(super) async fn to_its_end<T: Send + 'static>(
        &self,
        rest: impl Future<Output = Result<T, Error>> + Send + 'static,
    ) -> Result<T, Error> {
        let under_way = Arc::clone(&self.unfinished).read_owned().await;
        let task = tokio::spawn(async move {
            let outcome = rest.await;
            drop(under_way);
            outcome
        });
        task.await.unwrap_or(Err(RefreshError::Stopped.into()))
    }

    /// Stores a new login's grant and uses it. Where the store does not take it, it is used from memory: its code is
    /// spent, and a person was asked for it. A logout in between ends it like any other (C15.5).
    pub(super) async fn take(self: &Arc<Self>, grant: Grant) -> Result<Arc<Grant>, Error> {
        let mut unsaved = self.unsaved.lock().await;
        let since = self.tenure();
        let stored = self.records.put_grant(&grant).await;
        let grant = Arc::new(grant);
        if !self.use_login(since, &grant) {
            drop(unsaved);
            if let Ok(written) = stored
                && let Err(error) = self.records.take_back(&grant, written).await
            {
                tracing::warn!(server = %self.server, %error, "a login that ended at once could not be removed");
            }
            self.revoke(&grant).await;
            return Err(RefreshError::NoGrant.into());
        }
        // What was kept there is older than this login.
        let had_some = unsaved.take().is_some();
        if let Err(error) = stored {
            tracing::error!(server = %self.server, %error, "the login could not be stored");
            let key = self.records.key_for(&grant);
            *unsaved = Some(Unsaved { key, grant: Grant::clone(&grant), place: Place::Any { since } });
            if !had_some {
                save_later(self);
            }
        }
        tracing::info!(server = %self.server, issuer = %grant.issuer(), scopes = %grant.granted, "logged in");
        Ok(grant)
    }
}
