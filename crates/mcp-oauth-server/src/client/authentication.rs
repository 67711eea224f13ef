//! Client authentication at the token and revocation endpoints (RFC 6749 §2.3, §3.2.1).

use std::time::SystemTime;

use http::HeaderMap;
use http::header::AUTHORIZATION;
use mcp_oauth_core::{BasicCredentials, ClientId, ClientSecret};

use super::{Client, ClientAuthentication, Directory};
use crate::form::{Parameters, Repeated};
use crate::store::StoreError;

/// Why a request's client is not accepted.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ClientError {
    #[error("the client is not identified: send client_id")]
    Missing,
    #[error("the client is identified in two different ways")]
    TwoMethods,
    #[error(transparent)]
    Repeated(#[from] Repeated),
    #[error("the Authorization header does not hold Basic credentials of a client")]
    Malformed,
    #[error("the client is unknown")]
    Unknown,
    #[error("the client is registered for {registered} and must authenticate that way")]
    Method { registered: String },
    #[error("the client's secret is wrong or expired")]
    Secret,
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What a request presents, before anybody looked the client up.
enum Presented {
    Nothing(ClientId),
    Basic(BasicCredentials),
    Post(ClientId, ClientSecret),
}

/// Finds the client of a request and checks its proof. "The client MUST NOT use more than one authentication method
/// in each request" (RFC 6749 §2.3), and it must be the one it registered, so that a secret known from one place cannot
/// be tried in another.
pub(crate) async fn authenticate(
    directory: &Directory,
    headers: &HeaderMap,
    parameters: &Parameters,
    now: SystemTime,
) -> Result<Client, ClientError> {
    let presented = present(headers, parameters)?;
    let id = match &presented {
        Presented::Nothing(id) | Presented::Post(id, _) => id,
        Presented::Basic(credentials) => &credentials.client_id,
    };
    let client = directory.find(id).await?.ok_or(ClientError::Unknown)?;
    let right = match (client.authentication(), &presented) {
        (ClientAuthentication::None, Presented::Nothing(_)) => true,
        (ClientAuthentication::SecretBasic(secret), Presented::Basic(credentials)) => {
            secret.is(&credentials.client_secret, now)
        }
        (ClientAuthentication::SecretPost(secret), Presented::Post(_, presented)) => {
            secret.is(presented, now)
        }
        (registered, _) => return Err(ClientError::Method { registered: registered.method().to_string() }),
    };
    if right { Ok(client) } else { Err(ClientError::Secret) }
}

fn present(headers: &HeaderMap, parameters: &Parameters) -> Result<Presented, ClientError> {
    let id = parameters.one("client_id")?;
    let secret = parameters.one("client_secret")?;
    let mut lines = headers.get_all(AUTHORIZATION).iter();
    let line = lines.next();
    if lines.next().is_some() || (line.is_some() && secret.is_some()) {
        return Err(ClientError::TwoMethods);
    }
    if let Some(line) = line {
        let credentials = BasicCredentials::from_header_value(line).map_err(|_| ClientError::Malformed)?;
        // A client_id in the body is redundant, but it must not name somebody else.
        return match id {
            Some(id) if id != credentials.client_id.as_str() => Err(ClientError::TwoMethods),
            _ => Ok(Presented::Basic(credentials)),
        };
    }
    let id = ClientId::parse(id.ok_or(ClientError::Missing)?).map_err(|_| ClientError::Unknown)?;
    match secret {
        None => Ok(Presented::Nothing(id)),
        Some(secret) => {
            let secret = ClientSecret::parse(secret).map_err(|_| ClientError::Secret)?;
            Ok(Presented::Post(id, secret))
        }
    }
}
