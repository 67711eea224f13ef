//! An authorization under way: what ties an answer to its request.

use std::fmt;
use std::time::SystemTime;

use mcp_oauth_core::{CodeVerifier, EndpointUrl, Issuer, RedirectUri, ResourceUri, ScopeSet, State};
use serde::{Deserialize, Serialize};

use crate::dpop::{Binding, BindingKey, KeyRecord};
use crate::registration::{ClientRecord, Registration};
use crate::store::{Record, encode};
use crate::{RegisteredClient, SecretBytes, StoreError, stored};

/// Everything that the answer to one authorization request is checked against, and that the token request needs
/// (MCP "Authorization Response Validation"). Made before the person sees the address, used once.
#[derive(Clone)]
pub(crate) struct Pending {
    pub(crate) state: State,
    pub(crate) verifier: CodeVerifier,
    pub(crate) client: RegisteredClient,
    pub(crate) redirect_uri: RedirectUri,
    pub(crate) resource: ResourceUri,
    pub(crate) token_endpoint: EndpointUrl,
    pub(crate) requested: ScopeSet,
    /// What the tokens are to be bound to.
    pub(crate) binding: Option<Binding>,
    /// Whether the server said that its answers carry `iss`.
    pub(crate) sends_iss: bool,
    pub(crate) expires_at: SystemTime,
}

impl Pending {
    /// Who must answer.
    pub(crate) fn issuer(&self) -> &Issuer {
        self.client.issuer()
    }

    /// As it is kept. The secret of a client from the configuration stays there.
    pub(crate) fn to_kept(&self) -> PendingAuthorization {
        PendingAuthorization(PendingRecord {
            format: 1,
            state: self.state.clone(),
            verifier: self.verifier.clone(),
            client: self.client.to_record(),
            redirect_uri: self.redirect_uri.clone(),
            resource: self.resource.clone(),
            token_endpoint: self.token_endpoint.clone(),
            requested: self.requested.clone(),
            binding: self
                .binding
                .as_ref()
                .map(|binding| BindingRecord { key: binding.key.to_record(), insists: binding.insists }),
            sends_iss: self.sends_iss,
            expires_at: Some(self.expires_at),
        })
    }
}

/// An authorization under way, as a [`PendingStore`](super::PendingStore) keeps it: until the answer comes, or the time for
/// it is over.
#[derive(Clone)]
pub struct PendingAuthorization(PendingRecord);

impl PendingAuthorization {
    /// Who must answer.
    pub fn issuer(&self) -> &Issuer {
        self.0.client.issuer()
    }

    /// What the answer carries to be found again.
    pub fn state(&self) -> &State {
        &self.0.state
    }

    /// When an answer comes too late.
    pub fn expires_at(&self) -> SystemTime {
        self.0.expires_at.unwrap_or(SystemTime::UNIX_EPOCH)
    }

    /// For a store outside of this process. The bytes hold secrets: the PKCE verifier, the key that tokens will be bound to,
    /// the secret of a dynamic registration. Whoever reads them can use a code that they catch.
    ///
    /// # Errors
    /// [`StoreError::Backend`] when it cannot be written.
    pub fn to_bytes(&self) -> Result<SecretBytes, StoreError> {
        encode(&self.0)
    }

    /// From [those bytes](Self::to_bytes). `None` when they are none, or from a newer version of this library: the answer
    /// then belongs to no login that is known here.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let record: PendingRecord = serde_json::from_slice(bytes).ok()?;
        (record.format <= PendingRecord::FORMAT).then_some(Self(record))
    }

    /// As a manager goes on with it. `None` when its client is configured otherwise by now, or bound tokens are.
    pub(crate) fn restore(self, registration: &Registration) -> Option<Pending> {
        let Self(record) = self;
        let binding = match record.binding {
            None if registration.keys.allow_bearer() => None,
            Some(BindingRecord { key, insists }) if registration.keys.allow_bound() => {
                let key = BindingKey::restore(key, registration.keys.signer.as_ref())?;
                Some(Binding { key, insists })
            }
            _ => return None,
        };
        let client = record.client.restore(registration)?;
        if !registration.allows(&client, &record.token_endpoint) {
            return None;
        }
        Some(Pending {
            state: record.state,
            verifier: record.verifier,
            client,
            redirect_uri: record.redirect_uri,
            resource: record.resource,
            token_endpoint: record.token_endpoint,
            requested: record.requested,
            binding,
            sends_iss: record.sends_iss,
            expires_at: record.expires_at.unwrap_or(SystemTime::UNIX_EPOCH),
        })
    }
}

impl fmt::Debug for PendingAuthorization {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PendingAuthorization")
            .field("issuer", self.issuer())
            .field("resource", &self.0.resource)
            .field("redirect_uri", &self.0.redirect_uri)
            .field("requested", &self.0.requested.to_string())
            .field("expires_at", &self.expires_at())
            .finish_non_exhaustive()
    }
}

#[derive(Clone, Serialize, Deserialize)]
struct PendingRecord {
    format: u32,
    state: State,
    verifier: CodeVerifier,
    client: ClientRecord,
    redirect_uri: RedirectUri,
    resource: ResourceUri,
    #[serde(with = "stored::endpoint")]
    token_endpoint: EndpointUrl,
    requested: ScopeSet,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    binding: Option<BindingRecord>,
    sends_iss: bool,
    #[serde(default, with = "stored::time")]
    expires_at: Option<SystemTime>,
}

impl Record for PendingRecord {}

#[derive(Clone, Serialize, Deserialize)]
struct BindingRecord {
    key: KeyRecord,
    insists: bool,
}
