//! The published metadata (RFC 8414 §2). It names what works and nothing else.

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::header::CACHE_CONTROL;
use mcp_oauth_core::{AuthorizationServerMetadata, CodeChallenge, GrantType, TokenEndpointAuthMethod};
use serde_json::{Value, json};

use super::{Endpoints, State};
use crate::register::Registration;

pub(super) fn document(state: &State) -> AuthorizationServerMetadata {
    let url = |endpoint| Some(state.endpoints.url(endpoint));
    let mut metadata = AuthorizationServerMetadata::new(state.issuer.clone());
    metadata.authorization_endpoint = url(Endpoints::AUTHORIZE);
    metadata.token_endpoint = url(Endpoints::TOKEN);
    metadata.revocation_endpoint = url(Endpoints::REVOKE);
    metadata.jwks_uri = url(Endpoints::JWKS);
    metadata.registration_endpoint = match state.registration {
        Registration::Open => url(Endpoints::REGISTER),
        Registration::Closed => None,
    };
    metadata.scopes_supported = Some(state.scopes.supported());
    metadata.response_types_supported = Some(vec!["code".to_owned()]);
    metadata.response_modes_supported = Some(vec!["query".to_owned()]);
    metadata.grant_types_supported = Some(vec![GrantType::AuthorizationCode, GrantType::RefreshToken]);
    metadata.token_endpoint_auth_methods_supported = Some(vec![
        TokenEndpointAuthMethod::None,
        TokenEndpointAuthMethod::ClientSecretBasic,
        TokenEndpointAuthMethod::ClientSecretPost,
    ]);
    metadata.code_challenge_methods_supported = Some(vec![CodeChallenge::METHOD.to_owned()]);
    metadata.authorization_response_iss_parameter_supported = Some(true);
    metadata.protected_resources =
        Some(state.resources.iter().map(|resource| resource.as_str().to_owned()).collect());
    metadata
}

pub(super) fn oauth(state: &State) -> Response {
    cached(Json(document(state)))
}

/// The same under the name that OIDC Discovery gives it, with the members that its §3 requires: clients that look here
/// check for them. No ID tokens are issued.
pub(super) fn openid(state: &State) -> Response {
    let mut document = serde_json::to_value(document(state)).unwrap_or_default();
    if let Value::Object(members) = &mut document {
        members.insert("subject_types_supported".to_owned(), json!(["public"]));
        members.insert("id_token_signing_alg_values_supported".to_owned(), json!(["ES256"]));
    }
    cached(Json(document))
}

pub(super) fn jwks(state: &State) -> Response {
    cached(Json(state.issuance.jwks()))
}

fn cached(document: impl IntoResponse) -> Response {
    ([(CACHE_CONTROL, "public, max-age=300")], document).into_response()
}
