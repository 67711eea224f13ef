//! What a checked token says, for the handlers behind the check.

use std::time::SystemTime;

use mcp_oauth_core::{ClientId, ResourceUri, ScopeSet};

use super::RejectedToken;
use crate::jwt::TokenClaims;

/// Who calls, and what they may do. In the extensions of every request that passed the check:
///
/// ```
/// use axum::Extension;
/// use mcp_oauth_server::AccessClaims;
///
/// async fn handler(Extension(claims): Extension<AccessClaims>) -> String {
///     format!("hello {}, {} may {}", claims.subject, claims.client_id, claims.scopes)
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct AccessClaims {
    /// On whose behalf (`sub`).
    pub subject: String,
    /// Which client.
    pub client_id: ClientId,
    /// What was granted.
    pub scopes: ScopeSet,
    /// Who issued the token.
    pub issuer: String,
    /// When the token expires.
    pub expires_at: SystemTime,
    /// The token's own name (`jti`), for logs: the token itself must not be there.
    pub token_id: Option<String>,
}

impl AccessClaims {
    /// Claims for a verifier of one's own.
    pub fn new(
        subject: impl Into<String>,
        client_id: ClientId,
        scopes: ScopeSet,
        issuer: impl Into<String>,
        expires_at: SystemTime,
    ) -> Self {
        Self { subject: subject.into(), client_id, scopes, issuer: issuer.into(), expires_at, token_id: None }
    }

    /// The claims of a JWT, if it is meant for `resource`. Compared as strings (RFC 7519 §4.1.3).
    pub(crate) fn for_resource(claims: TokenClaims, resource: &ResourceUri) -> Result<Self, RejectedToken> {
        if !claims.aud.members().iter().any(|member| member == resource.as_str()) {
            return Err(RejectedToken::Audience);
        }
        Ok(Self {
            subject: claims.sub,
            client_id: claims.client_id,
            scopes: claims.scope,
            issuer: claims.iss,
            expires_at: claims.exp,
            token_id: Some(claims.jti),
        })
    }
}
