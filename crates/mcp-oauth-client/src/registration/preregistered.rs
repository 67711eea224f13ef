//! A client that was registered by hand.

use mcp_oauth_core::{
    AuthorizationServerMetadata, ClientId, ClientSecret, Issuer, RedirectUri, TokenEndpointAuthMethod,
};

use super::authentication::Proofs;
use super::{ClientAuthentication, ClientOrigin, Home, RegisteredClient, RegistrationError};
use crate::Policy;
use crate::assertion::ClientKey;

/// A client that was registered by hand.
#[derive(Debug, Clone)]
pub struct PreregisteredClient {
    pub(super) client_id: ClientId,
    pub(super) client_secret: Option<ClientSecret>,
    pub(super) key: Option<ClientKey>,
    auth_method: Option<TokenEndpointAuthMethod>,
    pub(super) home: Option<Home>,
}

impl PreregisteredClient {
    /// A client without a secret.
    pub fn new(client_id: ClientId) -> Self {
        Self { client_id, client_secret: None, key: None, auth_method: None, home: None }
    }

    /// With a secret. It is sent by `client_secret_basic` or `client_secret_post`, whichever the server offers.
    #[must_use]
    pub fn with_secret(mut self, secret: ClientSecret) -> Self {
        self.client_secret = Some(secret);
        self
    }

    /// With a key: the client authenticates by `private_key_jwt`, whatever else it has.
    #[must_use]
    pub fn with_key(mut self, key: ClientKey) -> Self {
        self.key = Some(key);
        self
    }

    /// With the way of authentication it was registered with.
    #[must_use]
    pub fn with_auth_method(mut self, method: TokenEndpointAuthMethod) -> Self {
        self.auth_method = Some(method);
        self
    }

    /// For one authorization server only: with any other, the login fails with [`RegistrationError::OtherIssuer`] instead
    /// of showing it the secret. Where the MCP server lists several, this one is used.
    ///
    /// Without it, the client belongs to the builder's
    /// [`authorization_server`](crate::AuthorizationManagerBuilder::authorization_server); and without that one too, to
    /// whichever the MCP server names at the first login.
    #[must_use]
    pub fn at_issuer(mut self, issuer: Issuer) -> Self {
        self.home = Some(Home::new(issuer));
        self
    }

    /// As a manager uses it: where it does not say itself where it belongs, it belongs to `configured`.
    pub(crate) fn settled(mut self, configured: Option<&Issuer>, policy: &Policy) -> Self {
        let home = self.home.or_else(|| configured.cloned().map(Home::new));
        self.home = home.map(|home| home.under(policy));
        self
    }

    pub(crate) fn at(
        &self,
        issuer: &Issuer,
        server: &AuthorizationServerMetadata,
        redirect_uris: Vec<RedirectUri>,
    ) -> Result<RegisteredClient, RegistrationError> {
        if let Some(home) = self.home.as_ref().filter(|home| !home.is(issuer)) {
            return Err(RegistrationError::OtherIssuer {
                registered: home.issuer().clone(),
                found: issuer.clone(),
            });
        }
        let authentication = ClientAuthentication::choose(
            self.auth_method.as_ref(),
            Proofs { secret: self.client_secret.as_ref(), key: self.key.as_ref() },
            server,
        )?;
        let client = RegisteredClient::new(
            issuer.clone(),
            self.client_id.clone(),
            authentication,
            ClientOrigin::Preregistered,
            redirect_uris,
        );
        if self.home.is_none() {
            client.check_audience(server.token_endpoint.as_deref())?;
        }
        Ok(client)
    }
}
