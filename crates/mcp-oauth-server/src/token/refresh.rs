//! `grant_type=refresh_token` (OAuth 2.1 §4.3): every refresh token works once.

use mcp_oauth_core::{ScopeSet, TokenResponse};

use super::{TokenError, resources};
use crate::client::Client;
use crate::form::Parameters;
use crate::server::State;
use crate::store::{GrantId, Redemption, SecretHash};

pub(super) async fn exchange(
    state: &State,
    client: &Client,
    parameters: &Parameters,
) -> Result<TokenResponse, TokenError> {
    let token = parameters.one("refresh_token")?.ok_or(TokenError::Missing("refresh_token"))?;
    let token = SecretHash::of(token);
    let record = state.store.refresh_token(&token).await?.ok_or(TokenError::RefreshToken)?;
    if record.client_id != *client.id() || record.expires_at <= state.clock.now() {
        return Err(TokenError::RefreshToken);
    }
    // The request is checked before the token is used up: a client that asks for too much may ask again.
    let grant = state.store.grant(&record.grant).await?.ok_or(TokenError::RefreshToken)?;
    let scopes = match parameters.one("scope")? {
        None => grant.scopes.clone(),
        Some(text) => ScopeSet::parse(text).map_err(|_| TokenError::MalformedScope)?,
    };
    let wider = scopes.difference(&grant.scopes);
    if !wider.is_empty() {
        return Err(TokenError::Scope(wider));
    }
    let resources = resources(parameters, &grant.resources)?;
    match state.store.redeem_refresh_token(&token).await? {
        Redemption::First => {}
        Redemption::Unknown => return Err(TokenError::RefreshToken),
        Redemption::Again => return Err(reused(state, client, &record.grant).await),
    }
    let tokens = state.issuance.issue(&record.grant, &grant, &scopes, &resources, true).await?;
    tracing::debug!(client = %client.id(), subject = %grant.subject, "refreshed");
    Ok(tokens)
}

/// Either the client or a thief holds an old token, and nobody can tell which: the family ends (OAuth 2.1 §4.3.1).
async fn reused(state: &State, client: &Client, grant: &GrantId) -> TokenError {
    tracing::warn!(client = %client.id(), "a refresh token was used twice; its grant is revoked");
    match state.store.revoke_grant(grant).await {
        Ok(()) => TokenError::RefreshToken,
        Err(error) => error.into(),
    }
}
