//! Telling the authorization server that tokens are no longer wanted (RFC 7009).

use std::time::Duration;

use http::header::RETRY_AFTER;
use http::{HeaderMap, StatusCode};
use mcp_oauth_core::{EndpointUrl, OAuthError, OAuthErrorCode};

use super::{TokenEndpoint, TokenError, TokenRequest};
use crate::{Limits, RegisteredClient};

/// What kind of token it is: a hint that saves the server a search (RFC 7009 §2.1).
#[derive(Debug, Clone, Copy)]
pub(crate) enum RevokedToken<'a> {
    Refresh(&'a str),
    Access(&'a str),
}

/// How a server answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answer {
    /// The token no longer works, if it ever did: servers say 200 for unknown ones too (§2.2).
    Revoked,
    /// The server does not revoke tokens of this kind (§2.2.1).
    Unsupported,
}

/// Revokes one token. A server that is overloaded (503) is asked again after the time that it names, within the limits
/// (§2.2.1).
pub(crate) async fn revoke(
    tokens: &TokenEndpoint,
    endpoint: &EndpointUrl,
    client: &RegisteredClient,
    token: RevokedToken<'_>,
    limits: &Limits,
) -> Result<Answer, TokenError> {
    let (token, hint) = match token {
        RevokedToken::Refresh(token) => (token, "refresh_token"),
        RevokedToken::Access(token) => (token, "access_token"),
    };
    let form = vec![("token", token.into()), ("token_type_hint", hint.into())];
    let request = TokenRequest { endpoint, client, form };
    let mut attempts = limits.revocation_attempts.max(1);
    loop {
        attempts -= 1;
        let answer = tokens.post(&request).await?;
        let status = answer.status();
        if status.is_success() {
            return Ok(Answer::Revoked);
        }
        if status == StatusCode::SERVICE_UNAVAILABLE && attempts > 0 {
            tokio::time::sleep(pause(answer.headers(), limits.revocation_pause)).await;
            continue;
        }
        return match serde_json::from_slice::<OAuthError>(answer.body()) {
            Ok(error) if *error.code() == OAuthErrorCode::UnsupportedTokenType => Ok(Answer::Unsupported),
            Ok(error) if status.is_client_error() => Err(TokenError::Refused(error)),
            _ => Err(TokenError::Unexpected { status }),
        };
    }
}

/// What `Retry-After` asks for in seconds, at most `longest`. A date is not read: the longest pause it is.
fn pause(headers: &HeaderMap, longest: Duration) -> Duration {
    let Some(value) = headers.get(RETRY_AFTER) else { return longest.min(Duration::from_secs(1)) };
    let seconds = value.to_str().ok().and_then(|text| text.trim().parse().ok());
    seconds.map_or(longest, |seconds| Duration::from_secs(seconds).min(longest))
}
