//! Who this client is at an authorization server.
//!
//! In the order of the specification: an id that was agreed on before, a client id metadata document where the server
//! takes one, dynamic registration where it offers that. What comes out is a [`RegisteredClient`], bound to its issuer:
//! an id or a secret is never shown to another server.

mod client;
mod dynamic;
mod home;
mod management;
mod proposals;

use http::StatusCode;
use mcp_oauth_core::{
    AuthorizationServerMetadata, ClientId, ClientMetadata, ClientSecret, EndpointUrl, InvalidUrl, Issuer,
    OAuthError, RedirectUri, SigningAlgorithm, TokenEndpointAuthMethod,
};

use crate::assertion::ClientKey;
use crate::dpop::Keys;
use crate::grant::GrantKind;
use crate::unattended::Unattended;
use crate::{AuthorizationServer, BuildError, HttpError, Policy};
use client::Proofs;

pub(crate) use client::ClientRecord;
pub use client::{ClientAuthentication, ClientOrigin, RegisteredClient};
pub(crate) use dynamic::{Registered, register, register_device};
pub(crate) use home::Home;
pub use management::ManagementError;
pub(crate) use management::{Management, Reading};

/// A client that was registered by hand.
#[derive(Debug, Clone)]
pub struct PreregisteredClient {
    client_id: ClientId,
    client_secret: Option<ClientSecret>,
    key: Option<ClientKey>,
    auth_method: Option<TokenEndpointAuthMethod>,
    home: Option<Home>,
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
}

/// What this client can be, in the order in which it is tried.
#[derive(Debug, Clone)]
pub(crate) struct Registration {
    pub(crate) preregistered: Option<PreregisteredClient>,
    pub(crate) document: Option<DocumentClient>,
    /// What a dynamic registration asks for, but for the redirect URI in use.
    pub(crate) metadata: ClientMetadata,
    /// How grants are got, if not by a person's login.
    pub(crate) unattended: Option<Unattended>,
    /// What tokens are bound to.
    pub(crate) keys: Keys,
}

/// A client whose id is the address of its metadata document.
#[derive(Debug, Clone)]
pub(crate) struct DocumentClient {
    pub(crate) client_id: ClientId,
    /// The key whose public half is in the document's `jwks`.
    pub(crate) key: Option<ClientKey>,
}

/// What to do at a server, decided without any request.
pub(crate) enum Choice {
    /// The client is known.
    Known(RegisteredClient),
    /// It must be registered, or read from the store.
    Dynamic,
}

impl Registration {
    /// Chooses by what is configured and what the server offers.
    pub(crate) fn choose(
        &self,
        server: &AuthorizationServer,
        redirect_uri: &RedirectUri,
    ) -> Result<Choice, RegistrationError> {
        if let Some(client) = &self.preregistered {
            let uris = vec![redirect_uri.clone()];
            return client.at(server.issuer(), server.metadata(), uris).map(Choice::Known);
        }
        match &self.document {
            Some(client) if server.metadata().client_id_metadata_document_supported == Some(true) => {
                let uris = vec![redirect_uri.clone()];
                client.at(server.issuer(), server.metadata(), uris).map(Choice::Known)
            }
            _ if server.metadata().registration_endpoint.is_some() => Ok(Choice::Dynamic),
            _ => Err(RegistrationError::NotOffered { issuer: server.issuer().clone() }),
        }
    }

    /// Where the configured client is registered, if that is configured too.
    pub(crate) fn client_home(&self) -> Option<&Home> {
        self.preregistered.as_ref()?.home.as_ref()
    }

    /// Where that, or what else is configured by hand, belongs.
    pub(crate) fn home(&self) -> Option<&Home> {
        self.client_home().or_else(|| self.unattended.as_ref()?.home())
    }

    /// The client for a grant that needs no person: one that is configured. Nothing is ever registered for it (C6.14).
    pub(crate) fn unattended(
        &self,
        unattended: &Unattended,
        issuer: &Issuer,
        server: &AuthorizationServerMetadata,
    ) -> Result<RegisteredClient, RegistrationError> {
        match unattended {
            Unattended::Workload(_) if self.preregistered.is_none() => {
                Ok(RegisteredClient::anonymous(issuer.clone()))
            }
            _ => self.configured(issuer, server),
        }
    }

    /// The client for a login without a redirect, on another device.
    pub(crate) fn choose_for_device(
        &self,
        server: &AuthorizationServerMetadata,
    ) -> Result<Choice, RegistrationError> {
        match self.configured(&server.issuer, server) {
            Err(RegistrationError::NotOffered { .. }) if server.registration_endpoint.is_some() => {
                Ok(Choice::Dynamic)
            }
            outcome => outcome.map(Choice::Known),
        }
    }

    /// The client for a grant without a redirect: the one that is configured.
    pub(crate) fn configured(
        &self,
        issuer: &Issuer,
        server: &AuthorizationServerMetadata,
    ) -> Result<RegisteredClient, RegistrationError> {
        if let Some(client) = &self.preregistered {
            return client.at(issuer, server, Vec::new());
        }
        match &self.document {
            Some(client) if server.client_id_metadata_document_supported == Some(true) => {
                client.at(issuer, server, Vec::new())
            }
            _ => Err(RegistrationError::NotOffered { issuer: issuer.clone() }),
        }
    }

    /// Whether a client of a stored grant may still authenticate at the server that gave it.
    pub(crate) fn allows(&self, client: &RegisteredClient, token_endpoint: &EndpointUrl) -> bool {
        let is_at_home = client.origin() == ClientOrigin::Preregistered && self.client_home().is_some();
        is_at_home || client.check_audience(Some(token_endpoint.as_str())).is_ok()
    }

    /// How grants come about with this configuration.
    pub(crate) fn grant_kind(&self) -> GrantKind {
        self.unattended.as_ref().map_or(GrantKind::Login, Unattended::kind)
    }

    /// Grants that need no person need a client that is configured; client credentials one that can prove itself (C17.1).
    pub(crate) fn check(&self) -> Result<(), BuildError> {
        let preregistered = self.preregistered.as_ref();
        let has_key = self.document.as_ref().is_some_and(|it| it.key.is_some())
            || preregistered.is_some_and(|it| it.key.is_some());
        let enough = match self.unattended {
            None | Some(Unattended::Workload(_)) => true,
            Some(Unattended::Enterprise(_)) => preregistered.is_some() || self.document.is_some(),
            Some(Unattended::ClientCredentials) => {
                has_key || preregistered.is_some_and(|it| it.client_secret.is_some())
            }
        };
        if enough { Ok(()) } else { Err(BuildError::NoClient) }
    }

    /// The configured client, if this is its id.
    fn preregistered(&self, client_id: &ClientId) -> Option<&PreregisteredClient> {
        self.preregistered.as_ref().filter(|client| client.client_id == *client_id)
    }

    /// The same, unless it is configured for another authorization server.
    fn preregistered_at(&self, client_id: &ClientId, issuer: &Issuer) -> Option<&PreregisteredClient> {
        let client = self.preregistered(client_id)?;
        client.home.as_ref().is_none_or(|home| home.is(issuer)).then_some(client)
    }

    /// The client with a metadata document, if this is its id.
    fn document(&self, client_id: &ClientId) -> Option<&DocumentClient> {
        self.document.as_ref().filter(|client| client.client_id == *client_id)
    }
}

impl DocumentClient {
    fn at(
        &self,
        issuer: &Issuer,
        server: &AuthorizationServerMetadata,
        redirect_uris: Vec<RedirectUri>,
    ) -> Result<RegisteredClient, RegistrationError> {
        let proofs = Proofs { secret: None, key: self.key.as_ref() };
        let authentication = ClientAuthentication::choose(None, proofs, server)?;
        let client = RegisteredClient::new(
            issuer.clone(),
            self.client_id.clone(),
            authentication,
            ClientOrigin::MetadataDocument,
            redirect_uris,
        );
        client.check_audience(server.token_endpoint.as_deref())?;
        Ok(client)
    }
}

impl PreregisteredClient {
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

/// Why there is no client.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RegistrationError {
    /// The registration endpoint cannot be reached.
    #[error("the registration endpoint cannot be reached")]
    Http(#[from] HttpError),
    /// The registration endpoint is not an address that may be used.
    #[error("the registration endpoint cannot be used")]
    Endpoint(#[source] InvalidUrl),
    /// The server takes no registrations: a client id must be agreed on with its operator and configured.
    #[error("{issuer} offers no client registration: configure a client id")]
    NotOffered {
        /// The authorization server.
        issuer: Issuer,
    },
    /// The server refused the registration.
    #[error("the registration was refused")]
    Refused(#[source] OAuthError),
    /// The server failed or answered with something else.
    #[error("the registration endpoint answered with {status}")]
    Unexpected {
        /// The answer.
        status: StatusCode,
    },
    /// The answer is no registration. Its text is not repeated here, since it may hold a secret.
    #[error("the answer of the registration endpoint is not a client registration")]
    Malformed,
    /// The server registered other redirect URIs than the one that is needed.
    #[error("the server did not register the redirect URI {wanted}")]
    RedirectUriNotRegistered {
        /// The redirect URI that the client uses.
        wanted: RedirectUri,
    },
    /// The client must authenticate in a way that is not possible here.
    #[error("client authentication by {method} is not possible with what is configured")]
    AuthMethod {
        /// The way that the server or the configuration names.
        method: TokenEndpointAuthMethod,
    },
    /// The authorization server does not check signatures by the algorithm of the client's key
    /// (`token_endpoint_auth_signing_alg_values_supported`): register a key for another one.
    #[error("the authorization server does not take client assertions signed by {algorithm}")]
    SigningAlgorithm {
        /// The key's algorithm.
        algorithm: SigningAlgorithm,
    },
    /// The assertions of the client's key are for another server, which whoever sees them could turn to: none was sent.
    /// Configure [where the client belongs](PreregisteredClient::at_issuer), or take the audience away.
    #[error("the audience {audience} of the client's key is neither {issuer} nor its token endpoint")]
    KeyAudience {
        /// The authorization server.
        issuer: Issuer,
        /// The [configured audience](ClientKey::with_audience).
        audience: String,
    },
    /// The configured client belongs to another authorization server; its secret is not shown to this one.
    #[error("the configured client belongs to {registered}, but the MCP server uses {found}")]
    OtherIssuer {
        /// Where the client is registered.
        registered: Issuer,
        /// What the MCP server names now.
        found: Issuer,
    },
}

impl RegistrationError {
    /// True when the same attempt may succeed later.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Http(error) => error.is_retryable(),
            Self::Unexpected { status } => {
                status.is_server_error() || *status == StatusCode::TOO_MANY_REQUESTS
            }
            _ => false,
        }
    }
}
