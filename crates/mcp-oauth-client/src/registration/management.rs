//! Managing a registration: reading, changing and deleting it (RFC 7592).
//!
//! A server that offers this gives an address and a token with the registration; both are kept with it. The server may
//! replace the token and the secret with any answer: what it answered last counts.

use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode};
use mcp_oauth_core::{
    ClientId, ClientInformation, ClientMetadata, ClientSecret, EndpointUrl, InvalidUrl, OAuthError,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::http::Fetcher;
use crate::{HttpError, stored};

/// Members of an answer that a request must not repeat (RFC 7592 §2.2).
const NOT_REPEATED: [&str; 4] = [
    "registration_access_token",
    "registration_client_uri",
    "client_secret_expires_at",
    "client_id_issued_at",
];

/// Where a registration is managed, and with what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Management {
    #[serde(with = "stored::endpoint")]
    pub(crate) uri: EndpointUrl,
    pub(crate) token: ClientSecret,
}

/// A registration as the server described it, with members that only the server knows.
pub(crate) struct Reading {
    pub(crate) information: ClientInformation,
    members: Map<String, Value>,
}

impl Management {
    /// What a server's answer offers. An address that may not be used offers nothing: the registration itself is good.
    pub(crate) fn offered(fetcher: &Fetcher, information: &ClientInformation) -> Option<Self> {
        let token = information.registration_access_token.clone()?;
        let uri = fetcher
            .endpoint(information.registration_client_uri.as_deref()?)
            .inspect_err(|error| tracing::debug!(%error, "the registration cannot be managed"))
            .ok()?;
        Some(Self { uri, token })
    }

    /// The same after an answer of the server, which may name another token alone (§3).
    pub(crate) fn renewed(&self, fetcher: &Fetcher, information: &ClientInformation) -> Self {
        Self::offered(fetcher, information).unwrap_or_else(|| Self {
            uri: self.uri.clone(),
            token: information.registration_access_token.clone().unwrap_or_else(|| self.token.clone()),
        })
    }

    /// What the server has registered (§2.1). It may give another token with it, which then is the only one that works.
    pub(crate) async fn read(&self, fetcher: &Fetcher) -> Result<Reading, ManagementError> {
        let answer = self.send(fetcher, Method::GET, None).await?;
        let members: Map<String, Value> =
            serde_json::from_slice(answer.body()).map_err(|_| ManagementError::Malformed)?;
        let information = serde_json::from_slice(answer.body()).map_err(|_| ManagementError::Malformed)?;
        Ok(Reading { information, members })
    }

    /// Replaces what was read by `metadata` (§2.2). Members that this crate does not know are sent back as they were,
    /// since the server would take their absence for a wish to delete them.
    pub(crate) async fn update(
        &self,
        fetcher: &Fetcher,
        reading: Reading,
        metadata: &ClientMetadata,
    ) -> Result<ClientInformation, ManagementError> {
        let Reading { information, mut members } = reading;
        // Known members that are absent in the new metadata are meant to go.
        if let (Ok(Value::Object(before)), Ok(Value::Object(after))) =
            (serde_json::to_value(&information.metadata), serde_json::to_value(metadata))
        {
            members.retain(|name, _| !before.contains_key(name) && !NOT_REPEATED.contains(&name.as_str()));
            members.extend(after);
        }
        let body = serde_json::to_vec(&members).map_err(|_| ManagementError::Malformed)?;
        let answer = self.send(fetcher, Method::PUT, Some(body)).await?;
        serde_json::from_slice(answer.body()).map_err(|_| ManagementError::Malformed)
    }

    /// Ends the registration (§2.3). [`ManagementError::Unknown`]: it has ended already, or goes on without us.
    pub(crate) async fn delete(&self, fetcher: &Fetcher) -> Result<(), ManagementError> {
        self.send(fetcher, Method::DELETE, None).await.map(drop)
    }

    async fn send(
        &self,
        fetcher: &Fetcher,
        method: Method,
        body: Option<Vec<u8>>,
    ) -> Result<Response<bytes::Bytes>, ManagementError> {
        // The address may come from a store that was written under another policy.
        let uri = fetcher.endpoint(self.uri.as_str()).map_err(ManagementError::Endpoint)?;
        let mut headers = HeaderMap::new();
        let mut bearer = HeaderValue::from_str(&format!("Bearer {}", self.token.expose()))
            .map_err(|_| ManagementError::Malformed)?;
        bearer.set_sensitive(true);
        headers.insert(AUTHORIZATION, bearer);
        let answer = fetcher.json(method, &uri, headers, body).await?;
        let status = answer.status();
        if status.is_success() {
            return Ok(answer);
        }
        Err(match status {
            // §2.1: no such client, or a token that is not good for it; the server does not tell which.
            StatusCode::UNAUTHORIZED => ManagementError::Unknown,
            StatusCode::FORBIDDEN | StatusCode::METHOD_NOT_ALLOWED | StatusCode::NOT_IMPLEMENTED => {
                ManagementError::NotAllowed { status }
            }
            _ => match serde_json::from_slice::<OAuthError>(answer.body()) {
                Ok(error) if status.is_client_error() => ManagementError::Refused(error),
                _ => ManagementError::Unexpected { status },
            },
        })
    }
}

/// Why a registration could not be read, changed or deleted.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ManagementError {
    /// The registration's address cannot be reached.
    #[error("the registration's address cannot be reached")]
    Http(#[from] HttpError),
    /// The registration's address is not one that may be used.
    #[error("the registration's address cannot be used")]
    Endpoint(#[source] InvalidUrl),
    /// The server does not know the registration, or not this token for it.
    #[error("the server does not know this registration")]
    Unknown,
    /// The server does not allow this.
    #[error("the server does not allow that ({status})")]
    NotAllowed {
        /// The answer.
        status: StatusCode,
    },
    /// The server refused the new metadata.
    #[error("the change of the registration was refused")]
    Refused(#[source] OAuthError),
    /// The server answered for another client than the one that was asked for.
    #[error("the answer is about the client {found}")]
    OtherClient {
        /// Its id.
        found: ClientId,
    },
    /// The server failed or answered with something else.
    #[error("the registration's address answered with {status}")]
    Unexpected {
        /// The answer.
        status: StatusCode,
    },
    /// The answer is no registration. Its text is not repeated here, since it holds secrets.
    #[error("the answer is not a client registration")]
    Malformed,
}

impl ManagementError {
    /// True when the same request may succeed later.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Http(error) => error.is_retryable(),
            Self::Unexpected { status } => {
                status.is_server_error() || *status == StatusCode::TOO_MANY_REQUESTS
            }
            _ => false,
        }
    }
}
