//! Checks tokens in the process that issued them.

use std::fmt;
use std::sync::Arc;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use mcp_oauth_core::{AccessToken, ResourceUri};

use crate::jwt::{JwtVerifier, TokenClaims};
use crate::resource::{AccessClaims, RejectedToken, TokenVerifier};
use crate::store::Store;

/// Checks a server's own tokens: signature, claims, and that the grant behind them has not ended. Made by
/// [`AuthorizationServer::verifier`](super::AuthorizationServer::verifier).
#[derive(Clone)]
pub struct IssuedTokenVerifier {
    jwt: JwtVerifier,
    store: Arc<dyn Store>,
}

impl IssuedTokenVerifier {
    pub(super) fn new(jwt: JwtVerifier, store: Arc<dyn Store>) -> Self {
        Self { jwt, store }
    }

    /// Checks everything but the audience.
    pub(crate) async fn check(&self, token: &AccessToken) -> Result<TokenClaims, RejectedToken> {
        let claims = self.jwt.check(token)?;
        let grant = claims.grant.as_ref().ok_or(RejectedToken::Malformed)?;
        match self.store.grant(grant).await? {
            Some(_) => Ok(claims),
            None => Err(RejectedToken::Revoked),
        }
    }
}

impl TokenVerifier for IssuedTokenVerifier {
    fn verify<'a>(
        &'a self,
        token: &'a AccessToken,
        resource: &'a ResourceUri,
    ) -> BoxFuture<'a, Result<AccessClaims, RejectedToken>> {
        async move { AccessClaims::for_resource(self.check(token).await?, resource) }.boxed()
    }
}

impl fmt::Debug for IssuedTokenVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IssuedTokenVerifier").field("jwt", &self.jwt).finish_non_exhaustive()
    }
}
