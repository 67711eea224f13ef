//! `grant_type=authorization_code` (OAuth 2.1 §4.1.3).

use mcp_oauth_core::{CodeVerifier, GrantType, TokenResponse};

use super::{TokenError, resources};
use crate::client::Client;
use crate::form::Parameters;
use crate::server::State;
use crate::store::{Redemption, SecretHash};

pub(super) async fn exchange(
    state: &State,
    client: &Client,
    parameters: &Parameters,
) -> Result<TokenResponse, TokenError> {
    let code = parameters.one("code")?.ok_or(TokenError::Missing("code"))?;
    let redirect_uri = parameters.one("redirect_uri")?;
    let verifier = parameters.one("code_verifier")?.ok_or(TokenError::Missing("code_verifier"))?;
    let code = SecretHash::of(code);
    let record = state.store.code(&code).await?.ok_or(TokenError::Code)?;
    // Another client's attempt does not use the code up: it must not be able to end somebody else's login.
    if record.client_id != *client.id() {
        return Err(TokenError::Code);
    }
    // From here on the code is used, whatever comes of it: there is one attempt, not one for each guess.
    match state.store.redeem_code(&code).await? {
        Redemption::First => {}
        Redemption::Unknown => return Err(TokenError::Code),
        // "the authorization server … SHOULD revoke … all access tokens and refresh tokens previously issued based on
        // that authorization code".
        Redemption::Again => {
            tracing::warn!(client = %client.id(), "an authorization code was used twice; its grant is revoked");
            state.store.revoke_grant(&record.grant).await?;
            return Err(TokenError::Code);
        }
    }
    if record.expires_at <= state.clock.now() {
        return Err(TokenError::Code);
    }
    // OAuth 2.1 no longer asks for redirect_uri here; a client that sends it must mean the same one.
    if redirect_uri.is_some_and(|sent| sent != record.redirect_uri.as_str()) {
        return Err(TokenError::RedirectUri);
    }
    // Every code has a challenge, so there is no verifier without one to refuse (RFC 9700 §2.1.1).
    let verifier = CodeVerifier::parse(verifier).map_err(|_| TokenError::Verifier)?;
    if !record.challenge.is_met_by(&verifier) {
        return Err(TokenError::Verifier);
    }
    let grant = state.store.grant(&record.grant).await?.ok_or(TokenError::Code)?;
    let resources = resources(parameters, &grant.resources)?;
    let with_refresh_token = client.may_use(&GrantType::RefreshToken);
    let tokens =
        state.issuance.issue(&record.grant, &grant, &grant.scopes, &resources, with_refresh_token).await?;
    tracing::info!(client = %client.id(), subject = %grant.subject, scopes = %grant.scopes, "code exchanged");
    Ok(tokens)
}
