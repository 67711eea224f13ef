//! Logins: from a challenge to a grant.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::SystemTime;

use mcp_oauth_core::{AuthorizationServerMetadata, Challenges, CodeVerifier, RedirectUri, ScopeSet, State};
use url::Url;

use super::client::{Chosen, is_unknown_client};
use super::request::Address;
use super::unsaved::{Place, Unsaved, save_later};
use super::{AuthorizationManager, Inner};
use crate::attendance::Need;
use crate::dpop::Signals;
use crate::interaction::{Interaction, InteractionError, Prompt, Rendezvous};
use crate::session::{Callback, PendingAuthorization, Selection, select_scopes};
use crate::token::exchange;
use crate::{
    AuthorizationServer, AuthorizationSession, CallbackError, Error, Grant, ProtectedResource, RefreshError,
    RegisteredClient,
};

/// A login that is ready to be shown to a person.
pub(crate) struct Beginning {
    pub(crate) url: Url,
    /// When it is too late to open it.
    pub(crate) open_before: Option<SystemTime>,
    pub(crate) pending: PendingAuthorization,
    /// Whether its client is one that was registered for an earlier login.
    client_is_stored: bool,
}

impl Beginning {
    fn prompt(&self) -> Prompt {
        Prompt {
            url: self.url.clone(),
            open_before: self.open_before,
            resource: self.pending.resource.clone(),
            issuer: self.pending.issuer().clone(),
            scopes: self.pending.requested.clone(),
            redirect_uri: self.pending.redirect_uri.clone(),
            state: self.pending.state.clone(),
        }
    }
}

/// What a login is for.
pub(super) struct Wanted<'a> {
    pub(super) challenges: &'a Challenges,
    /// The grant that was refused, which may be gone already: its scopes are asked for again.
    before: Option<Arc<Grant>>,
    /// The caller's choice for this login.
    scopes: Option<&'a ScopeSet>,
}

impl<'a> Wanted<'a> {
    fn by(challenges: &'a Challenges) -> Self {
        Self { challenges, before: None, scopes: None }
    }
}

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
        let mut rendezvous = interaction.prepare().await?;
        let outcome = self.inner.login(&mut *rendezvous, &wanted, asked).await;
        rendezvous.conclude(outcome.as_deref()).await;
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
        let limit = self.policy.limits.session_lifetime;
        let mut attempts = self.policy.limits.answer_attempts.max(1);
        loop {
            attempts -= 1;
            let answer = tokio::time::timeout(limit, rendezvous.answer(prompt)).await;
            let answer = answer.map_err(|_| InteractionError::TimedOut { limit })??;
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

    /// Discovery, registration, and the record that the answer is checked against.
    async fn begin(&self, wanted: &Wanted<'_>, redirect_uris: &[RedirectUri]) -> Result<Beginning, Error> {
        if self.registration.unattended.is_some() {
            return Err(Error::NoLogin);
        }
        self.load_once().await?;
        let (resource, server) = self.discover(wanted.challenges).await?;
        let mut chosen = self.client_at(&server, redirect_uris).await?;
        loop {
            let Chosen { client, redirect_uri, is_stored } = chosen;
            let pending = self.pend(wanted, &resource, &server, client, redirect_uri)?;
            match self.address(&server, &pending).await {
                // A server that is asked before the person is tells in time that it forgot the client (C12.9).
                Err(error) if is_stored && is_unknown_client(&error) => {
                    self.forget_client(&pending.client, &error).await?;
                    chosen = self.client_at(&server, redirect_uris).await?;
                }
                Err(error) => return Err(error),
                Ok(Address { url, open_before }) => {
                    self.pending.put(pending.clone()).await?;
                    tracing::info!(server = %self.server, issuer = %pending.issuer(), scopes = %pending.requested, "a login begins");
                    return Ok(Beginning { url, open_before, pending, client_is_stored: is_stored });
                }
            }
        }
    }

    /// The last grant. One of another authorization server means nothing to this one (C7.1).
    fn before(&self, wanted: &Wanted<'_>, server: &AuthorizationServerMetadata) -> Option<Arc<Grant>> {
        let before = self.current.load_full().or_else(|| wanted.before.clone());
        before.filter(|grant| *grant.issuer() == server.issuer)
    }

    /// Whether its tokens were bound to a key.
    pub(super) fn was_bound(&self, wanted: &Wanted<'_>, server: &AuthorizationServerMetadata) -> bool {
        self.before(wanted, server).is_some_and(|grant| grant.binding.is_some())
    }

    pub(super) fn scopes_for(
        &self,
        wanted: &Wanted<'_>,
        resource: &ProtectedResource,
        server: &AuthorizationServerMetadata,
    ) -> Result<ScopeSet, crate::ScopeError> {
        let before = self.before(wanted, server);
        select_scopes(&Selection {
            configured: wanted.scopes.or(self.scopes.as_ref()),
            challenges: wanted.challenges,
            resource,
            server,
            before: before.as_deref(),
            policy: &self.policy,
        })
    }

    fn pend(
        &self,
        wanted: &Wanted<'_>,
        resource: &ProtectedResource,
        server: &AuthorizationServer,
        client: RegisteredClient,
        redirect_uri: RedirectUri,
    ) -> Result<PendingAuthorization, Error> {
        let requested = self.scopes_for(wanted, resource, server.metadata())?;
        let signals = Signals {
            challenges: wanted.challenges,
            resource,
            server: server.metadata(),
            was_bound: self.was_bound(wanted, server.metadata()),
        };
        let binding = self.registration.keys.choose(&signals)?;
        let lifetime = self.policy.limits.session_lifetime;
        Ok(PendingAuthorization {
            state: State::generate(&*self.entropy),
            verifier: CodeVerifier::generate(&*self.entropy),
            client,
            redirect_uri,
            resource: resource.resource().clone(),
            token_endpoint: server.token_endpoint().clone(),
            requested,
            binding,
            sends_iss: server.metadata().sends_iss(),
            expires_at: self.clock.now().checked_add(lifetime).unwrap_or(SystemTime::UNIX_EPOCH),
        })
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
        let pending = self.pending.take(&state).await?.ok_or(CallbackError::UnknownState)?;
        if matches!(callback, Callback::BareCode(_)) && pending.sends_iss {
            // The whole address may still come.
            let issuer = pending.issuer().clone();
            self.pending.put(pending).await?;
            return Err(CallbackError::WholeAddressNeeded { issuer }.into());
        }
        let code = callback.verify(&pending)?;
        let inner = Arc::clone(self);
        self.to_its_end(async move {
            let answer = exchange(&inner.tokens, &pending, &code).await?;
            let PendingAuthorization { client, resource, token_endpoint, requested, binding, .. } = pending;
            let grant = Grant::new(client, resource, token_endpoint, requested, answer, inner.clock.now());
            Ok(inner.take(grant.bound_by(binding)).await)
        })
        .await
    }

    /// In a task: what a code or a person's consent is exchanged for is given once, and a caller that goes away must not
    /// lose it.
    pub(super) async fn to_its_end(
        &self,
        rest: impl Future<Output = Result<Arc<Grant>, Error>> + Send + 'static,
    ) -> Result<Arc<Grant>, Error> {
        let under_way = Arc::clone(&self.redeeming).read_owned().await;
        let task = tokio::spawn(async move {
            let outcome = rest.await;
            drop(under_way);
            outcome
        });
        task.await.unwrap_or(Err(RefreshError::Stopped.into()))
    }

    /// Stores a new login's grant and uses it. Where the store does not take it, it is used from memory: its code is
    /// spent, and a person was asked for it.
    pub(super) async fn take(self: &Arc<Self>, grant: Grant) -> Arc<Grant> {
        let mut unsaved = self.unsaved.lock().await;
        let since = self.tenure();
        let stored = self.records.put_grant(&grant).await;
        // What was kept there is older than this login.
        let had_some = unsaved.take().is_some();
        if let Err(error) = stored {
            tracing::error!(server = %self.server, %error, "the login could not be stored");
            let key = self.records.key_for(&grant);
            *unsaved = Some(Unsaved { key, grant: grant.clone(), place: Place::Any { since } });
            if !had_some {
                save_later(self);
            }
        }
        tracing::info!(server = %self.server, issuer = %grant.issuer(), scopes = %grant.granted, "logged in");
        let grant = Arc::new(grant);
        self.loaded.store(true, Ordering::Release);
        self.current.store(Some(Arc::clone(&grant)));
        grant
    }
}
