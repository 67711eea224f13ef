//! Pushed authorization requests (RFC 9126): the request goes to the server from here, and the browser carries a reference
//! to it. Nothing of it can then be read or changed on its way through the browser.

use std::time::Duration;

use http::StatusCode;
use mcp_oauth_core::{EndpointUrl, InvalidUrl, OAuthError, OAuthErrorCode};
use serde::Deserialize;

use crate::token::{Form, TokenEndpoint, TokenError, TokenRequest};
use crate::{AssertionError, AuthorizationServer, HttpError, PushedRequests, RegisteredClient};

/// A request that the server keeps for the browser.
pub(crate) struct Pushed {
    /// The parameters that the browser carries.
    pub(crate) parameters: Vec<(String, String)>,
    /// How long the server keeps it.
    pub(crate) lifetime: Duration,
}

#[derive(Deserialize)]
struct Answer {
    request_uri: String,
    expires_in: serde_json::Value,
}

/// Where to push to: `None` when the request goes with the browser.
pub(crate) fn push_endpoint(
    server: &AuthorizationServer,
    policy: PushedRequests,
) -> Result<Option<&str>, PushError> {
    let metadata = server.metadata();
    let endpoint = metadata.pushed_authorization_request_endpoint.as_deref();
    let required = metadata.require_pushed_authorization_requests == Some(true);
    match (endpoint, required, policy) {
        (None, true, _) => Err(PushError::NoEndpoint),
        (Some(endpoint), true, _) | (Some(endpoint), _, PushedRequests::WhereOffered) => Ok(Some(endpoint)),
        _ => Ok(None),
    }
}

/// Pushes a request with the client's authentication, as at the token endpoint (§2.1).
pub(crate) async fn push(
    tokens: &TokenEndpoint,
    endpoint: &EndpointUrl,
    client: &RegisteredClient,
    parameters: &[(String, String)],
) -> Result<Pushed, PushError> {
    // The id comes with the authentication of some methods, and may stand there once.
    let authenticates_by_form = client.authentication().names_client();
    let form: Form<'_> = parameters
        .iter()
        .filter(|(name, _)| !(authenticates_by_form && name == "client_id"))
        .map(|(name, value)| (name.as_str(), value.as_str().into()))
        .collect();
    let answer = tokens.post(&TokenRequest { endpoint, client, form }).await?;
    let status = answer.status();
    if !status.is_success() {
        return Err(match serde_json::from_slice::<OAuthError>(answer.body()) {
            Ok(error) if status.is_client_error() => PushError::Refused(error),
            _ => PushError::Unexpected { status },
        });
    }
    let answer: Answer = serde_json::from_slice(answer.body()).map_err(|_| PushError::Malformed)?;
    let seconds = match &answer.expires_in {
        serde_json::Value::String(text) => text.trim().parse().ok(),
        other => other.as_u64(),
    };
    match seconds.map(Duration::from_secs) {
        Some(lifetime) if !lifetime.is_zero() && is_reference(&answer.request_uri) => Ok(Pushed {
            parameters: vec![
                ("client_id".to_owned(), client.client_id().to_string()),
                ("request_uri".to_owned(), answer.request_uri),
            ],
            lifetime,
        }),
        _ => Err(PushError::Malformed),
    }
}

/// Printable and of a length that fits into an address.
fn is_reference(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= LONGEST_REFERENCE
        && text.bytes().all(|byte| matches!(byte, 0x21..=0x7e))
}

const LONGEST_REFERENCE: usize = 2048;

/// Why a request could not be pushed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PushError {
    /// The server takes pushed requests only, and does not say where.
    #[error("the authorization server requires pushed requests and names no endpoint for them")]
    NoEndpoint,
    /// The endpoint cannot be reached.
    #[error("the endpoint for pushed requests cannot be reached")]
    Http(#[source] HttpError),
    /// The endpoint is not an address that may be used.
    #[error("the endpoint for pushed requests cannot be used")]
    Endpoint(#[source] InvalidUrl),
    /// The client's key gave no assertion to authenticate with.
    #[error("the client cannot authenticate")]
    Assertion(#[source] AssertionError),
    /// The server refused the request, before any person saw it.
    #[error("the authorization server refused the request")]
    Refused(#[source] OAuthError),
    /// The server failed or answered with something else.
    #[error("the endpoint for pushed requests answered with {status}")]
    Unexpected {
        /// The answer.
        status: StatusCode,
    },
    /// The answer has no `request_uri` that could be used, or does not say how long it is good for.
    #[error("the answer to the pushed request cannot be used")]
    Malformed,
}

impl PushError {
    /// True when the same request may succeed later.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Http(error) => error.is_retryable(),
            Self::Unexpected { status } => {
                status.is_server_error() || *status == StatusCode::TOO_MANY_REQUESTS
            }
            Self::Refused(error) => {
                matches!(error.code(), OAuthErrorCode::TemporarilyUnavailable | OAuthErrorCode::ServerError)
            }
            _ => false,
        }
    }

    /// True when the server no longer knows the client.
    pub(crate) fn is_unknown_client(&self) -> bool {
        matches!(self, Self::Refused(error) if *error.code() == OAuthErrorCode::InvalidClient)
    }
}

impl From<TokenError> for PushError {
    /// What can go wrong before there is an answer; the rest is judged here.
    fn from(error: TokenError) -> Self {
        match error {
            TokenError::Http(error) => Self::Http(error),
            TokenError::Endpoint(error) => Self::Endpoint(error),
            TokenError::Assertion(error) => Self::Assertion(error),
            TokenError::Refused(error) => Self::Refused(error),
            TokenError::Unexpected { status } => Self::Unexpected { status },
            _ => Self::Malformed,
        }
    }
}
