//! The answers to requests that may not pass (RFC 6750 §3, RFC 9728 §5.1), in one table.

use std::sync::Arc;

use axum::Json;
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use http::header::{CACHE_CONTROL, RETRY_AFTER, WWW_AUTHENTICATE};
use mcp_oauth_core::{
    BearerChallenge, OAuthError, OAuthErrorCode, ResourceUri, ScopeSet, protected_resource_metadata_url,
};

use super::RejectedToken;

/// Why a request may not pass.
#[derive(Debug, thiserror::Error)]
pub(super) enum Refusal {
    #[error("a token is needed")]
    NoToken,
    #[error("{0}")]
    Malformed(&'static str),
    #[error(transparent)]
    Token(#[from] RejectedToken),
    #[error("the request needs the scopes {needed}")]
    InsufficientScope { needed: ScopeSet },
    #[error("the body is longer than the {limit} bytes that are looked at, or broke off")]
    Body { limit: usize },
}

/// Makes the answers of one resource.
#[derive(Debug, Clone)]
pub(super) struct Answers {
    metadata_url: Arc<str>,
    at_first: ScopeSet,
}

impl Answers {
    pub(super) fn new(resource: &ResourceUri, at_first: ScopeSet) -> Self {
        Self { metadata_url: protected_resource_metadata_url(resource).as_str().into(), at_first }
    }

    /// From meaning to status and code. Nothing of the token is in the answer, and no answer is cached.
    pub(super) fn refuse(&self, refusal: &Refusal) -> Response {
        use OAuthErrorCode::{InsufficientScope, InvalidRequest, InvalidToken, TemporarilyUnavailable};
        let (status, code, scope) = match refusal {
            // RFC 6750 §3.1: without authentication information, no error code.
            Refusal::NoToken => (StatusCode::UNAUTHORIZED, None, Some(&self.at_first)),
            Refusal::Malformed(_) => (StatusCode::BAD_REQUEST, Some(InvalidRequest), None),
            // The token may be good, so the client must not throw it away.
            Refusal::Token(RejectedToken::Unavailable(_)) => {
                (StatusCode::SERVICE_UNAVAILABLE, Some(TemporarilyUnavailable), None)
            }
            Refusal::Token(_) => (StatusCode::UNAUTHORIZED, Some(InvalidToken), Some(&self.at_first)),
            Refusal::InsufficientScope { needed } => {
                (StatusCode::FORBIDDEN, Some(InsufficientScope), Some(needed))
            }
            Refusal::Body { .. } => (StatusCode::PAYLOAD_TOO_LARGE, None, None),
        };
        let text = refusal.to_string();
        let mut response = match &code {
            Some(code) => Json(OAuthError::new(code.clone()).with_description(&text)).into_response(),
            None => text.clone().into_response(),
        };
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.insert(CACHE_CONTROL, http::HeaderValue::from_static("no-store"));
        match status {
            StatusCode::SERVICE_UNAVAILABLE => {
                headers.insert(RETRY_AFTER, http::HeaderValue::from_static("5"));
            }
            StatusCode::PAYLOAD_TOO_LARGE => {}
            _ => {
                let mut challenge = BearerChallenge::new().with_resource_metadata(&*self.metadata_url);
                if let Some(code) = code {
                    challenge = challenge.with_error(code).with_error_description(&text);
                }
                if let Some(scope) = scope {
                    challenge = challenge.with_scope(scope.clone());
                }
                headers.insert(WWW_AUTHENTICATE, challenge.to_header_value());
            }
        }
        response
    }
}
