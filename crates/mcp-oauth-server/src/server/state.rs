//! A running authorization server.

use std::fmt;
use std::sync::Arc;

use mcp_oauth_core::{AuthorizationServerMetadata, Clock, Entropy, Issuer, ResourceUri};

use super::{AuthorizationServerBuilder, Issuance, IssuedTokenVerifier, Lifetimes, Limits, ScopeCatalogue};
use super::{metadata, router};
use crate::authorize::{Consent, Users};
use crate::client::Directory;
use crate::register::{Registration, RegistrationRate};
use crate::store::Store;

/// An authorization server that can be put into any axum application. Cloning it clones a handle.
///
/// ```
/// use mcp_oauth_core::{Issuer, ResourceUri, ScopeToken};
/// use mcp_oauth_server::AuthorizationServer;
///
/// let server = AuthorizationServer::builder(Issuer::parse("http://127.0.0.1:3000")?)
///     .name("Notes")
///     .resource(ResourceUri::parse("http://127.0.0.1:3000/mcp")?)
///     .scope(ScopeToken::parse("notes:read")?, "Read your notes")
///     .build()?;
/// let app: axum::Router = axum::Router::new().merge(server.router());
/// # let _ = app;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct AuthorizationServer(Arc<State>);

/// What the handlers share.
pub(crate) struct State {
    pub(crate) name: String,
    pub(crate) issuer: Issuer,
    pub(crate) endpoints: Endpoints,
    pub(crate) resources: Vec<ResourceUri>,
    pub(crate) scopes: ScopeCatalogue,
    pub(crate) consent: Consent,
    pub(crate) users: Box<dyn Users>,
    pub(crate) registration: Registration,
    pub(crate) registration_rate: RegistrationRate,
    pub(crate) clients: Directory,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) issuance: Issuance,
    pub(crate) lifetimes: Lifetimes,
    pub(crate) limits: Limits,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: Arc<dyn Entropy>,
}

impl AuthorizationServer {
    /// Starts a description of a server. The issuer is the address under which clients reach it, without a path unless
    /// it serves several tenants; it is published, compared and put into tokens exactly as it is written here.
    pub fn builder(issuer: Issuer) -> AuthorizationServerBuilder {
        AuthorizationServerBuilder::new(issuer)
    }

    /// All routes, at the paths that the issuer's URL says. Merge it at the root of the application.
    pub fn router<S: Clone + Send + Sync + 'static>(&self) -> axum::Router<S> {
        router::router(Arc::clone(&self.0))
    }

    /// The issuer.
    pub fn issuer(&self) -> &Issuer {
        &self.0.issuer
    }

    /// The published document (RFC 8414).
    pub fn metadata(&self) -> AuthorizationServerMetadata {
        metadata::document(&self.0)
    }

    /// Checks this server's tokens without a request: for a resource in the same process. It also sees revocations.
    pub fn verifier(&self) -> IssuedTokenVerifier {
        self.0.issuance.verifier()
    }

    pub(super) fn from_state(state: State) -> Self {
        Self(Arc::new(state))
    }
}

impl fmt::Debug for AuthorizationServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthorizationServer").field("issuer", &self.0.issuer).finish_non_exhaustive()
    }
}

/// The endpoints' paths below the issuer.
#[derive(Debug, Clone)]
pub(crate) struct Endpoints {
    /// The issuer without a slash at its end.
    base: String,
    /// The path of the issuer without a slash at its end.
    path: String,
}

impl Endpoints {
    pub(super) const AUTHORIZE: &str = "/authorize";
    pub(super) const DECIDE: &str = "/authorize/decision";
    pub(super) const TOKEN: &str = "/token";
    pub(super) const REGISTER: &str = "/register";
    pub(super) const REVOKE: &str = "/revoke";
    pub(super) const JWKS: &str = "/jwks";

    pub(super) fn of(issuer: &Issuer) -> Self {
        let trimmed = |text: &str| text.strip_suffix('/').unwrap_or(text).to_owned();
        Self { base: trimmed(issuer.as_str()), path: trimmed(issuer.url().path()) }
    }

    /// The address of an endpoint.
    pub(super) fn url(&self, endpoint: &str) -> String {
        format!("{}{endpoint}", self.base)
    }

    /// The path of an endpoint.
    pub(super) fn path(&self, endpoint: &str) -> String {
        format!("{}{endpoint}", self.path)
    }

    /// Where the consent page's form goes.
    pub(crate) fn decision_path(&self) -> String {
        self.path(Self::DECIDE)
    }
}
