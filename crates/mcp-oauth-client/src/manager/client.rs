//! Which client a login is made with: the configured one, a stored registration, or a new one.

use std::sync::Arc;

use mcp_oauth_core::{Issuer, OAuthErrorCode, RedirectUri};

use super::Inner;
use crate::discovery::TokenServer;
use crate::interaction::InteractionError;
use crate::registration::{Choice, ClientOrigin, Registered, register, register_device};
use crate::{
    AuthorizationServer, CallbackError, DeviceError, Error, RegisteredClient, RegistrationError, StoreError,
};

/// The client of a login, and where its answer comes to.
pub(super) struct Chosen {
    pub(super) client: RegisteredClient,
    pub(super) redirect_uri: RedirectUri,
    /// Whether the registration was read from the store: the server may have forgotten it.
    pub(super) is_stored: bool,
}

impl Inner {
    /// The configured client, the stored registration, or a new one, with the first of `redirect_uris` that it may use.
    pub(super) async fn client_at(
        self: &Arc<Self>,
        server: &AuthorizationServer,
        redirect_uris: &[RedirectUri],
    ) -> Result<Chosen, Error> {
        let Some(redirect_uri) = redirect_uris.first().cloned() else {
            return Err(CallbackError::NotAnAnswer.into());
        };
        for redirect_uri in redirect_uris {
            self.policy.check_redirect_uri(redirect_uri)?;
        }
        if let Choice::Known(client) = self.registration.choose(server, &redirect_uri)? {
            self.check_binding(&client).await?;
            return Ok(Chosen { client, redirect_uri, is_stored: false });
        }
        for redirect_uri in redirect_uris {
            let uris = std::slice::from_ref(redirect_uri);
            let stored = self.records.load_client(server.issuer(), uris, &self.registration).await?;
            // A change of the registration (RFC 7592) may have taken the address away.
            let takes = |client: &RegisteredClient| {
                client.redirect_uris().iter().any(|registered| registered.permits(redirect_uri))
            };
            let stored = stored.filter(|client| !client.is_expired(self.clock.now()) && takes(client));
            let Some(client) = stored else { continue };
            if let Some(client) = self.beyond_doubt(client).await? {
                return Ok(Chosen { client, redirect_uri: redirect_uri.clone(), is_stored: true });
            }
        }
        let attempts = self.policy.limits.registration_attempts;
        let metadata = &self.registration.metadata;
        let Registered { client, redirect_uri } =
            register(&self.fetcher, server.metadata(), metadata, redirect_uris, attempts).await?;
        self.keep_client(&client).await;
        Ok(Chosen { client, redirect_uri, is_stored: false })
    }

    /// The same for logins on another device, and whether it was read from the store. Such a client has no redirect URIs.
    pub(super) async fn device_client(
        &self,
        server: &TokenServer,
    ) -> Result<(RegisteredClient, bool), Error> {
        if let Choice::Known(client) = self.registration.choose_for_device(server.metadata())? {
            self.check_binding(&client).await?;
            return Ok((client, false));
        }
        let stored = self.records.load_client(server.issuer(), &[], &self.registration).await?;
        if let Some(client) = stored.filter(|client| !client.is_expired(self.clock.now())) {
            return Ok((client, true));
        }
        let client = register_device(&self.fetcher, server.metadata(), &self.registration.metadata).await?;
        self.keep_client(&client).await;
        Ok((client, false))
    }

    /// Without a store that takes it, the next login registers anew. That is no reason to have none.
    async fn keep_client(&self, client: &RegisteredClient) {
        if let Err(error) = self.records.put_client(client).await {
            tracing::warn!(server = %self.server, %error, "the registration could not be stored");
        }
    }

    /// A client that was registered by hand stays with the authorization server that it is configured for, or else with
    /// the one that it was first used at: its secret is not for whoever the MCP server names next (C7.2, C7.4).
    pub(super) async fn check_binding(&self, client: &RegisteredClient) -> Result<(), Error> {
        match self.bound_elsewhere(client).await? {
            None => Ok(()),
            Some(registered) => {
                let found = client.issuer().clone();
                Err(RegistrationError::OtherIssuer { registered, found }.into())
            }
        }
    }

    /// The authorization server that the client belongs to, if that is another one.
    pub(super) async fn bound_elsewhere(
        &self,
        client: &RegisteredClient,
    ) -> Result<Option<Issuer>, StoreError> {
        let found = client.issuer();
        // Where that is configured, the registration has looked already.
        if client.origin() != ClientOrigin::Preregistered || self.registration.client_home().is_some() {
            return Ok(None);
        }
        let registered = self.records.preregistered_at(client.client_id()).await?;
        Ok(registered.filter(|registered| registered != found))
    }

    /// A server that forgot a dynamic registration says so at an endpoint that clients authenticate at, or in its answer:
    /// then the registration goes, and the next login makes another one (C12.9).
    pub(super) async fn forget_client(
        &self,
        client: &RegisteredClient,
        error: &Error,
    ) -> Result<(), StoreError> {
        if client.origin() == ClientOrigin::Dynamic && is_unknown_client(error) {
            self.records.remove_client(client, &self.registration).await?;
        }
        Ok(())
    }

    /// The same after a person was sent to the server, which may have shown them an error page instead of answering. But
    /// most people who do not answer went away, and the registration may be the one of a grant that is in use, with the
    /// only token that can end it: it is kept, and [doubted](Self::beyond_doubt). One that was made for this very login is
    /// not even that.
    pub(super) async fn judge_client(
        &self,
        client: &RegisteredClient,
        is_stored: bool,
        error: &Error,
    ) -> Result<(), StoreError> {
        self.forget_client(client, error).await?;
        if is_stored && matches!(error, Error::Interaction(InteractionError::TimedOut { .. })) {
            let stored =
                self.records.load_client(client.issuer(), client.kept_under(), &self.registration).await?;
            if let Some(stored) = stored.filter(|stored| stored.client_id() == client.client_id()) {
                self.records.put_client(&stored.doubted()).await?;
            }
        }
        Ok(())
    }

    /// A stored registration, if a login may be made with it. One that is doubted is asked about, where clients may look at
    /// their registrations (RFC 7592 §2.1). If the server does not know it, or nobody can tell, a new one takes its place,
    /// so that no login hangs on it for ever (C12.9); grants that were made with it go on. A server that cannot be
    /// reached is asked the next time.
    async fn beyond_doubt(
        self: &Arc<Self>,
        client: RegisteredClient,
    ) -> Result<Option<RegisteredClient>, Error> {
        if !client.is_doubted() {
            return Ok(Some(client));
        }
        let Some(management) = client.management() else { return Ok(None) };
        let known = self.read_registration(client.clone(), management.clone()).await;
        match known {
            Ok((_, client)) => Ok(Some(client)),
            Err(error) if matches!(error, Error::Management(_)) && error.is_retryable() => Ok(Some(client)),
            Err(error @ (Error::Management(_) | Error::Registration(_))) => {
                tracing::info!(issuer = %client.issuer(), %error, "the client is registered anew");
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }
}

/// True when the server says that it does not know the client.
pub(super) fn is_unknown_client(error: &Error) -> bool {
    match error {
        Error::Push(error) => error.is_unknown_client(),
        Error::Token(error) | Error::Device(DeviceError::Request(error) | DeviceError::Token(error)) => {
            error.is_unknown_client()
        }
        Error::Callback(CallbackError::Refused(refusal)) => {
            matches!(refusal.code(), OAuthErrorCode::InvalidClient | OAuthErrorCode::UnauthorizedClient)
        }
        _ => false,
    }
}
