//! Which client a login is made with: the configured one, a stored registration, or a new one.

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
        &self,
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
            if let Some(client) = stored.filter(|client| !client.is_expired(self.clock.now())) {
                return Ok(Chosen { client, redirect_uri: redirect_uri.clone(), is_stored: true });
            }
        }
        let attempts = self.policy.limits.registration_attempts;
        let metadata = &self.registration.metadata;
        let Registered { client, redirect_uri } =
            register(&self.fetcher, server.metadata(), metadata, redirect_uris, attempts).await?;
        self.records.put_client(&client).await?;
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
        self.records.put_client(&client).await?;
        Ok((client, false))
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

    /// A server that forgot a dynamic registration says so at an endpoint that clients authenticate at, or in its answer,
    /// or shows the person an error page and never answers at all. Either way the next login registers anew (C12.9).
    pub(super) async fn forget_doubtful_client(
        &self,
        client: &RegisteredClient,
        error: &Error,
    ) -> Result<(), StoreError> {
        let no_answer = matches!(error, Error::Interaction(InteractionError::TimedOut { .. }));
        if client.origin() == ClientOrigin::Dynamic && (no_answer || is_unknown_client(error)) {
            self.records.remove_client(client, &self.registration).await?;
        }
        Ok(())
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
