//! All routes of the authorization server.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::State as Extracted;
use axum::routing::{get, post};
use http::Method;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderName, WWW_AUTHENTICATE};
use mcp_oauth_core::authorization_server_metadata_urls;
use tower_http::cors::{Any, CorsLayer};

use super::metadata;
use super::{Endpoints, State};
use crate::register::Registration;
use crate::{authorize, register, revoke, token};

type Shared = Extracted<Arc<State>>;

pub(super) fn router<S: Clone + Send + Sync + 'static>(state: Arc<State>) -> Router<S> {
    let path = |endpoint| state.endpoints.path(endpoint);
    let mut json = Router::new()
        .route(&path(Endpoints::JWKS), get(async |Extracted(state): Shared| metadata::jwks(&state)))
        .route(&path(Endpoints::TOKEN), post(token::endpoint))
        .route(&path(Endpoints::REVOKE), post(revoke::endpoint));
    if matches!(state.registration, Registration::Open) {
        json = json.route(&path(Endpoints::REGISTER), post(register::endpoint));
    }
    // RFC 8414 first, then the one or two places of OIDC.
    for (position, url) in authorization_server_metadata_urls(&state.issuer).iter().enumerate() {
        let handler = match position {
            0 => get(async |Extracted(state): Shared| metadata::oauth(&state)),
            _ => get(async |Extracted(state): Shared| metadata::openid(&state)),
        };
        json = json.route(url.path(), handler);
    }
    let pages = Router::new()
        .route(&path(Endpoints::AUTHORIZE), get(authorize::from_query).post(authorize::from_body))
        .route(&path(Endpoints::DECIDE), post(authorize::decide));
    json.layer(cors()).merge(pages).with_state(state)
}

/// What programs ask for, pages of other origins may ask for too: no cookie means anything here. The pages for people
/// are not among it.
pub(crate) fn cors() -> CorsLayer {
    CorsLayer::new()
        .allow_origin(Any)
        .allow_methods([Method::GET, Method::POST])
        .allow_headers([AUTHORIZATION, CONTENT_TYPE, HeaderName::from_static("mcp-protocol-version")])
        .expose_headers([WWW_AUTHENTICATE])
        .max_age(Duration::from_secs(3600))
}
