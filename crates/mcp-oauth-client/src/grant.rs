//! A grant: the tokens, what they are for, and what is needed to renew them without asking anybody else.

use std::fmt;
use std::time::{Duration, SystemTime};

use http::HeaderValue;
use mcp_oauth_core::{
    AccessToken, EndpointUrl, Issuer, RefreshToken, ResourceUri, ScopeSet, Thumbprint, TokenResponse,
    TokenType,
};
use serde::{Deserialize, Serialize};

use crate::dpop::{Binding, BindingKey, KeyRecord};
use crate::registration::{ClientRecord, Registration};
use crate::{RegisteredClient, stored};

/// What an authorization server granted for one resource.
///
/// It is kept with everything that a refresh needs (token endpoint, client, its way of authentication), so that a start
/// with a stored grant asks nobody but the MCP server itself.
#[derive(Clone)]
pub struct Grant {
    pub(crate) resource: ResourceUri,
    pub(crate) client: RegisteredClient,
    pub(crate) token_endpoint: EndpointUrl,
    pub(crate) access_token: AccessToken,
    /// `Bearer …` or `DPoP …`, made once: the hot path clones it.
    pub(crate) header: HeaderValue,
    pub(crate) obtained_at: SystemTime,
    pub(crate) expires_at: Option<SystemTime>,
    pub(crate) refresh_token: Option<RefreshToken>,
    pub(crate) requested: ScopeSet,
    pub(crate) granted: ScopeSet,
    pub(crate) kind: GrantKind,
    /// The key that the tokens are bound to.
    pub(crate) binding: Option<Binding>,
}

/// How a grant came about, and so what can renew it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum GrantKind {
    /// A person logged in, in a browser or with a device code. A refresh token renews it.
    #[default]
    Login,
    /// The client asked for itself (RFC 6749 §4.4). Another request renews it, as it does those below.
    ClientCredentials,
    /// An identity provider spoke for the person ([`EnterpriseManaged`](crate::EnterpriseManaged)).
    EnterpriseManaged,
    /// A platform spoke for the workload ([`WorkloadIdentity`](crate::WorkloadIdentity)).
    WorkloadIdentity,
}

impl Grant {
    /// From the answer of the token endpoint. A missing scope means that all was granted that was requested (RFC 6749
    /// §5.1).
    pub(crate) fn new(
        client: RegisteredClient,
        resource: ResourceUri,
        token_endpoint: EndpointUrl,
        requested: ScopeSet,
        answer: TokenResponse,
        now: SystemTime,
    ) -> Self {
        let expires_at = answer.expires_at(now);
        Self {
            resource,
            client,
            token_endpoint,
            header: header(&answer.token_type, &answer.access_token),
            access_token: answer.access_token,
            obtained_at: now,
            expires_at,
            refresh_token: answer.refresh_token,
            granted: answer.scope.unwrap_or_else(|| requested.clone()),
            requested,
            kind: GrantKind::Login,
            binding: None,
        }
    }

    /// With the key that was proved to be held when the tokens were asked for: theirs, if the server says so by their type.
    pub(crate) fn bound_by(mut self, binding: Option<Binding>) -> Self {
        let is_bound = self.header.as_bytes().starts_with(b"DPoP ");
        // From now on no other tokens will do (C17.13).
        self.binding = binding.filter(|_| is_bound).map(|binding| Binding { insists: true, ..binding });
        self
    }

    /// This grant after a refresh: the old refresh token stays unless a new one came, and so do the scopes unless the
    /// answer states them (RFC 6749 §6).
    pub(crate) fn refreshed(&self, answer: TokenResponse, now: SystemTime) -> Self {
        Self {
            expires_at: answer.expires_at(now),
            header: header(&answer.token_type, &answer.access_token),
            access_token: answer.access_token,
            obtained_at: now,
            refresh_token: answer.refresh_token.or_else(|| self.refresh_token.clone()),
            granted: answer.scope.unwrap_or_else(|| self.granted.clone()),
            ..self.clone()
        }
    }

    /// Who granted it.
    pub fn issuer(&self) -> &Issuer {
        self.client.issuer()
    }

    /// What it is for.
    pub fn resource(&self) -> &ResourceUri {
        &self.resource
    }

    /// To whom it was granted.
    pub fn client(&self) -> &RegisteredClient {
        &self.client
    }

    /// The access token.
    pub fn access_token(&self) -> &AccessToken {
        &self.access_token
    }

    /// What the tokens are bound to: the thumbprint of this client's key (RFC 9449 §6). `None` for bearer tokens.
    pub fn dpop_key(&self) -> Option<&Thumbprint> {
        self.binding.as_ref().map(|binding| binding.key.thumbprint())
    }

    /// True when it can be renewed without a person.
    pub fn is_refreshable(&self) -> bool {
        self.refresh_token.is_some() || self.kind != GrantKind::Login
    }

    /// How it came about.
    pub fn kind(&self) -> GrantKind {
        self.kind
    }

    /// When the access token expires. `None` when the server did not say.
    pub fn expires_at(&self) -> Option<SystemTime> {
        self.expires_at
    }

    /// The scopes that were granted, which may be others than those requested.
    pub fn scopes(&self) -> &ScopeSet {
        &self.granted
    }

    /// The scopes that were requested.
    pub fn requested_scopes(&self) -> &ScopeSet {
        &self.requested
    }

    /// True when the access token has expired.
    pub fn is_expired(&self, now: SystemTime) -> bool {
        self.expires_at.is_some_and(|time| time <= now)
    }

    /// True when the access token should be renewed: `margin` before its expiry, or a quarter of its life if that is
    /// less, so that a short-lived token is not renewed at every use.
    pub(crate) fn is_due(&self, now: SystemTime, margin: Duration) -> bool {
        let Some(expires_at) = self.expires_at else { return false };
        let life = expires_at.duration_since(self.obtained_at).unwrap_or_default();
        now.checked_add(margin.min(life / 4)).is_none_or(|then| then >= expires_at)
    }

    pub(crate) fn to_record(&self, subject: &str) -> GrantRecord {
        GrantRecord {
            format: if self.binding.is_some() { GrantRecord::BOUND } else { GrantRecord::BEARER },
            resource: self.resource.clone(),
            subject: subject.to_owned(),
            client: self.client.to_record(),
            token_endpoint: self.token_endpoint.clone(),
            access_token: self.access_token.clone(),
            obtained_at: Some(self.obtained_at),
            expires_at: self.expires_at,
            refresh_token: self.refresh_token.clone(),
            requested_scope: self.requested.clone(),
            granted_scope: self.granted.clone(),
            kind: self.kind,
            dpop_key: self.binding.as_ref().map(|binding| binding.key.to_record()),
        }
    }
}

impl fmt::Debug for Grant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Grant")
            .field("issuer", self.issuer())
            .field("resource", &self.resource)
            .field("client_id", self.client.client_id())
            .field("scopes", &self.granted.to_string())
            .field("expires_at", &self.expires_at)
            .field("dpop_key", &self.dpop_key())
            .field("refreshable", &self.is_refreshable())
            .finish_non_exhaustive()
    }
}

/// A grant in the store.
#[derive(Serialize, Deserialize)]
pub(crate) struct GrantRecord {
    format: u32,
    resource: ResourceUri,
    subject: String,
    client: ClientRecord,
    #[serde(with = "stored::endpoint")]
    token_endpoint: EndpointUrl,
    access_token: AccessToken,
    #[serde(default, with = "stored::time", skip_serializing_if = "Option::is_none")]
    obtained_at: Option<SystemTime>,
    #[serde(default, with = "stored::time", skip_serializing_if = "Option::is_none")]
    expires_at: Option<SystemTime>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    refresh_token: Option<RefreshToken>,
    requested_scope: ScopeSet,
    granted_scope: ScopeSet,
    #[serde(default)]
    kind: GrantKind,
    /// The key that the tokens are bound to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    dpop_key: Option<KeyRecord>,
}

impl GrantRecord {
    /// Counts up when a record can no longer be read as before: who does not know of keys must not take a bound token for
    /// a bearer token.
    const BEARER: u32 = 1;
    const BOUND: u32 = 2;
    /// The newest format.
    pub(crate) const FORMAT: u32 = Self::BOUND;

    /// The grant again. `None` when it was written by a newer version, is for another resource or subject, its client is no
    /// longer configured, or it came about in another way than the configured one: what a person granted is not used in
    /// the name of the program, nor the other way round.
    pub(crate) fn restore(
        self,
        registration: &Registration,
        resource: &ResourceUri,
        subject: &str,
    ) -> Option<Grant> {
        let binding = match self.format {
            Self::BEARER if registration.keys.allow_bearer() => None,
            Self::BOUND if registration.keys.allow_bound() => {
                let key = BindingKey::restore(self.dpop_key?, registration.keys.signer.as_ref())?;
                Some(Binding { key, insists: true })
            }
            _ => return None,
        };
        let token_type = if binding.is_some() { TokenType::Dpop } else { TokenType::Bearer };
        let same_kind = self.kind == registration.grant_kind();
        if self.resource != *resource || self.subject != subject || !same_kind {
            return None;
        }
        let client = self.client.restore(registration)?;
        if !registration.allows(&client, &self.token_endpoint) {
            return None;
        }
        Some(Grant {
            client,
            resource: self.resource,
            token_endpoint: self.token_endpoint,
            header: header(&token_type, &self.access_token),
            access_token: self.access_token,
            obtained_at: self.obtained_at.unwrap_or(SystemTime::UNIX_EPOCH),
            expires_at: self.expires_at,
            refresh_token: self.refresh_token,
            requested: self.requested_scope,
            granted: self.granted_scope,
            kind: self.kind,
            binding,
        })
    }
}

fn header(token_type: &TokenType, token: &AccessToken) -> HeaderValue {
    // An access token is printable ASCII, which is always a valid header value.
    let mut value = HeaderValue::from_str(&format!("{} {}", token_type.as_str(), token.expose()))
        .unwrap_or_else(|_| HeaderValue::from_static("Bearer"));
    value.set_sensitive(true);
    value
}

#[cfg(test)]
mod tests;
