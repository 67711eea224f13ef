//! The errors of registration (RFC 7591 §3.2.2), in one table.

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, RETRY_AFTER};
use http::{HeaderValue, StatusCode};
use mcp_oauth_core::{InvalidUrl, OAuthError, OAuthErrorCode};

use crate::store::StoreError;

/// Why a client is not registered. The texts go to the client.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RegistrationError {
    #[error("the content type is not application/json")]
    ContentType,
    #[error("the body has more than {limit} bytes or broke off")]
    Size { limit: usize },
    #[error("the body is not client metadata: {0}")]
    Json(#[from] serde_json::Error),
    #[error("there must be 1 to {limit} redirect_uris")]
    RedirectUriCount { limit: usize },
    #[error("redirect_uris[{position}] is longer than {limit} bytes")]
    RedirectUriLength { position: usize, limit: usize },
    #[error("redirect_uris[{position}] holds a wildcard or a character that a URI cannot hold")]
    RedirectUriCharacter { position: usize },
    #[error("redirect_uris[{position}]: {source}")]
    RedirectUri { position: usize, source: InvalidUrl },
    #[error("redirect_uris[{position}]: a web application needs https and a host that is not localhost")]
    WebRedirectUri { position: usize },
    #[error("application_type must be native or web")]
    ApplicationType,
    #[error("grant_types must hold authorization_code")]
    GrantTypes,
    #[error("response_types must hold code")]
    ResponseTypes,
    #[error("token_endpoint_auth_method must be none, client_secret_basic or client_secret_post")]
    AuthMethod,
    #[error("too many registrations; try again in a minute")]
    TooMany,
    #[error("no client id could be made")]
    Id,
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl IntoResponse for RegistrationError {
    fn into_response(self) -> Response {
        use OAuthErrorCode as Code;
        const BAD: StatusCode = StatusCode::BAD_REQUEST;
        let (status, code) = match &self {
            Self::RedirectUriCount { .. }
            | Self::RedirectUriLength { .. }
            | Self::RedirectUriCharacter { .. }
            | Self::RedirectUri { .. }
            | Self::WebRedirectUri { .. } => (BAD, Code::InvalidRedirectUri),
            Self::ContentType
            | Self::Size { .. }
            | Self::Json(_)
            | Self::ApplicationType
            | Self::GrantTypes
            | Self::ResponseTypes
            | Self::AuthMethod => (BAD, Code::InvalidClientMetadata),
            Self::TooMany => (StatusCode::TOO_MANY_REQUESTS, Code::TemporarilyUnavailable),
            Self::Store(_) => (StatusCode::SERVICE_UNAVAILABLE, Code::TemporarilyUnavailable),
            Self::Id => (StatusCode::INTERNAL_SERVER_ERROR, Code::ServerError),
        };
        if status.is_server_error() {
            tracing::error!(error = &self as &dyn std::error::Error, "registration failed");
        } else {
            tracing::debug!(code = %code, reason = %self, "registration refused");
        }
        let body = Json(OAuthError::new(code).with_description(&self.to_string()));
        let mut response = (status, [(CACHE_CONTROL, "no-store")], body).into_response();
        if matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE) {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("60"));
        }
        response
    }
}
