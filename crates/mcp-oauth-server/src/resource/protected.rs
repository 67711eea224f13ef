//! A protected resource: what it is, whom it trusts, what its requests need.

use std::sync::Arc;

use axum::response::Response;
use bytes::Bytes;
use http::request::Parts;
use mcp_oauth_core::{Issuer, ProtectedResourceMetadata, ResourceUri, ScopeSet, ScopeToken};

use super::answers::{Answers, Refusal};
use super::layer::ProtectionLayer;
use super::scopes::{Hierarchy, Requirement};
use super::{TokenVerifier, ToolScopes, metadata};

/// An MCP server that takes access tokens (RFC 9728, RFC 6750).
///
/// ```
/// use axum::{Extension, Router, routing::post};
/// use mcp_oauth_core::{Issuer, ResourceUri, ScopeSet};
/// use mcp_oauth_server::{AccessClaims, JwtVerifier, ProtectedResource, PublicKeys};
///
/// let issuer = Issuer::parse("https://as.example")?;
/// let verifier = JwtVerifier::new(issuer.clone(), PublicKeys::from_jwks(br#"{"keys":[]}"#)?);
/// let resource = ProtectedResource::new(
///     ResourceUri::parse("https://mcp.example/mcp")?,
///     &issuer,
///     ScopeSet::parse("mcp:read")?,
///     verifier,
/// );
/// let app: Router = Router::new()
///     .route("/mcp", post(|Extension(claims): Extension<AccessClaims>| async move { claims.subject }))
///     .layer(resource.layer())
///     .merge(resource.metadata_router());
/// # let _ = app;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct ProtectedResource {
    metadata: ProtectedResourceMetadata,
    requirement: Requirement,
    hierarchy: Hierarchy,
    body_bytes: usize,
    verifier: Arc<dyn TokenVerifier>,
}

impl ProtectedResource {
    /// A resource whose tokens come from one authorization server. Every request needs `scopes_supported`, unless one of
    /// the methods below says otherwise; keep that set minimal (it is what a client asks for at first).
    pub fn new(
        resource: ResourceUri,
        authorization_server: &Issuer,
        scopes_supported: ScopeSet,
        verifier: impl TokenVerifier,
    ) -> Self {
        let mut metadata =
            ProtectedResourceMetadata::new(resource, [authorization_server.as_str().to_owned()]);
        metadata.scopes_supported = Some(scopes_supported.clone()).filter(|scopes| !scopes.is_empty());
        metadata.bearer_methods_supported = Some(vec!["header".to_owned()]);
        Self {
            metadata,
            requirement: Requirement::Fixed(scopes_supported),
            hierarchy: Hierarchy::default(),
            body_bytes: 4 * 1024 * 1024,
            verifier: Arc::new(verifier),
        }
    }

    /// Names one more authorization server. The verifier must accept its tokens.
    #[must_use]
    pub fn with_authorization_server(mut self, issuer: &Issuer) -> Self {
        self.metadata.authorization_servers.push(issuer.as_str().to_owned());
        self
    }

    /// Sets the name that people see.
    #[must_use]
    pub fn with_name(mut self, name: impl Into<String>) -> Self {
        self.metadata.resource_name = Some(name.into());
        self
    }

    /// Sets what every request needs.
    #[must_use]
    pub fn with_required_scopes(mut self, scopes: ScopeSet) -> Self {
        self.requirement = Requirement::Fixed(scopes);
        self
    }

    /// Lets a rule look at each request, its body included, and say which scopes it needs in all: one challenge then
    /// names them all. `always` is what a request without a token is told to ask for.
    ///
    /// The body is read into memory before the rule, up to [`with_body_limit`](Self::with_body_limit).
    #[must_use]
    pub fn with_scope_rule(
        mut self,
        always: ScopeSet,
        rule: impl Fn(&Parts, &Bytes) -> ScopeSet + Send + Sync + 'static,
    ) -> Self {
        self.requirement = Requirement::PerRequest { always, rule: Arc::new(rule) };
        self
    }

    /// Lets the needed scopes depend on the MCP tool that is called.
    #[must_use]
    pub fn with_tool_scopes(self, tools: ToolScopes) -> Self {
        self.with_scope_rule(tools.base().clone(), move |_, body| tools.of_message(body))
    }

    /// Says that `broad` stands for `implied` too.
    #[must_use]
    pub fn with_implied_scopes(mut self, broad: ScopeToken, implied: ScopeSet) -> Self {
        self.hierarchy.add(broad, implied);
        self
    }

    /// Sets how many bytes of a body a scope rule may look at; longer ones are refused with 413. Default 4 MiB.
    #[must_use]
    pub fn with_body_limit(mut self, bytes: usize) -> Self {
        self.body_bytes = bytes;
        self
    }

    /// The published document.
    pub fn metadata(&self) -> &ProtectedResourceMetadata {
        &self.metadata
    }

    /// Routes for the published document: at the path of the resource behind the well-known name, which is the root
    /// of the host for a resource at the root (RFC 9728 §3.1).
    pub fn metadata_router<S: Clone + Send + Sync + 'static>(&self) -> axum::Router<S> {
        metadata::router(&self.metadata)
    }

    /// The check, to be put in front of the resource's routes. A layer that answers CORS preflights belongs outside of
    /// it: they carry no token.
    pub fn layer(&self) -> ProtectionLayer {
        ProtectionLayer::new(
            self.metadata.resource.clone(),
            self.answers(),
            self.requirement.clone(),
            self.hierarchy.clone(),
            self.body_bytes,
            Arc::clone(&self.verifier),
        )
    }

    /// The answer to a request whose handler found that it needs wider scopes: 403 with a challenge that names all of
    /// `needed`.
    pub fn insufficient_scope(&self, needed: &ScopeSet) -> Response {
        self.answers().refuse(&Refusal::InsufficientScope { needed: needed.clone() })
    }

    fn answers(&self) -> Answers {
        Answers::new(&self.metadata.resource, self.requirement.at_first().clone())
    }
}

impl std::fmt::Debug for ProtectedResource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ProtectedResource")
            .field("metadata", &self.metadata)
            .field("requirement", &self.requirement)
            .finish_non_exhaustive()
    }
}
