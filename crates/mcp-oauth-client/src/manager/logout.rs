//! Logging out: here at once, at the authorization server if it can be reached.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use mcp_oauth_core::{AuthorizationServerMetadata, EndpointUrl};

use super::{AuthorizationManager, Inner};
use crate::discovery::server_metadata;
use crate::token::{Answer, RevokedToken, revoke};
use crate::{DiscoveryError, Error, Grant, TokenError};

/// What a logout did at the authorization server. Here, the grant is forgotten in any case.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Logout {
    /// The refresh token.
    pub refresh_token: Revocation,
    /// The access token.
    pub access_token: Revocation,
}

/// What became of one token at the authorization server (RFC 7009).
#[derive(Debug, Default)]
#[non_exhaustive]
pub enum Revocation {
    /// There was none.
    #[default]
    NoToken,
    /// The server says that it no longer works.
    Revoked,
    /// The server revokes no tokens, or none of this kind: it works until it expires.
    NotOffered,
    /// The server could not be asked, or refused: it may work until it expires.
    Failed(RevocationError),
}

/// Why a token could not be revoked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RevocationError {
    /// The authorization server's metadata could not be read.
    #[error("the authorization server's revocation endpoint is not known")]
    Discovery(#[source] Arc<DiscoveryError>),
    /// The revocation endpoint could not be asked, or refused.
    #[error("the token could not be revoked")]
    Endpoint(#[from] TokenError),
}

impl AuthorizationManager {
    /// Forgets the grant, here and in the store, then revokes its tokens where the authorization server offers that: the
    /// refresh token first, since the access token usually goes with it. A renewal that is under way is not waited for:
    /// it revokes what it got when it finds that nobody is logged in any more. The client's registration stays; see
    /// [`forget`](Self::forget).
    ///
    /// A server that is down, refuses or has no such endpoint is no error: the result says what happened.
    ///
    /// # Errors
    /// When the store fails: what it kept is not forgotten, and what it gave up before is forgotten and revoked.
    pub async fn logout(&self) -> Result<Logout, Error> {
        let inner = &*self.inner;
        // A renewal under way has it, and sees to it.
        let mut unsaved = inner.unsaved.try_lock().ok();
        inner.load_once().await?;
        let held_key = inner.current.load().as_ref().map(|held| inner.records.key_for(held));
        // From the oldest to the newest: where one process holds what another one renewed, both are ended.
        let (removed, outcome) = inner.records.remove_grants(held_key, &inner.registration).await;
        let outcome = match outcome {
            Err(error) if removed.is_empty() => return Err(error.into()),
            outcome => outcome,
        };
        inner.loaded.store(true, Ordering::Release);
        let mut ended: Vec<Arc<Grant>> = inner.end_tenure().into_iter().collect();
        for grant in removed.into_iter().map(Arc::new) {
            // Memory may know better what it is than the store, which has taken nothing else since.
            ended.retain(|other| other.access_token != grant.access_token);
            ended.push(grant);
        }
        let newest = unsaved.as_mut().and_then(|slot| slot.take());
        // A login or a renewal may go on: what comes now takes as long as the server does.
        drop(unsaved);
        if let Some(unsaved) = newest {
            // What is stored in its stead is spent (C15.5).
            let newest = Arc::new(unsaved.grant);
            ended.retain(|other| other.access_token != newest.access_token);
            ended.push(newest);
        }
        let mut last = Logout::default();
        for grant in ended {
            last = inner.revoke(&grant).await;
        }
        outcome?;
        Ok(last)
    }
}

impl Inner {
    pub(super) async fn revoke(&self, grant: &Grant) -> Logout {
        let endpoint = match self.revocation_endpoint(grant).await {
            Ok(Some(endpoint)) => endpoint,
            Ok(None) => {
                return Logout {
                    refresh_token: with_token(grant, || Revocation::NotOffered),
                    access_token: Revocation::NotOffered,
                };
            }
            Err(error) => {
                tracing::warn!(server = %self.server, %error, "the tokens could not be revoked");
                let error = Arc::new(error);
                let failed = || Revocation::Failed(RevocationError::Discovery(Arc::clone(&error)));
                return Logout { refresh_token: with_token(grant, failed), access_token: failed() };
            }
        };
        let refresh_token = match &grant.refresh_token {
            Some(token) => self.revoke_one(&endpoint, grant, RevokedToken::Refresh(token.expose())).await,
            None => Revocation::NoToken,
        };
        let token = RevokedToken::Access(grant.access_token.expose());
        Logout { refresh_token, access_token: self.revoke_one(&endpoint, grant, token).await }
    }

    async fn revoke_one(&self, endpoint: &EndpointUrl, grant: &Grant, token: RevokedToken<'_>) -> Revocation {
        match revoke(&self.tokens, endpoint, &grant.client, token, &self.policy.limits).await {
            Ok(Answer::Revoked) => Revocation::Revoked,
            Ok(Answer::Unsupported) => Revocation::NotOffered,
            Err(error) => {
                tracing::warn!(server = %self.server, issuer = %grant.issuer(), %error, "a token could not be revoked");
                Revocation::Failed(error.into())
            }
        }
    }

    /// Asked for anew, since a grant lives longer than what its server once published.
    async fn revocation_endpoint(&self, grant: &Grant) -> Result<Option<EndpointUrl>, DiscoveryError> {
        let issuer = self.policy.listed_name(grant.issuer());
        let metadata: Option<AuthorizationServerMetadata> =
            server_metadata(&self.fetcher, &self.policy, issuer).await?;
        let Some(text) = metadata.and_then(|metadata| metadata.revocation_endpoint) else { return Ok(None) };
        let endpoint = self.fetcher.endpoint(&text).map_err(|source| DiscoveryError::Endpoint {
            issuer: grant.issuer().clone(),
            endpoint: "revocation_endpoint",
            source,
        })?;
        Ok(Some(endpoint))
    }
}

fn with_token(grant: &Grant, then: impl FnOnce() -> Revocation) -> Revocation {
    if grant.is_refreshable() { then() } else { Revocation::NoToken }
}
