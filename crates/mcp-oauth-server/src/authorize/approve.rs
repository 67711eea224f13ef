//! Grants a request: a grant, a code for it, the redirect.

use axum::response::Response;
use mcp_oauth_core::{
    AuthorizationCode, ClientId, CodeChallenge, OAuthError, OAuthErrorCode, ResourceUri, ScopeSet,
};

use super::reply::ReplyTo;
use crate::server::{State, end_of};
use crate::store::{CodeRecord, Grant, GrantId, SecretHash, StoreError};

/// What was approved.
pub(super) struct Approved {
    pub(super) client_id: ClientId,
    pub(super) subject: String,
    pub(super) challenge: CodeChallenge,
    pub(super) scopes: ScopeSet,
    pub(super) resources: Vec<ResourceUri>,
}

pub(super) async fn grant(state: &State, reply_to: &ReplyTo, approved: Approved) -> Response {
    match code(state, reply_to, approved).await {
        Ok(code) => reply_to.code(&code),
        Err(error) => {
            tracing::error!(error = &error as &dyn std::error::Error, "the grant could not be stored");
            reply_to.error(&OAuthError::new(OAuthErrorCode::TemporarilyUnavailable))
        }
    }
}

/// The grant exists before its code does: then the second use of a code finds something to end, even while the first
/// is still being answered.
async fn code(
    state: &State,
    reply_to: &ReplyTo,
    approved: Approved,
) -> Result<AuthorizationCode, StoreError> {
    let now = state.clock.now();
    let lifetimes = &state.lifetimes;
    let id = GrantId::generate(&*state.entropy);
    tracing::info!(
        client = %approved.client_id, subject = %approved.subject, scopes = %approved.scopes, "authorization granted"
    );
    let grant = Grant {
        client_id: approved.client_id.clone(),
        subject: approved.subject,
        scopes: approved.scopes,
        resources: approved.resources,
        expires_at: end_of(now, lifetimes.grant),
    };
    state.store.add_grant(id.clone(), grant).await?;
    let code = AuthorizationCode::generate(&*state.entropy);
    let record = CodeRecord {
        client_id: approved.client_id,
        grant: id,
        redirect_uri: reply_to.redirect_uri.clone(),
        challenge: approved.challenge,
        expires_at: end_of(now, lifetimes.code),
        keep_until: end_of(end_of(now, lifetimes.code), lifetimes.access_token),
    };
    state.store.add_code(SecretHash::of(code.expose()), record).await?;
    Ok(code)
}
