//! Why a transport failed.

use std::error::Error;
use std::time::Duration;

use ::rmcp::ServiceError;
use ::rmcp::service::ClientInitializeError;
use ::rmcp::transport::streamable_http_client::StreamableHttpError;
use http::StatusCode;
use mcp_oauth_core::InvalidUrl;

use crate::http::BoxError;
use crate::{AuthorizationRequired, RefreshError};

/// Why a transport failed.
///
/// rmcp carries it in errors of its own; [`AuthorizationRequired::find`] looks into those, too.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TransportError {
    /// The address is none.
    #[error("the address cannot be used")]
    Url(#[source] InvalidUrl),
    /// A person has to log in.
    #[error(transparent)]
    Authorization(#[from] AuthorizationRequired),
    /// The token could not be renewed.
    #[error(transparent)]
    Refresh(#[from] RefreshError),
    /// The request could not be sent, or got no answer.
    #[error("the server cannot be reached")]
    Unreachable(#[source] BoxError),
    /// The connection broke, or the answer is too long.
    #[error("the answer broke off or is too long")]
    Broken(#[source] BoxError),
    /// The server refuses.
    #[error("the server answered with {status}")]
    Status {
        /// The answer.
        status: StatusCode,
    },
    /// There is no event stream at the address.
    #[error("there is no event stream here; a server of 2025-03-26 or later speaks streamable HTTP")]
    NoEventStream,
    /// The server names no endpoint for messages, or one at another origin, where tokens do not go.
    #[error("the server names no endpoint at its own origin")]
    Endpoint,
    /// Nothing came in time.
    #[error("the server said nothing for {} s", limit.as_secs())]
    TimedOut {
        /// The limit.
        limit: Duration,
    },
    /// A message cannot be written as JSON.
    #[error("a message cannot be written")]
    Message(#[source] serde_json::Error),
}

impl TransportError {
    /// What the layer returns, each by its type again.
    pub(super) fn from_box(error: BoxError) -> Self {
        let error = match error.downcast::<AuthorizationRequired>() {
            Ok(required) => return Self::Authorization(*required),
            Err(error) => error,
        };
        let error = match error.downcast::<Self>() {
            Ok(own) => return *own,
            Err(error) => error,
        };
        match error.downcast::<RefreshError>() {
            Ok(refresh) => Self::Refresh(*refresh),
            Err(other) => Self::Unreachable(other),
        }
    }
}

/// What rmcp's errors, and ours, carry without calling it their source.
pub(crate) fn hidden_source<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a (dyn Error + 'static)> {
    if let Some(ClientInitializeError::TransportError { error, .. }) = error.downcast_ref() {
        return Some(&*error.error);
    }
    if let Some(ServiceError::TransportSend(error)) = error.downcast_ref() {
        return Some(&*error.error);
    }
    if let Some(TransportError::Authorization(required)) = error.downcast_ref() {
        return Some(required);
    }
    match error.downcast_ref() {
        Some(StreamableHttpError::<TransportError>::Client(error)) => Some(error),
        _ => None,
    }
}
