//! Putting a manager together.

use std::fmt;
use std::sync::Arc;

use arc_swap::ArcSwapOption;
use mcp_oauth_core::{
    ClientMetadata, ClientMetadataDocument, Clock, EndpointUrl, Entropy, GrantType, Issuer, ScopeSet,
    SystemClock, SystemEntropy,
};

use super::tenure::Logouts;
use super::{AuthorizationManager, Inner};
use crate::assertion::ClientKey;
use crate::attendance::Memory;
use crate::discovery::Preference;
use crate::dpop::{Keys, Prover};
use crate::error::BuildError;
use crate::http::{Fetcher, HyperClient};
use crate::registration::{DocumentClient, PreregisteredClient, Registration};
use crate::session::{MemoryPendingStore, PendingStore};
use crate::store::{CredentialStore, MemoryStore, Records};
use crate::token::TokenEndpoint;
use crate::unattended::Unattended;
use crate::{DpopPolicy, DpopSigner, EnterpriseManaged, HttpClient, Policy, WorkloadIdentity};

/// Builds an [`AuthorizationManager`]. Everything has a default but the MCP server's address.
///
/// ```
/// use mcp_oauth_client::{AuthorizationManager, MemoryStore, PreregisteredClient};
/// use mcp_oauth_core::{ClientId, ClientSecret};
///
/// let manager = AuthorizationManager::builder("https://mcp.example/mcp")
///     .store(MemoryStore::new())
///     .subject("work")
///     .preregistered(
///         PreregisteredClient::new(ClientId::parse("my-client")?).with_secret(ClientSecret::parse("my-secret")?),
///     )
///     .build()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub struct AuthorizationManagerBuilder {
    server: String,
    subject: String,
    store: Arc<dyn CredentialStore>,
    pending: Option<Arc<dyn PendingStore>>,
    http: Option<Arc<dyn HttpClient>>,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    policy: Policy,
    preregistered: Option<PreregisteredClient>,
    document: Option<String>,
    document_key: Option<ClientKey>,
    unattended: Option<Unattended>,
    metadata: ClientMetadata,
    dpop_signer: Option<Arc<dyn DpopSigner>>,
    scopes: Option<ScopeSet>,
    preference: Preference,
}

impl AuthorizationManager {
    /// Starts with the MCP server's address.
    pub fn builder(server: impl Into<String>) -> AuthorizationManagerBuilder {
        let mut metadata = ClientMetadata::native("MCP client", []);
        // Decided by what the authorization server offers, unless the application decides.
        metadata.token_endpoint_auth_method = None;
        // Decided by the redirect URI, likewise.
        metadata.application_type = None;
        AuthorizationManagerBuilder {
            server: server.into(),
            subject: "default".to_owned(),
            store: Arc::new(MemoryStore::new()),
            pending: None,
            http: None,
            clock: Arc::new(SystemClock),
            entropy: Arc::new(SystemEntropy),
            policy: Policy::default(),
            preregistered: None,
            document: None,
            document_key: None,
            unattended: None,
            metadata,
            dpop_signer: None,
            scopes: None,
            preference: Preference::default(),
        }
    }
}

impl AuthorizationManagerBuilder {
    /// Where grants and registrations are kept. Default: in memory.
    pub fn store(mut self, store: impl CredentialStore) -> Self {
        self.store = Arc::new(store);
        self
    }

    /// Where logins under way are kept. Default: in memory.
    pub fn pending_store(mut self, store: impl PendingStore) -> Self {
        self.pending = Some(Arc::new(store));
        self
    }

    /// On whose behalf: part of the key of the stored grant. Default: `default`.
    pub fn subject(mut self, subject: impl Into<String>) -> Self {
        self.subject = subject.into();
        self
    }

    /// How metadata, registration and token requests are sent. Default: [`HyperClient`]. Share one between managers.
    pub fn http(mut self, http: impl HttpClient) -> Self {
        self.http = Some(Arc::new(http));
        self
    }

    /// The time of day. Default: the system's.
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Randomness. Default: the system's.
    pub fn entropy(mut self, entropy: impl Entropy) -> Self {
        self.entropy = Arc::new(entropy);
        self
    }

    /// What is allowed. Default: what the specifications allow.
    pub fn policy(mut self, policy: Policy) -> Self {
        self.policy = policy;
        self
    }

    /// A client that was registered by hand. It is used instead of any other registration. Say where it belongs, by
    /// [`at_issuer`](PreregisteredClient::at_issuer) or [`authorization_server`](Self::authorization_server): without
    /// that, its secret goes to whichever authorization server the MCP server names first, and from then on to no other.
    pub fn preregistered(mut self, client: PreregisteredClient) -> Self {
        self.preregistered = Some(client);
        self
    }

    /// The https address of this client's metadata document, which is its client id at servers that take such documents
    /// (`client_id_metadata_document_supported`). Others get a dynamic registration.
    pub fn client_id_metadata_document(mut self, url: impl Into<String>) -> Self {
        self.document = Some(url.into());
        self
    }

    /// The key whose public half is in the metadata document's `jwks`: the client then authenticates by
    /// `private_key_jwt`, as its document must say.
    pub fn metadata_document_key(mut self, key: ClientKey) -> Self {
        self.document_key = Some(key);
        self
    }

    /// Asks for tokens in the client's own name (RFC 6749 §4.4), for programs that run without a person. The client is the
    /// one of [`preregistered`](Self::preregistered), with a secret or, better, a key, or the one of
    /// [`client_id_metadata_document`](Self::client_id_metadata_document) with a
    /// [key](Self::metadata_document_key); none is ever registered for it. Nobody sees where a secret goes here, so say
    /// where it belongs.
    ///
    /// ```
    /// use mcp_oauth_client::{AuthorizationManager, PreregisteredClient};
    /// use mcp_oauth_core::{ClientId, ClientSecret, Issuer};
    ///
    /// let client = PreregisteredClient::new(ClientId::parse("nightly-job")?)
    ///     .with_secret(ClientSecret::parse("its-secret")?)
    ///     .at_issuer(Issuer::parse("https://auth.example")?);
    /// let manager = AuthorizationManager::builder("https://mcp.example/mcp")
    ///     .preregistered(client)
    ///     .client_credentials()
    ///     .build()?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn client_credentials(mut self) -> Self {
        self.unattended = Some(Unattended::ClientCredentials);
        self
    }

    /// Asks for tokens in the name of a person who is signed in at their company's identity provider. The client of
    /// [`preregistered`](Self::preregistered) or
    /// [`client_id_metadata_document`](Self::client_id_metadata_document) is the one that the MCP server's authorization
    /// server knows.
    pub fn enterprise_managed(mut self, enterprise: EnterpriseManaged) -> Self {
        self.unattended = Some(Unattended::Enterprise(enterprise));
        self
    }

    /// Asks for tokens with what the platform says about this program. No client is needed; one that is configured is
    /// named all the same, for servers that want it.
    pub fn workload_identity(mut self, workload: WorkloadIdentity) -> Self {
        self.unattended = Some(Unattended::Workload(workload));
        self
    }

    /// The name that people see on the consent page. Default: `MCP client`.
    pub fn client_name(mut self, name: impl Into<String>) -> Self {
        self.metadata.client_name = Some(name.into());
        self
    }

    /// All that a dynamic registration says. The redirect URI in use is added, and so is what is absent and must or
    /// should be there (application type, grants, response types).
    pub fn client_metadata(mut self, metadata: ClientMetadata) -> Self {
        let name = self.metadata.client_name.take();
        self.metadata = metadata;
        if self.metadata.client_name.is_none() {
            self.metadata.client_name = name;
        }
        self
    }

    /// The key that tokens are bound to where they are ([`Policy::dpop`]), instead of a new one in memory and in the store
    /// for every login: for keys that must not leave their hardware.
    pub fn dpop_signer(mut self, signer: impl DpopSigner) -> Self {
        self.dpop_signer = Some(Arc::new(signer));
        self
    }

    /// The scopes to ask for, instead of those that the server names. A step-up still adds what the refused operation
    /// needs.
    pub fn scopes(mut self, scopes: ScopeSet) -> Self {
        self.scopes = Some(scopes);
        self
    }

    /// The authorization server of this MCP server: the one to use where the MCP server names several, or none at all.
    ///
    /// What is configured by hand belongs to it, and no other sees anything of it: the client of
    /// [`preregistered`](Self::preregistered), with its secret or key, unless it says itself
    /// [where it belongs](PreregisteredClient::at_issuer), and likewise the assertions of a
    /// [workload](WorkloadIdentity::at_issuer). If the MCP server lists other authorization servers only, a
    /// login with such a client fails with [`RegistrationError::OtherIssuer`](crate::RegistrationError::OtherIssuer). Clients that
    /// are registered dynamically or have a metadata document are no secret of another server: they go to the first
    /// that is listed.
    ///
    /// ```
    /// use mcp_oauth_client::{AuthorizationManager, PreregisteredClient};
    /// use mcp_oauth_core::{ClientId, ClientSecret, Issuer};
    ///
    /// let client = PreregisteredClient::new(ClientId::parse("my-client")?)
    ///     .with_secret(ClientSecret::parse("my-secret")?);
    /// let manager = AuthorizationManager::builder("https://mcp.example/mcp")
    ///     .authorization_server(Issuer::parse("https://auth.example")?)
    ///     .preregistered(client) // shown to https://auth.example and to nobody else
    ///     .build()?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn authorization_server(mut self, issuer: Issuer) -> Self {
        self.preference.issuer = Some(issuer);
        self
    }

    /// Chooses among the authorization servers that the MCP server lists: for applications that know which of them they
    /// have clients at, or that ask a person. The list is empty where the MCP server publishes none; the answer is then
    /// the one to use. `None`, or one that is not listed, leaves it to the list: the first that is acceptable. It must not
    /// block.
    ///
    /// This is a hint and binds nothing: a client of [`preregistered`](Self::preregistered) goes along to whichever server
    /// comes of it, unless it says itself [where it belongs](PreregisteredClient::at_issuer). A server that is configured
    /// by [`authorization_server`](Self::authorization_server) or for a client comes first.
    ///
    /// ```
    /// use mcp_oauth_client::AuthorizationManager;
    ///
    /// let manager = AuthorizationManager::builder("https://mcp.example/mcp")
    ///     .choose_authorization_server(|listed| {
    ///         listed.iter().find(|issuer| issuer.as_str().ends_with("/tenant-b")).cloned()
    ///     })
    ///     .build()?;
    /// # Ok::<(), mcp_oauth_client::Error>(())
    /// ```
    pub fn choose_authorization_server(
        mut self,
        choose: impl Fn(&[Issuer]) -> Option<Issuer> + Send + Sync + 'static,
    ) -> Self {
        self.preference.hint = Some(Arc::new(choose));
        self
    }

    /// Puts it together. Nothing is asked or read yet.
    ///
    /// # Errors
    /// When the MCP server's address or the metadata document's is not one that can be used, the policy contradicts
    /// itself, or the chosen grant lacks a client.
    pub fn build(self) -> Result<AuthorizationManager, BuildError> {
        self.policy.check()?;
        let server =
            EndpointUrl::parse_with(&self.server, self.policy.plain_http).map_err(BuildError::Server)?;
        let document = self.document.as_deref().map(ClientMetadataDocument::check_client_id).transpose();
        let http = self.http.unwrap_or_else(|| Arc::new(HyperClient::new()));
        let pending = match self.pending {
            Some(pending) => pending,
            None => Arc::new(MemoryPendingStore::new(Arc::clone(&self.clock))),
        };
        let mut preference = self.preference;
        let settled = |client: PreregisteredClient| client.settled(preference.issuer.as_ref(), &self.policy);
        let registration = Registration {
            preregistered: self.preregistered.map(settled),
            document: document
                .map_err(BuildError::MetadataDocument)?
                .map(|client_id| DocumentClient { client_id, key: self.document_key }),
            metadata: complete(self.metadata, self.policy.dpop),
            unattended: self.unattended.map(|it| it.settled(preference.issuer.as_ref(), &self.policy)),
            keys: Keys { policy: self.policy.dpop, signer: self.dpop_signer },
        };
        registration.check()?;
        // Of several, the one that something belongs to.
        preference.issuer =
            preference.issuer.or_else(|| registration.home().map(|home| home.issuer().clone()));
        let lease_wait = self.policy.limits.lease_wait;
        let fetcher = Fetcher::new(http, &self.policy, &server);
        let prover = Arc::new(Prover::new(
            Arc::clone(&self.clock),
            Arc::clone(&self.entropy),
            self.policy.limits.dpop_nonces,
        ));
        let inner = Inner {
            tokens: TokenEndpoint::new(
                fetcher.clone(),
                Arc::clone(&self.clock),
                Arc::clone(&self.entropy),
                self.policy.resource.clone(),
                Arc::clone(&prover),
            ),
            prover,
            fetcher,
            records: Records::new(self.store, server.url().to_string(), self.subject, lease_wait),
            registration,
            server,
            scopes: self.scopes,
            preference,
            policy: self.policy,
            pending,
            clock: self.clock,
            entropy: self.entropy,
            current: ArcSwapOption::empty(),
            logouts: Logouts::default(),
            loaded: false.into(),
            flight: None.into(),
            unfinished: Arc::default(),
            unsaved: None.into(),
            pause_until: None.into(),
            login: ().into(),
            attended: None.into(),
            memory: Memory::default().into(),
        };
        Ok(AuthorizationManager { inner: Arc::new(inner) })
    }
}

/// What MCP wants in a registration (C6.9, C6.11). The application type follows from the redirect URI.
fn complete(mut metadata: ClientMetadata, dpop: DpopPolicy) -> ClientMetadata {
    metadata.grant_types.get_or_insert_with(|| vec![GrantType::AuthorizationCode, GrantType::RefreshToken]);
    metadata.response_types.get_or_insert_with(|| vec!["code".to_owned()]);
    // The server then gives this client no other tokens, for whatever MCP server (RFC 9449 §5.2).
    if dpop == DpopPolicy::Required {
        metadata.dpop_bound_access_tokens = Some(true);
    }
    metadata
}

impl fmt::Debug for AuthorizationManagerBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthorizationManagerBuilder").field("server", &self.server).finish_non_exhaustive()
    }
}
