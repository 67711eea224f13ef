//! A registered client and how it authenticates.

use std::time::SystemTime;

use http::HeaderMap;
use http::header::AUTHORIZATION;
use mcp_oauth_core::{
    AuthorizationServerMetadata, BasicCredentials, ClientId, ClientInformation, ClientSecret, Clock, Entropy,
    Issuer, RedirectUri, TokenEndpointAuthMethod,
};
use serde::{Deserialize, Serialize};

use super::authentication::Proofs;
use super::management::Management;
use super::{ClientAuthentication, Registration, RegistrationError};
use crate::assertion::{AssertionError, ClientKey, means};
use crate::stored;
use crate::token::Form;

/// How a client came to be registered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ClientOrigin {
    /// By hand: id and secret come from the configuration.
    Preregistered,
    /// By a client id metadata document.
    MetadataDocument,
    /// By dynamic registration (RFC 7591).
    Dynamic,
    /// Not at all: the grant alone says who asks. Its client id is a name for logs, and is never sent.
    Unregistered,
}

/// A client as one authorization server knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegisteredClient {
    issuer: Issuer,
    client_id: ClientId,
    authentication: ClientAuthentication,
    origin: ClientOrigin,
    redirect_uris: Vec<RedirectUri>,
    secret_expires_at: Option<SystemTime>,
    /// The redirect URI that it was registered for, if it was for one: what its registration is kept under.
    registered_for: Option<RedirectUri>,
    /// How the registration can be changed and ended. Known to the registration's record only, not to grants.
    management: Option<Management>,
    /// Whether the server may have forgotten it: a login with it ended without an answer (C12.9). This too is the
    /// registration's.
    is_doubted: bool,
}

impl RegisteredClient {
    pub(super) fn new(
        issuer: Issuer,
        client_id: ClientId,
        authentication: ClientAuthentication,
        origin: ClientOrigin,
        redirect_uris: Vec<RedirectUri>,
    ) -> Self {
        Self {
            issuer,
            client_id,
            authentication,
            origin,
            redirect_uris,
            secret_expires_at: None,
            registered_for: None,
            management: None,
            is_doubted: false,
        }
    }

    /// Nobody in particular (C17.15).
    pub(super) fn anonymous(issuer: Issuer) -> Self {
        let client_id = ClientId::anonymous();
        Self::new(issuer, client_id, ClientAuthentication::Anonymous, ClientOrigin::Unregistered, Vec::new())
    }

    /// A public client, for tests.
    #[cfg(test)]
    pub(crate) fn public(issuer: Issuer, client_id: ClientId) -> Self {
        Self::new(issuer, client_id, ClientAuthentication::None, ClientOrigin::Dynamic, Vec::new())
    }

    pub(super) fn expiring_at(mut self, time: Option<SystemTime>) -> Self {
        self.secret_expires_at = time;
        self
    }

    pub(super) fn registered_for(
        mut self,
        redirect_uri: Option<RedirectUri>,
        management: Option<Management>,
    ) -> Self {
        self.registered_for = redirect_uri;
        self.management = management;
        self
    }

    /// The redirect URIs that its dynamic registration is kept under: none for a client that has none.
    pub(crate) fn kept_under(&self) -> &[RedirectUri] {
        self.registered_for.as_slice()
    }

    pub(crate) fn doubted(mut self) -> Self {
        self.is_doubted = true;
        self
    }

    pub(crate) fn is_doubted(&self) -> bool {
        self.is_doubted
    }

    pub(crate) fn management(&self) -> Option<&Management> {
        self.management.as_ref()
    }

    /// The same, managed in this way from now on.
    pub(crate) fn managed_by(&self, management: Option<Management>) -> Self {
        Self { management: management.or_else(|| self.management.clone()), ..self.clone() }
    }

    /// This client as the server describes it now (RFC 7592 §3), which therefore knows it. What the answer leaves out stays
    /// as it was.
    pub(crate) fn updated(
        &self,
        information: &ClientInformation,
        management: Option<Management>,
    ) -> Result<Self, RegistrationError> {
        let kept = self.authentication.method();
        let method = information.metadata.token_endpoint_auth_method.as_ref().unwrap_or(&kept);
        let secret = information.client_secret.as_ref().or(self.authentication.secret());
        let server = AuthorizationServerMetadata::new(self.issuer.clone());
        let authentication =
            ClientAuthentication::choose(Some(method), Proofs { secret, key: None }, &server)?;
        let redirect_uris = match information.metadata.redirect_uris.as_slice() {
            [] => self.redirect_uris.clone(),
            registered => registered.to_vec(),
        };
        let expires_at = information
            .client_secret
            .as_ref()
            .map_or(self.secret_expires_at, |_| information.client_secret_expires_at);
        Ok(Self {
            client_id: information.client_id.clone(),
            authentication,
            redirect_uris,
            secret_expires_at: expires_at,
            management: management.or_else(|| self.management.clone()),
            is_doubted: false,
            ..self.clone()
        })
    }

    /// The authorization server that knows this client.
    pub fn issuer(&self) -> &Issuer {
        &self.issuer
    }

    /// The id.
    pub fn client_id(&self) -> &ClientId {
        &self.client_id
    }

    /// How it authenticates.
    pub fn authentication(&self) -> &ClientAuthentication {
        &self.authentication
    }

    /// How it was registered.
    pub fn origin(&self) -> ClientOrigin {
        self.origin
    }

    /// Where answers may go.
    pub fn redirect_uris(&self) -> &[RedirectUri] {
        &self.redirect_uris
    }

    /// True when its secret has expired (`client_secret_expires_at`).
    pub fn is_expired(&self, now: SystemTime) -> bool {
        self.secret_expires_at.is_some_and(|time| time <= now)
    }

    /// Whether what it authenticates with is good at this server, and not at another one that its key may have been
    /// configured for. Its issuer may be whatever the MCP server names.
    pub(crate) fn check_audience(&self, token_endpoint: Option<&str>) -> Result<(), RegistrationError> {
        let ClientAuthentication::PrivateKeyJwt(key) = &self.authentication else { return Ok(()) };
        match key.audience() {
            Some(audience) if !means(audience, &self.issuer, token_endpoint) => {
                let (issuer, audience) = (self.issuer.clone(), audience.to_owned());
                Err(RegistrationError::KeyAudience { issuer, audience })
            }
            _ => Ok(()),
        }
    }

    /// For the store. The secret of a client from the configuration stays in the configuration, so that a changed one
    /// takes effect.
    pub(crate) fn to_record(&self) -> ClientRecord {
        let secret = match self.origin {
            ClientOrigin::Preregistered | ClientOrigin::Unregistered => None,
            ClientOrigin::MetadataDocument | ClientOrigin::Dynamic => self.authentication.secret().cloned(),
        };
        ClientRecord {
            issuer: self.issuer.clone(),
            client_id: self.client_id.clone(),
            auth_method: self.authentication.method(),
            client_secret: secret,
            origin: self.origin,
            redirect_uris: self.redirect_uris.clone(),
            secret_expires_at: self.secret_expires_at,
            registered_for: self.registered_for.clone(),
            management: None,
            is_doubted: false,
        }
    }

    /// For the store, with what is the registration's alone.
    pub(crate) fn to_registration_record(&self) -> ClientRecord {
        ClientRecord { management: self.management.clone(), is_doubted: self.is_doubted, ..self.to_record() }
    }

    /// Adds the client's id and proof to a token request: one method, never two (RFC 6749 §2.3).
    pub(crate) async fn authenticate<'a>(
        &'a self,
        clock: &dyn Clock,
        entropy: &dyn Entropy,
        headers: &mut HeaderMap,
        form: &mut Form<'a>,
    ) -> Result<(), AssertionError> {
        match &self.authentication {
            ClientAuthentication::Anonymous => {}
            ClientAuthentication::None => form.push(("client_id", self.client_id.as_str().into())),
            ClientAuthentication::ClientSecretBasic(secret) => {
                let credentials = BasicCredentials::new(self.client_id.clone(), secret.clone());
                headers.insert(AUTHORIZATION, credentials.to_header_value());
            }
            ClientAuthentication::ClientSecretPost(secret) => {
                form.push(("client_id", self.client_id.as_str().into()));
                form.push(("client_secret", secret.expose().into()));
            }
            // The subject of the assertion is the client id, so there is no parameter of that name (C17.3).
            ClientAuthentication::PrivateKeyJwt(key) => {
                let assertion = key.assertion(&self.client_id, &self.issuer, clock, entropy).await?;
                form.push(("client_assertion_type", ClientKey::TYPE.into()));
                form.push(("client_assertion", assertion.into()));
            }
        }
        Ok(())
    }
}

/// A client in the store.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct ClientRecord {
    issuer: Issuer,
    client_id: ClientId,
    auth_method: TokenEndpointAuthMethod,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    client_secret: Option<ClientSecret>,
    origin: ClientOrigin,
    redirect_uris: Vec<RedirectUri>,
    #[serde(default, with = "stored::time", skip_serializing_if = "Option::is_none")]
    secret_expires_at: Option<SystemTime>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    registered_for: Option<RedirectUri>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    management: Option<Management>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    is_doubted: bool,
}

impl ClientRecord {
    pub(crate) fn issuer(&self) -> &Issuer {
        &self.issuer
    }

    /// The client again. `None` when the configuration no longer has what the record leaves to it.
    pub(crate) fn restore(self, registration: &Registration) -> Option<RegisteredClient> {
        let (secret, key) = match self.origin {
            ClientOrigin::Preregistered => {
                // Configured for another authorization server, its secret is not for this one (C7.4).
                let client = registration.preregistered_at(&self.client_id, &self.issuer)?;
                (client.client_secret.clone(), client.key.clone())
            }
            ClientOrigin::MetadataDocument => {
                (None, registration.document(&self.client_id).and_then(|client| client.key.clone()))
            }
            ClientOrigin::Dynamic => (self.client_secret, None),
            ClientOrigin::Unregistered => return Some(RegisteredClient::anonymous(self.issuer)),
        };
        let authentication = match self.auth_method {
            TokenEndpointAuthMethod::None => ClientAuthentication::None,
            TokenEndpointAuthMethod::ClientSecretBasic => ClientAuthentication::ClientSecretBasic(secret?),
            TokenEndpointAuthMethod::ClientSecretPost => ClientAuthentication::ClientSecretPost(secret?),
            TokenEndpointAuthMethod::PrivateKeyJwt => ClientAuthentication::PrivateKeyJwt(key?),
            _ => return None,
        };
        let client = RegisteredClient::new(
            self.issuer,
            self.client_id,
            authentication,
            self.origin,
            self.redirect_uris.clone(),
        );
        let Self { secret_expires_at, registered_for, management, is_doubted, .. } = self;
        Some(RegisteredClient { secret_expires_at, registered_for, management, is_doubted, ..client })
    }
}
