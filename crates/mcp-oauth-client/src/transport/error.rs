//! Why a transport failed.

use std::error::Error;
use std::time::Duration;

use ::rmcp::ServiceError;
use ::rmcp::service::ClientInitializeError;
use ::rmcp::transport::streamable_http_client::StreamableHttpError;
use http::StatusCode;
use mcp_oauth_core::{InvalidUrl, RedactedUrl};
use url::Url;

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
    /// The request could not be sent, or got no answer. The message tells what it came of, too, since rmcp shows nothing
    /// else of an error.
    #[error("{url} cannot be reached: {}", causes(&**source))]
    Unreachable {
        /// The address, without what may be a secret in it.
        url: String,
        /// What failed.
        #[source]
        source: BoxError,
    },
    /// The connection broke, or the answer is too long.
    #[error("the answer broke off or is too long")]
    Broken(#[source] BoxError),
    /// The server refuses.
    #[error("{url} answered with {status}")]
    Status {
        /// The address, without what may be a secret in it.
        url: String,
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
    /// True when the same may succeed a moment later.
    pub(super) fn is_passing(&self) -> bool {
        match self {
            Self::Unreachable { .. } | Self::TimedOut { .. } => true,
            Self::Status { status, .. } => {
                status.is_server_error() || *status == StatusCode::TOO_MANY_REQUESTS
            }
            Self::Refresh(error) => error.is_retryable(),
            _ => false,
        }
    }

    /// What the layer returns for a request to this address, each by its type again.
    pub(super) fn from_box(error: BoxError, uri: &str) -> Self {
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
            Err(source) => Self::Unreachable { url: shown(uri), source },
        }
    }
}

/// An address as it may be told.
pub(super) fn shown(uri: &str) -> String {
    Url::parse(uri).map(|url| RedactedUrl(&url).to_string()).unwrap_or_default()
}

/// An error and everything that caused it, each part once.
fn causes(error: &(dyn Error + 'static)) -> String {
    let mut said = String::new();
    for error in std::iter::successors(Some(error), |&error| error.source()) {
        let part = error.to_string();
        // hyper's client says on the way only that it is a client.
        if !said.contains(&part) && !part.starts_with("client error (") {
            let separator = if said.is_empty() { "" } else { ": " };
            said.push_str(separator);
            said.push_str(&part);
        }
    }
    said
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
