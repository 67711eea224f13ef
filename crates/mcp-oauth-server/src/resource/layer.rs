//! The bearer token check as a tower layer (RFC 6750 §2.1).

use std::convert::Infallible;
use std::fmt;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::header::AUTHORIZATION;
use http::{Request, request};
use mcp_oauth_core::{AccessToken, ResourceUri, ScopeSet};
use tower::{Layer, Service};
use url::form_urlencoded;

use super::answers::{Answers, Refusal};
use super::scopes::{Hierarchy, Requirement};
use super::{AccessClaims, RejectedToken, TokenVerifier};

/// Lets requests pass that carry a token for the resource with the scopes they need; made by
/// [`ProtectedResource::layer`](super::ProtectedResource::layer).
#[derive(Clone)]
pub struct ProtectionLayer(Arc<Check>);

/// The service of [`ProtectionLayer`].
#[derive(Debug, Clone)]
pub struct ProtectionService<S> {
    inner: S,
    layer: ProtectionLayer,
}

struct Check {
    resource: ResourceUri,
    answers: Answers,
    requirement: Requirement,
    hierarchy: Hierarchy,
    body_bytes: usize,
    verifier: Arc<dyn TokenVerifier>,
}

impl ProtectionLayer {
    pub(super) fn new(
        resource: ResourceUri,
        answers: Answers,
        requirement: Requirement,
        hierarchy: Hierarchy,
        body_bytes: usize,
        verifier: Arc<dyn TokenVerifier>,
    ) -> Self {
        Self(Arc::new(Check { resource, answers, requirement, hierarchy, body_bytes, verifier }))
    }
}

impl fmt::Debug for ProtectionLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProtectionLayer").field("resource", &self.0.resource).finish_non_exhaustive()
    }
}

impl<S> Layer<S> for ProtectionLayer {
    type Service = ProtectionService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        ProtectionService { inner, layer: self.clone() }
    }
}

impl<S> Service<Request<Body>> for ProtectionService<S>
where
    S: Service<Request<Body>, Error = Infallible> + Clone + Send + 'static,
    S::Response: IntoResponse,
    S::Future: Send,
{
    type Response = Response;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response, Infallible>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        // The clone that was polled ready is the one to call.
        let clone = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, clone);
        let check = Arc::clone(&self.layer.0);
        Box::pin(async move {
            match check.admit(request).await {
                Ok(request) => inner.call(request).await.map(IntoResponse::into_response),
                Err(refusal) => {
                    tracing::debug!(resource = %check.resource, reason = %refusal, "request refused");
                    Ok(check.answers.refuse(&refusal))
                }
            }
        })
    }
}

impl Check {
    async fn admit(&self, request: Request<Body>) -> Result<Request<Body>, Refusal> {
        let (mut parts, body) = request.into_parts();
        let token = bearer_token(&parts)?;
        let claims = self.verifier.verify(&token, &self.resource).await?;
        // What is behind the check gets the claims, not the token: it could only pass it on (MCP: "MUST NOT").
        parts.headers.remove(AUTHORIZATION);
        let body = match &self.requirement {
            Requirement::Fixed(needed) => {
                self.judge(&claims, needed)?;
                body
            }
            Requirement::PerRequest { rule, .. } => {
                let limit = self.body_bytes;
                let bytes: Bytes =
                    axum::body::to_bytes(body, limit).await.map_err(|_| Refusal::Body { limit })?;
                self.judge(&claims, &rule(&parts, &bytes))?;
                Body::from(bytes)
            }
        };
        parts.extensions.insert(claims);
        Ok(Request::from_parts(parts, body))
    }

    fn judge(&self, claims: &AccessClaims, needed: &ScopeSet) -> Result<(), Refusal> {
        if self.hierarchy.expand(&claims.scopes).covers(needed) {
            Ok(())
        } else {
            Err(Refusal::InsufficientScope { needed: needed.clone() })
        }
    }
}

/// The token of a request: in the `Authorization` header and nowhere else. A token in the query is refused even beside
/// a good header (OAuth 2.1 §5.1), so that a client notices what it leaks into logs.
fn bearer_token(parts: &request::Parts) -> Result<AccessToken, Refusal> {
    let query = parts.uri.query().unwrap_or_default();
    if form_urlencoded::parse(query.as_bytes()).any(|(name, _)| name == "access_token") {
        return Err(Refusal::Malformed("send the token in the Authorization header, not in the query"));
    }
    let mut lines = parts.headers.get_all(AUTHORIZATION).iter();
    let Some(line) = lines.next() else { return Err(Refusal::NoToken) };
    if lines.next().is_some() {
        return Err(Refusal::Malformed("send one Authorization header"));
    }
    let text = line.to_str().map_err(|_| Refusal::Malformed("the Authorization header is not ASCII"))?;
    let (scheme, token) = text.split_once(' ').unwrap_or((text, ""));
    if !scheme.eq_ignore_ascii_case("bearer") {
        // Another scheme is no bearer token at all.
        return Err(Refusal::NoToken);
    }
    let token = token.trim_matches(' ');
    if !is_token68(token) {
        return Err(Refusal::Malformed("the bearer token is not a token68"));
    }
    AccessToken::parse(token).map_err(|_| Refusal::Token(RejectedToken::Malformed))
}

/// `1*( ALPHA / DIGIT / "-" / "." / "_" / "~" / "+" / "/" ) *"="` (RFC 6750 §2.1).
fn is_token68(token: &str) -> bool {
    let body = token.trim_end_matches('=');
    !body.is_empty() && body.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~+/".contains(&byte))
}
