//! The token endpoint (RFC 6749 §3.2): one file per grant, one for the errors.

mod code;
mod error;
mod refresh;

pub(crate) use error::TokenError;

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::State as Extracted;
use axum::response::{IntoResponse as _, Response};
use http::HeaderMap;
use http::header::{CACHE_CONTROL, PRAGMA};
use mcp_oauth_core::{GrantType, ResourceUri, TokenResponse};

use crate::client;
use crate::form::Parameters;
use crate::server::State;

/// `POST /token`.
pub(crate) async fn endpoint(
    Extracted(state): Extracted<Arc<State>>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, TokenError> {
    let tokens = exchange(&state, &headers, body).await?;
    // RFC 6749 §5.1.
    Ok(([(CACHE_CONTROL, "no-store"), (PRAGMA, "no-cache")], Json(tokens)).into_response())
}

async fn exchange(state: &State, headers: &HeaderMap, body: Body) -> Result<TokenResponse, TokenError> {
    let parameters = Parameters::read(headers, body, state.limits.body_bytes).await?;
    let client = client::authenticate(&state.clients, headers, &parameters, state.clock.now()).await?;
    let grant_type = parameters.one("grant_type")?.ok_or(TokenError::Missing("grant_type"))?;
    let grant_type = GrantType::from(grant_type);
    if !matches!(grant_type, GrantType::AuthorizationCode | GrantType::RefreshToken) {
        return Err(TokenError::UnsupportedGrantType);
    }
    if !client.may_use(&grant_type) {
        return Err(TokenError::UnauthorizedClient);
    }
    match grant_type {
        GrantType::RefreshToken => refresh::exchange(state, &client, &parameters).await,
        _ => code::exchange(state, &client, &parameters).await,
    }
}

/// The resources that a token request names, which must be among those of the grant; all of them when it names none
/// (RFC 8707 §2.2).
fn resources(parameters: &Parameters, granted: &[ResourceUri]) -> Result<Vec<ResourceUri>, TokenError> {
    let named: Vec<ResourceUri> =
        crate::authorize::named_resources(parameters, granted).ok_or(TokenError::InvalidTarget)?;
    Ok(if named.is_empty() { granted.to_vec() } else { named })
}
