//! Which client it is at a server: by what is configured, and what the server offers.

use mcp_oauth_core::{
    AuthorizationServerMetadata, ClientId, ClientMetadata, EndpointUrl, Issuer, RedirectUri,
};

use super::authentication::Proofs;
use super::{
    ClientAuthentication, ClientOrigin, Home, PreregisteredClient, RegisteredClient, RegistrationError,
};
use crate::assertion::ClientKey;
use crate::dpop::Keys;
use crate::grant::GrantKind;
use crate::unattended::Unattended;
use crate::{AuthorizationServer, BuildError};

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
    pub(super) fn preregistered(&self, client_id: &ClientId) -> Option<&PreregisteredClient> {
        self.preregistered.as_ref().filter(|client| client.client_id == *client_id)
    }

    /// The same, unless it is configured for another authorization server.
    pub(super) fn preregistered_at(
        &self,
        client_id: &ClientId,
        issuer: &Issuer,
    ) -> Option<&PreregisteredClient> {
        let client = self.preregistered(client_id)?;
        client.home.as_ref().is_none_or(|home| home.is(issuer)).then_some(client)
    }

    /// The client with a metadata document, if this is its id.
    pub(super) fn document(&self, client_id: &ClientId) -> Option<&DocumentClient> {
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
