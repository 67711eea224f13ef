//! What is allowed, and how much of it. The defaults follow the specifications; each exception has a name.

mod exceptions;

use std::time::Duration;

use mcp_oauth_core::{InvalidUrl, Issuer, PlainHttp, RedirectUri, ScopeSet};

use crate::{AddressPolicy, BuildError};

pub use exceptions::{DpopPolicy, IssuerException, PkcePolicy, PushedRequests, ResourceParameter};

/// Parameters of an authorization request that only this client sets. One of them from elsewhere could take the answer,
/// or the protection, away from it.
const OWN_PARAMETERS: [&str; 13] = [
    "response_type",
    "response_mode",
    "client_id",
    "client_secret",
    "redirect_uri",
    "state",
    "scope",
    "resource",
    "code_challenge",
    "code_challenge_method",
    "request",
    "request_uri",
    "dpop_jkt",
];

/// What is allowed. Start from [`Policy::default`] and change what you must.
///
/// ```
/// use mcp_oauth_client::{PkcePolicy, Policy};
///
/// let mut policy = Policy::default();
/// policy.pkce = PkcePolicy::AssumeSupported; // Microsoft Entra
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Policy {
    /// What to do when a server does not say that it supports PKCE with S256. Default: refuse.
    pub pkce: PkcePolicy,
    /// Where plain http is acceptable. Default: on loopback.
    pub plain_http: PlainHttp,
    /// Which addresses metadata, registration and token requests may go to. `None`, the default, decides by the MCP
    /// server: loopback only if the server itself is on loopback, never a private network.
    pub addresses: Option<AddressPolicy>,
    /// Whether a server without protected resource metadata is taken for one of the 2025-03-26 revision, whose
    /// endpoints are at the root of its host. Default: yes.
    pub legacy_servers: bool,
    /// Whether answers may come to an address with a scheme of an application's own, such as `com.example.app:/callback`
    /// (RFC 8252 §7.1). MCP wants https, or http on loopback. Default: no.
    pub private_use_redirects: bool,
    /// What is sent as `resource`. Default: what the MCP server publishes.
    pub resource: ResourceParameter,
    /// Authorization servers that name themselves otherwise than they are listed. Default: none, so that such a server
    /// is refused.
    pub issuer_exceptions: Vec<IssuerException>,
    /// The most that is ever asked for, whatever servers want: scopes beyond it are left out, and a step-up that needs
    /// one fails ([`ScopeError`](crate::ScopeError)). `offline_access` has a switch of its own. Default: no bound.
    pub scopes_at_most: Option<ScopeSet>,
    /// When requests are pushed (RFC 9126). Default: where the server takes no others.
    pub pushed_requests: PushedRequests,
    /// Whether tokens are bound to a key of this client (`DPoP`, RFC 9449). Default: where the MCP server takes such tokens.
    pub dpop: DpopPolicy,
    /// More parameters for the authorization request: Google wants `access_type=offline` for refresh tokens, Auth0 an
    /// `audience`. A `prompt` here replaces this client's own. Parameters that this client sets are refused when the
    /// manager is built. Default: none.
    pub authorization_parameters: Vec<(String, String)>,
    /// Whether `offline_access` is asked for where the authorization server lists it. Default: yes.
    pub offline_access: bool,
    /// How long before its expiry a token is refreshed. For tokens that live shorter than four times this, a quarter
    /// of their life counts instead. Default: 60 seconds.
    pub refresh_before_expiry: Duration,
    /// How long a token is used on after a refresh before its expiry failed. Default: 10 seconds.
    pub refresh_retry_pause: Duration,
    /// The `MCP-Protocol-Version` of metadata requests. Default: `2025-11-25`.
    pub protocol_version: String,
    /// Sizes, times and counts.
    pub limits: Limits,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            pkce: PkcePolicy::default(),
            plain_http: PlainHttp::default(),
            addresses: None,
            legacy_servers: true,
            private_use_redirects: false,
            resource: ResourceParameter::default(),
            issuer_exceptions: Vec::new(),
            scopes_at_most: None,
            pushed_requests: PushedRequests::default(),
            dpop: DpopPolicy::default(),
            authorization_parameters: Vec::new(),
            offline_access: true,
            refresh_before_expiry: Duration::from_secs(60),
            refresh_retry_pause: Duration::from_secs(10),
            protocol_version: "2025-11-25".to_owned(),
            limits: Limits::default(),
        }
    }
}

impl Policy {
    /// What the metadata of the server that is listed as `issuer` may name, beside `issuer` itself.
    pub(crate) fn other_names<'a>(&'a self, issuer: &'a Issuer) -> impl Iterator<Item = &'a Issuer> {
        self.issuer_exceptions
            .iter()
            .filter(move |exception| exception.listed == *issuer)
            .map(|exception| &exception.named)
    }

    /// What the server is listed as whose document names `issuer`.
    pub(crate) fn listed_name<'a>(&'a self, issuer: &'a Issuer) -> &'a Issuer {
        self.issuer_exceptions
            .iter()
            .find(|exception| exception.named == *issuer)
            .map_or(issuer, |exception| &exception.listed)
    }

    /// A parameter of [`authorization_parameters`](Self::authorization_parameters) that only this client sets: a manager
    /// cannot be built with it.
    pub fn own_parameter(&self) -> Option<&(String, String)> {
        self.authorization_parameters.iter().find(|(name, _)| OWN_PARAMETERS.contains(&name.as_str()))
    }

    /// MCP "Communication Security": redirect URIs are https or loopback.
    pub(crate) fn check_redirect_uri(&self, redirect_uri: &RedirectUri) -> Result<(), BuildError> {
        let scheme = redirect_uri.url().scheme();
        if self.private_use_redirects || scheme == "https" || redirect_uri.is_loopback() {
            return Ok(());
        }
        Err(BuildError::RedirectUri(InvalidUrl::Scheme(scheme.chars().take(32).collect())))
    }

    /// Refuses what can only be a mistake.
    pub(crate) fn check(&self) -> Result<(), BuildError> {
        match self.own_parameter() {
            Some((name, _)) => Err(BuildError::OwnParameter { name: name.clone() }),
            None => Ok(()),
        }
    }
}

/// How much a peer can make this client do.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Limits {
    /// One request with its answer, each redirect counted anew. Default: 30 seconds.
    pub request_time: Duration,
    /// Bytes of a metadata document. Default: 256 KiB.
    pub metadata_bytes: usize,
    /// Bytes of an answer of a registration or token endpoint. Default: 256 KiB.
    pub answer_bytes: usize,
    /// Redirects followed for one metadata document. Other requests follow none. Default: 3.
    pub metadata_redirects: usize,
    /// Bytes of an answer to an [`AuthorizedHttpClient`](crate::AuthorizedHttpClient). Default: 16 MiB.
    pub resource_bytes: usize,
    /// Redirects that an [`AuthorizedHttpClient`](crate::AuthorizedHttpClient) follows for one request. Default: 3.
    pub resource_redirects: usize,
    /// Authorization servers of one resource that are looked at. Default: 16.
    pub authorization_servers: usize,
    /// Proposals that are made to a registration endpoint that refuses the redirect URI or the application type. Default: 3.
    pub registration_attempts: usize,
    /// Requests to revoke one token, when the server is overloaded. Default: 3.
    pub revocation_attempts: usize,
    /// The longest time between two of them, whatever the server asks for. Default: 5 seconds.
    pub revocation_pause: Duration,
    /// How long a person may take from the authorization request to its answer. Default: 10 minutes.
    pub session_lifetime: Duration,
    /// How long it may take to tell a person how a login ended. Default: 5 seconds.
    pub conclusion_time: Duration,
    /// The least time between two questions whether a login on another device is done, whatever the server says.
    /// Default: 1 second.
    pub device_interval: Duration,
    /// How often a person may answer with something that is no answer (a mistyped paste). Default: 5.
    pub answer_attempts: usize,
    /// How long a refresh waits for another process that is refreshing the same grant. Default: 60 seconds.
    pub lease_wait: Duration,
    /// Logins that requests may begin by themselves within [`login_window`](Self::login_window) for one operation and
    /// the same scopes. Where no person is needed, this and the following count the token requests for more scopes.
    /// Default: 3.
    pub logins_per_operation: usize,
    /// Logins that requests may begin by themselves within [`login_window`](Self::login_window) for whatever purpose.
    /// Default: 10.
    pub logins: usize,
    /// For how long a login counts. Default: 5 minutes.
    pub login_window: Duration,
    /// For how long a login that was refused or did not help is not begun again by a request. Default: 5 minutes.
    pub refusal_memory: Duration,
    /// How many such logins are remembered; the oldest is forgotten first. Default: 64.
    pub remembered_refusals: usize,
    /// Servers whose `DPoP` nonce is remembered: the MCP server's, its authorization server's, and some in reserve.
    /// Default: 8.
    pub dpop_nonces: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            request_time: Duration::from_secs(30),
            metadata_bytes: 256 * 1024,
            answer_bytes: 256 * 1024,
            metadata_redirects: 3,
            resource_bytes: 16 * 1024 * 1024,
            resource_redirects: 3,
            authorization_servers: 16,
            registration_attempts: 3,
            revocation_attempts: 3,
            revocation_pause: Duration::from_secs(5),
            session_lifetime: Duration::from_secs(600),
            conclusion_time: Duration::from_secs(5),
            device_interval: Duration::from_secs(1),
            answer_attempts: 5,
            lease_wait: Duration::from_secs(60),
            logins_per_operation: 3,
            logins: 10,
            login_window: Duration::from_secs(300),
            refusal_memory: Duration::from_secs(300),
            remembered_refusals: 64,
            dpop_nonces: 8,
        }
    }
}
