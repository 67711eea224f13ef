//! Describes an authorization server.

use std::collections::HashMap;
use std::sync::Arc;

use mcp_oauth_core::{
    ClientId, Clock, Entropy, Issuer, ResourceUri, ScopeSet, ScopeToken, SystemClock, SystemEntropy,
};

use super::state::State;
use super::{AuthorizationServer, Endpoints, Issuance, Lifetimes, Limits, ScopeCatalogue};
use crate::authorize::{Consent, SingleUser, Users};
use crate::client::{Client, Directory};
use crate::jwt::SigningKey;
use crate::register::{Registration, RegistrationRate};
use crate::store::{MemoryStore, Store};

/// The description of an [`AuthorizationServer`]; made by [`AuthorizationServer::builder`].
pub struct AuthorizationServerBuilder {
    issuer: Issuer,
    name: Option<String>,
    resources: Vec<ResourceUri>,
    scopes: ScopeCatalogue,
    default_scopes: Option<ScopeSet>,
    consent: Consent,
    users: Box<dyn Users>,
    registration: Registration,
    clients: HashMap<ClientId, Client>,
    store: Option<Arc<dyn Store>>,
    signing_key: Option<SigningKey>,
    previous_keys: Vec<SigningKey>,
    lifetimes: Lifetimes,
    limits: Limits,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
}

/// Why a description is not a server.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// Codes and tokens would travel readable (OAuth 2.1 §1.5).
    #[error("the issuer {0} is plain http on another machine; use https, or http on loopback")]
    InsecureIssuer(Issuer),
    /// Without a resource there is nothing to make tokens for.
    #[error("there is no resource; name at least one")]
    NoResource,
    /// A default scope has no description.
    #[error("the default scopes {0} are not among the server's scopes")]
    UnknownDefaultScopes(ScopeSet),
}

impl AuthorizationServerBuilder {
    pub(super) fn new(issuer: Issuer) -> Self {
        Self {
            issuer,
            name: None,
            resources: Vec::new(),
            scopes: ScopeCatalogue::default(),
            default_scopes: None,
            consent: Consent::Page,
            users: Box::new(SingleUser::new("user")),
            registration: Registration::Open,
            clients: HashMap::new(),
            store: None,
            signing_key: None,
            previous_keys: Vec::new(),
            lifetimes: Lifetimes::default(),
            limits: Limits::default(),
            clock: Arc::new(SystemClock),
            entropy: Arc::new(SystemEntropy),
        }
    }

    /// Sets the name that people see on the pages. Default: the issuer's host.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Adds a resource that tokens are made for. With exactly one, a request need not name it.
    #[must_use]
    pub fn resource(mut self, resource: ResourceUri) -> Self {
        self.resources.push(resource);
        self
    }

    /// Adds a scope and what people are told about it. `offline_access` is always there.
    #[must_use]
    pub fn scope(mut self, scope: ScopeToken, description: impl Into<String>) -> Self {
        self.scopes.add(scope, description.into());
        self
    }

    /// Sets what a request that names no scope asks for. Default: all scopes.
    #[must_use]
    pub fn default_scopes(mut self, scopes: ScopeSet) -> Self {
        self.default_scopes = Some(scopes);
        self
    }

    /// Sets who decides. Default: [`Consent::Page`].
    #[must_use]
    pub fn consent(mut self, consent: Consent) -> Self {
        self.consent = consent;
        self
    }

    /// Sets how people are recognized. Default: [`SingleUser`] with the subject `user`.
    #[must_use]
    pub fn users(mut self, users: impl Users) -> Self {
        self.users = Box::new(users);
        self
    }

    /// Sets who may register clients. Default: [`Registration::Open`].
    #[must_use]
    pub fn registration(mut self, registration: Registration) -> Self {
        self.registration = registration;
        self
    }

    /// Adds a client that is known from the start.
    #[must_use]
    pub fn client(mut self, client: Client) -> Self {
        self.clients.insert(client.id().clone(), client);
        self
    }

    /// Sets where records are kept. Default: a [`MemoryStore`].
    #[must_use]
    pub fn store(mut self, store: impl Store) -> Self {
        self.store = Some(Arc::new(store));
        self
    }

    /// Sets the key that signs access tokens. Default: a new one, so that a restart ends all access tokens.
    #[must_use]
    pub fn signing_key(mut self, key: SigningKey) -> Self {
        self.signing_key = Some(key);
        self
    }

    /// Adds a key that signed before: its tokens are still accepted, and it stays in the published key set. Keep it for
    /// the lifetime of an access token.
    #[must_use]
    pub fn previous_signing_key(mut self, key: SigningKey) -> Self {
        self.previous_keys.push(key);
        self
    }

    /// Sets how long things live.
    #[must_use]
    pub fn lifetimes(mut self, lifetimes: Lifetimes) -> Self {
        self.lifetimes = lifetimes;
        self
    }

    /// Sets how much of what a peer sends is taken.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Reads the time from another clock.
    #[must_use]
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Takes randomness from another source.
    #[must_use]
    pub fn entropy(mut self, entropy: impl Entropy) -> Self {
        self.entropy = Arc::new(entropy);
        self
    }

    /// Makes the server.
    ///
    /// # Errors
    /// When the issuer is plain http on another machine, there is no resource, or a default scope is unknown.
    pub fn build(mut self) -> Result<AuthorizationServer, BuildError> {
        if !self.issuer.is_secure() {
            return Err(BuildError::InsecureIssuer(self.issuer));
        }
        if self.resources.is_empty() {
            return Err(BuildError::NoResource);
        }
        if let Some(scopes) = self.default_scopes {
            let unknown = self.scopes.unknown(&scopes);
            if !unknown.is_empty() {
                return Err(BuildError::UnknownDefaultScopes(unknown));
            }
            self.scopes.set_default(scopes);
        }
        let store =
            self.store.unwrap_or_else(|| Arc::new(MemoryStore::new().with_clock(Arc::clone(&self.clock))));
        let host = || self.issuer.url().host_str().unwrap_or_default().to_owned();
        let issuance = Issuance::new(
            self.issuer.clone(),
            self.signing_key.unwrap_or_else(SigningKey::generate),
            self.previous_keys,
            self.lifetimes,
            Arc::clone(&store),
            Arc::clone(&self.clock),
            Arc::clone(&self.entropy),
        );
        Ok(AuthorizationServer::from_state(State {
            name: self.name.unwrap_or_else(host),
            endpoints: Endpoints::of(&self.issuer),
            issuer: self.issuer,
            resources: self.resources,
            scopes: self.scopes,
            consent: self.consent,
            users: self.users,
            registration: self.registration,
            registration_rate: RegistrationRate::new(self.limits.registrations_per_minute),
            clients: Directory::new(self.clients, Arc::clone(&store)),
            store,
            issuance,
            lifetimes: self.lifetimes,
            limits: self.limits,
            clock: self.clock,
            entropy: self.entropy,
        }))
    }
}

impl std::fmt::Debug for AuthorizationServerBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AuthorizationServerBuilder").field("issuer", &self.issuer).finish_non_exhaustive()
    }
}
