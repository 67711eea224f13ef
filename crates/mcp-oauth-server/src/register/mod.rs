//! Dynamic client registration (RFC 7591).

mod error;
mod rate;
mod rules;

pub(crate) use rules::is_uri_text;

pub(crate) use rate::RegistrationRate;

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::State as Extracted;
use axum::response::{IntoResponse as _, Response};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, StatusCode};
use mcp_oauth_core::{ClientId, ClientInformation, ClientSecret, TokenEndpointAuthMethod};

use crate::client::{Client, ClientAuthentication, StoredSecret};
use crate::server::{State, end_of};
use crate::store::random;
use error::RegistrationError;

/// Who may register clients.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Registration {
    /// Anybody, as MCP clients expect. Registering grants nothing: every person still decides on the consent page.
    #[default]
    Open,
    /// Nobody: only configured clients.
    Closed,
}

/// `POST /register`.
pub(crate) async fn endpoint(
    Extracted(state): Extracted<Arc<State>>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, RegistrationError> {
    let kind = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    if !kind.eq_ignore_ascii_case("application/json") {
        return Err(RegistrationError::ContentType);
    }
    if !state.registration_rate.admit(state.clock.now()) {
        return Err(RegistrationError::TooMany);
    }
    let limit = state.limits.body_bytes;
    let body = axum::body::to_bytes(body, limit).await.map_err(|_| RegistrationError::Size { limit })?;
    let metadata = rules::accept(&body, &state)?;
    let information = add(&state, metadata).await?;
    let headers = [(http::header::CACHE_CONTROL, "no-store"), (http::header::PRAGMA, "no-cache")];
    Ok((StatusCode::CREATED, headers, Json(information)).into_response())
}

async fn add(state: &State, accepted: rules::Accepted) -> Result<ClientInformation, RegistrationError> {
    let now = state.clock.now();
    let metadata = accepted.metadata;
    let id = ClientId::parse(random(&*state.entropy)).map_err(|_| RegistrationError::Id)?;
    let mut information = ClientInformation::new(id.clone(), metadata.clone());
    information.client_id_issued_at = Some(now);
    let mut client = Client::new(id, metadata.redirect_uris.iter().cloned())
        .with_grant_types(metadata.grants().iter().cloned())
        .with_application_type(accepted.application_type);
    if let Some(name) = &metadata.client_name {
        client = client.with_name(name);
    }
    let method = metadata.auth_method();
    if method != TokenEndpointAuthMethod::None {
        let secret = ClientSecret::generate(&*state.entropy);
        let expires_at = state.lifetimes.client_secret.map(|lifetime| end_of(now, lifetime));
        let stored = StoredSecret::new(&secret).until(expires_at);
        client = client.with_authentication(match method {
            TokenEndpointAuthMethod::ClientSecretPost => ClientAuthentication::SecretPost(stored),
            _ => ClientAuthentication::SecretBasic(stored),
        });
        information.client_secret = Some(secret);
        information.client_secret_expires_at = expires_at;
    }
    tracing::info!(client = %client.id(), name = client.name(), "client registered");
    state.clients.add(client).await?;
    Ok(information)
}
