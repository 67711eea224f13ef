//! The revocation endpoint (RFC 7009). Whatever token is given, the whole grant behind it ends: an access token without
//! its refresh token would be replaced at once, which is not what "log out" means (§2.1 allows it).

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State as Extracted;
use http::{HeaderMap, StatusCode};
use mcp_oauth_core::{AccessToken, ClientId};

use crate::client::{self, Client};
use crate::form::Parameters;
use crate::resource::RejectedToken;
use crate::server::State;
use crate::store::{GrantId, SecretHash, StoreError};
use crate::token::TokenError;

/// `POST /revoke`. `token_type_hint` is not needed to find the token, so it is ignored.
pub(crate) async fn endpoint(
    Extracted(state): Extracted<Arc<State>>,
    headers: HeaderMap,
    body: Body,
) -> Result<StatusCode, TokenError> {
    let parameters = Parameters::read(&headers, body, state.limits.body_bytes).await?;
    let client = client::authenticate(&state.clients, &headers, &parameters, state.clock.now()).await?;
    let token = parameters.one("token")?.ok_or(TokenError::Missing("token"))?;
    // "invalid tokens do not cause an error response" (§2.2): they are as good as revoked.
    if let Some(grant) = grant_of(&state, &client, token).await? {
        state.store.revoke_grant(&grant).await?;
        tracing::info!(client = %client.id(), "grant revoked");
    }
    Ok(StatusCode::OK)
}

async fn grant_of(state: &State, client: &Client, token: &str) -> Result<Option<GrantId>, TokenError> {
    let Some((owner, grant)) = find(state, token).await? else { return Ok(None) };
    // "the request is refused and the client is informed of the error" (§2.1).
    if owner == *client.id() { Ok(Some(grant)) } else { Err(TokenError::ForeignToken) }
}

/// Whose token it is, and of which grant.
async fn find(state: &State, token: &str) -> Result<Option<(ClientId, GrantId)>, StoreError> {
    if let Some(record) = state.store.refresh_token(&SecretHash::of(token)).await? {
        return Ok(Some((record.client_id, record.grant)));
    }
    let Ok(token) = AccessToken::parse(token) else { return Ok(None) };
    match state.issuance.verifier().check(&token).await {
        Ok(claims) => Ok(claims.grant.map(|grant| (claims.client_id, grant))),
        Err(RejectedToken::Unavailable(error)) => Err(error),
        Err(_) => Ok(None),
    }
}
