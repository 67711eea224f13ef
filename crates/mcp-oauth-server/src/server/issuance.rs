//! Makes tokens for a grant.

use std::sync::Arc;

use jsonwebtoken::jwk::{Jwk, JwkSet};
use mcp_oauth_core::{
    AccessToken, Clock, Entropy, InvalidSecret, Issuer, RefreshToken, ResourceUri, ScopeSet, TokenResponse,
    TokenType,
};

use super::{IssuedTokenVerifier, Lifetimes, end_of, whole_second};
use crate::jwt::{Audience, JwtVerifier, PublicKeys, SigningKey, TokenClaims};
use crate::store::{Grant, GrantId, RefreshTokenRecord, SecretHash, Store, StoreError, random};

/// The part of a server that makes tokens.
pub(crate) struct Issuance {
    issuer: Issuer,
    key: SigningKey,
    previous_keys: Vec<SigningKey>,
    lifetimes: Lifetimes,
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
}

/// Why there is no token.
#[derive(Debug, thiserror::Error)]
pub(crate) enum IssuanceError {
    #[error("the access token could not be signed")]
    Signature(#[from] jsonwebtoken::errors::Error),
    #[error("the access token is not a token")]
    Token(#[from] InvalidSecret),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Issuance {
    pub(super) fn new(
        issuer: Issuer,
        key: SigningKey,
        previous_keys: Vec<SigningKey>,
        lifetimes: Lifetimes,
        store: Arc<dyn Store>,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
    ) -> Self {
        Self { issuer, key, previous_keys, lifetimes, store, clock, entropy }
    }

    /// An access token for some of a grant's scopes and resources, and if wanted a refresh token for all of the grant
    /// ("the refresh token scope MUST be identical", RFC 6749 §6).
    pub(crate) async fn issue(
        &self,
        id: &GrantId,
        grant: &Grant,
        scopes: &ScopeSet,
        resources: &[ResourceUri],
        with_refresh_token: bool,
    ) -> Result<TokenResponse, IssuanceError> {
        let now = self.clock.now();
        // Never longer than the grant itself.
        let expires_at = whole_second(end_of(now, self.lifetimes.access_token)).min(grant.expires_at);
        let claims = TokenClaims {
            iss: self.issuer.as_str().to_owned(),
            sub: grant.subject.clone(),
            aud: Audience::new(resources.iter().map(|resource| resource.as_str().to_owned()).collect()),
            exp: expires_at,
            iat: now,
            nbf: None,
            jti: random(&*self.entropy),
            client_id: grant.client_id.clone(),
            scope: scopes.clone(),
            grant: Some(id.clone()),
            cnf: None,
        };
        let token = AccessToken::parse(self.key.sign(&claims)?)?;
        let mut response = TokenResponse::new(token, TokenType::Bearer);
        response.expires_in = expires_at.duration_since(now).ok();
        response.scope = Some(scopes.clone());
        if with_refresh_token {
            let token = RefreshToken::generate(&*self.entropy);
            let record = RefreshTokenRecord {
                client_id: grant.client_id.clone(),
                grant: id.clone(),
                expires_at: end_of(now, self.lifetimes.refresh_token).min(grant.expires_at),
            };
            self.store.add_refresh_token(SecretHash::of(token.expose()), record).await?;
            response.refresh_token = Some(token);
        }
        Ok(response)
    }

    /// The published keys (RFC 7517 §5).
    pub(crate) fn jwks(&self) -> JwkSet {
        JwkSet { keys: self.keys().map(SigningKey::public).cloned().collect::<Vec<Jwk>>() }
    }

    pub(crate) fn verifier(&self) -> IssuedTokenVerifier {
        let jwt = JwtVerifier::new(self.issuer.clone(), PublicKeys::of(self.keys()))
            .with_clock(Arc::clone(&self.clock))
            .with_leeway(std::time::Duration::ZERO);
        IssuedTokenVerifier::new(jwt, Arc::clone(&self.store))
    }

    fn keys(&self) -> impl Iterator<Item = &SigningKey> {
        std::iter::once(&self.key).chain(&self.previous_keys)
    }
}
