//! The device authorization grant (RFC 8628): the two requests, and how often the second one is made.

use std::time::Duration;

use mcp_oauth_core::{
    DeviceAuthorizationResponse, DeviceCode, EndpointUrl, InvalidUrl, Issuer, OAuthError, OAuthErrorCode,
    ResourceUri, ScopeSet, TokenResponse,
};
use tokio::time::Instant;

use crate::dpop::Binding;
use crate::token::{TokenEndpoint, TokenRequest};
use crate::{RegisteredClient, TokenError};

/// Why a login on another device failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DeviceError {
    /// The authorization server offers no such login.
    #[error("{issuer} offers no login on another device")]
    NotOffered {
        /// The authorization server.
        issuer: Issuer,
    },
    /// An endpoint is not an address that may be used.
    #[error("the device authorization endpoint cannot be used")]
    Endpoint(#[source] InvalidUrl),
    /// The authorization server gave no code.
    #[error("the authorization server gave no device code")]
    Request(#[source] TokenError),
    /// The address that a person would be sent to is not one that may be shown.
    #[error("the authorization server names an address that nobody should open")]
    VerificationUri(#[source] InvalidUrl),
    /// The person did not answer before the code expired.
    #[error("the code expired before it was used")]
    Expired,
    /// The person refused.
    #[error("the login was refused")]
    Denied(#[source] OAuthError),
    /// The token could not be got, although the person may have agreed.
    #[error("the login could not be completed")]
    Token(#[source] TokenError),
}

impl DeviceError {
    /// True when the same attempt may succeed later.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Request(error) | Self::Token(error) => error.is_retryable(),
            _ => false,
        }
    }
}

/// Who asks whom, for both requests.
pub(crate) struct DeviceFlow<'a> {
    pub(crate) tokens: &'a TokenEndpoint,
    pub(crate) resource: &'a ResourceUri,
    /// The key that the token is to be bound to.
    pub(crate) binding: Option<&'a Binding>,
}

impl DeviceFlow<'_> {
    /// RFC 8628 §3.1, with the resource as in every request for a token (RFC 8707 §2).
    pub(crate) async fn begin(
        &self,
        client: &RegisteredClient,
        endpoint: &EndpointUrl,
        scopes: &ScopeSet,
    ) -> Result<DeviceAuthorizationResponse, DeviceError> {
        let mut form = Vec::new();
        form.extend(self.tokens.resource(self.resource));
        if !scopes.is_empty() {
            form.push(("scope", scopes.to_string().into()));
        }
        let request = TokenRequest { endpoint, client, form };
        let answer = self.tokens.post(&request).await.map_err(DeviceError::Request)?;
        let status = answer.status();
        if status.is_success() {
            let read = serde_json::from_slice(answer.body());
            return read.map_err(|_| DeviceError::Request(TokenError::Malformed));
        }
        Err(DeviceError::Request(match serde_json::from_slice::<OAuthError>(answer.body()) {
            Ok(error) if status.is_client_error() => TokenError::Refused(error),
            _ => TokenError::Unexpected { status },
        }))
    }

    /// Asks for the token once (RFC 8628 §3.4).
    pub(crate) async fn ask(
        &self,
        client: &RegisteredClient,
        endpoint: &EndpointUrl,
        code: &DeviceCode,
    ) -> Result<TokenResponse, DeviceError> {
        let mut form = vec![
            ("grant_type", "urn:ietf:params:oauth:grant-type:device_code".into()),
            ("device_code", code.expose().into()),
        ];
        form.extend(self.tokens.resource(self.resource));
        let request = TokenRequest { endpoint, client, form };
        self.tokens.request(&request, self.binding).await.map_err(DeviceError::Token)
    }
}

/// How often to ask, and until when.
pub(crate) struct Pace {
    pub(crate) interval: Duration,
    pub(crate) until: Instant,
}

impl Pace {
    /// By which `slow_down` lengthens the interval (RFC 8628 §3.5).
    const SLOWER: Duration = Duration::from_secs(5);

    /// Waits for the time to ask.
    pub(crate) async fn next(&self) -> Result<(), DeviceError> {
        let next = Instant::now().checked_add(self.interval).filter(|next| *next < self.until);
        tokio::time::sleep_until(next.unwrap_or(self.until)).await;
        // Waiting for a question that would come too late helps nobody.
        if next.is_none() {
            return Err(DeviceError::Expired);
        }
        Ok(())
    }

    /// Whether to ask again after this answer, and how much later (RFC 8628 §3.5).
    pub(crate) fn after(&mut self, error: TokenError) -> Result<(), DeviceError> {
        match error.code() {
            Some(OAuthErrorCode::AuthorizationPending) => {}
            Some(OAuthErrorCode::SlowDown) => self.interval = self.interval.saturating_add(Self::SLOWER),
            Some(OAuthErrorCode::ExpiredToken) => return Err(DeviceError::Expired),
            Some(OAuthErrorCode::AccessDenied) => {
                return Err(match error {
                    TokenError::Refused(refusal) => DeviceError::Denied(refusal),
                    other => DeviceError::Token(other),
                });
            }
            _ if error.is_retryable() => {
                tracing::debug!(%error, "asking again later");
                self.interval = self.interval.saturating_mul(2);
            }
            _ => return Err(DeviceError::Token(error)),
        }
        Ok(())
    }
}
