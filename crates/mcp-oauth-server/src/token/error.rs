//! The errors of the token and revocation endpoints (RFC 6749 §5.2): each meaning, its status and its code, in one
//! table.

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, PRAGMA, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, StatusCode};
use mcp_oauth_core::{OAuthError, OAuthErrorCode, ScopeSet};

use crate::client::ClientError;
use crate::form::{BodyError, Repeated};
use crate::server::IssuanceError;
use crate::store::StoreError;

/// Why there are no tokens. The texts go to the client.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TokenError {
    #[error(transparent)]
    Body(#[from] BodyError),
    #[error(transparent)]
    Repeated(#[from] Repeated),
    #[error("{0} is missing")]
    Missing(&'static str),
    #[error(transparent)]
    Client(#[from] ClientError),
    #[error("this grant type is not supported")]
    UnsupportedGrantType,
    #[error("the client is not registered for this grant type")]
    UnauthorizedClient,
    #[error("the authorization code is invalid, expired, used or another client's")]
    Code,
    #[error("redirect_uri differs from the one of the authorization request")]
    RedirectUri,
    #[error("the code verifier does not fit the challenge")]
    Verifier,
    #[error("the refresh token is invalid, expired, revoked or another client's")]
    RefreshToken,
    #[error("the token was issued to another client")]
    ForeignToken,
    #[error("the scope is malformed")]
    MalformedScope,
    #[error("the scopes {0} were not granted")]
    Scope(ScopeSet),
    #[error("the resource was not granted")]
    InvalidTarget,
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Issuance(#[from] IssuanceError),
}

impl IntoResponse for TokenError {
    fn into_response(self) -> Response {
        use OAuthErrorCode as Code;
        const BAD: StatusCode = StatusCode::BAD_REQUEST;
        let (status, code) = match &self {
            Self::Body(_)
            | Self::Repeated(_)
            | Self::Missing(_)
            | Self::Client(ClientError::Repeated(_) | ClientError::TwoMethods) => (BAD, Code::InvalidRequest),
            Self::Client(ClientError::Store(_))
            | Self::Store(_)
            | Self::Issuance(IssuanceError::Store(_)) => {
                (StatusCode::SERVICE_UNAVAILABLE, Code::TemporarilyUnavailable)
            }
            Self::Client(_) => (StatusCode::UNAUTHORIZED, Code::InvalidClient),
            Self::UnsupportedGrantType => (BAD, Code::UnsupportedGrantType),
            Self::UnauthorizedClient => (BAD, Code::UnauthorizedClient),
            Self::Code | Self::RedirectUri | Self::Verifier | Self::RefreshToken | Self::ForeignToken => {
                (BAD, Code::InvalidGrant)
            }
            Self::MalformedScope | Self::Scope(_) => (BAD, Code::InvalidScope),
            Self::InvalidTarget => (BAD, Code::InvalidTarget),
            Self::Issuance(_) => (StatusCode::INTERNAL_SERVER_ERROR, Code::ServerError),
        };
        if status.is_server_error() {
            // The chain is for the operator; the client learns that it may try again.
            tracing::error!(error = &self as &dyn std::error::Error, "the token endpoint failed");
        } else {
            tracing::debug!(code = %code, reason = %self, "token request refused");
        }
        let body = Json(OAuthError::new(code).with_description(&self.to_string()));
        let mut response =
            (status, [(CACHE_CONTROL, "no-store"), (PRAGMA, "no-cache")], body).into_response();
        match status {
            // "MUST … include the WWW-Authenticate response header field matching the authentication scheme".
            StatusCode::UNAUTHORIZED => {
                let challenge = HeaderValue::from_static(r#"Basic realm="token endpoint", charset="UTF-8""#);
                response.headers_mut().insert(WWW_AUTHENTICATE, challenge);
            }
            StatusCode::SERVICE_UNAVAILABLE => {
                response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("5"));
            }
            _ => {}
        }
        response
    }
}
