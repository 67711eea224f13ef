//! How a login begins: who is asked for what, and the record that the answer is checked against.

use std::sync::Arc;
use std::time::SystemTime;

use mcp_oauth_core::{AuthorizationServerMetadata, Challenges, CodeVerifier, RedirectUri, ScopeSet, State};
use url::Url;

use super::Inner;
use super::client::{Chosen, is_unknown_client};
use super::discover::Discovered;
use super::request::Address;
use crate::dpop::Signals;
use crate::interaction::Prompt;
use crate::session::{Pending, Selection, select_scopes};
use crate::{AuthorizationServer, Error, Grant, ProtectedResource, RegisteredClient};

/// What a login is for.
pub(super) struct Wanted<'a> {
    pub(super) challenges: &'a Challenges,
    /// The grant that was refused, which may be gone already: its scopes are asked for again.
    pub(super) before: Option<Arc<Grant>>,
    /// The caller's choice for this login.
    pub(super) scopes: Option<&'a ScopeSet>,
}

impl<'a> Wanted<'a> {
    pub(super) fn by(challenges: &'a Challenges) -> Self {
        Self { challenges, before: None, scopes: None }
    }

    /// The same, with what the server said when it was asked.
    pub(super) fn after<'b>(&self, challenges: &'b Challenges) -> Wanted<'b>
    where
        'a: 'b,
    {
        Wanted { challenges, before: self.before.clone(), scopes: self.scopes }
    }
}

/// A login that is ready to be shown to a person.
pub(crate) struct Beginning {
    pub(crate) url: Url,
    /// When it is too late to open it.
    pub(crate) open_before: Option<SystemTime>,
    pub(crate) pending: Pending,
    /// Whether its client is one that was registered for an earlier login.
    pub(super) client_is_stored: bool,
}

impl Beginning {
    pub(super) fn prompt(&self) -> Prompt {
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

impl Inner {
    /// Discovery, registration, and the record that the answer is checked against.
    pub(super) async fn begin(
        self: &Arc<Self>,
        wanted: &Wanted<'_>,
        redirect_uris: &[RedirectUri],
    ) -> Result<Beginning, Error> {
        if self.registration.unattended.is_some() {
            return Err(Error::NoLogin);
        }
        self.load_once().await?;
        let Discovered { resource, server, challenges } = self.discover(wanted.challenges).await?;
        let wanted = &wanted.after(&challenges);
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
                    self.pending.put(pending.to_kept()).await?;
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
    ) -> Result<Pending, Error> {
        let requested = self.scopes_for(wanted, resource, server.metadata())?;
        let signals = Signals {
            challenges: wanted.challenges,
            resource,
            server: server.metadata(),
            was_bound: self.was_bound(wanted, server.metadata()),
        };
        let binding = self.registration.keys.choose(&signals)?;
        let lifetime = self.policy.limits.session_lifetime;
        Ok(Pending {
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
}
