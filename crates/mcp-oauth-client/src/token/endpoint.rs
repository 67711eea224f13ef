//! One request to the token endpoint, whatever its grant type.

use http::HeaderMap;
use mcp_oauth_core::{EndpointUrl, OAuthError, TokenResponse, TokenType};
use url::form_urlencoded;

use super::TokenError;
use crate::RegisteredClient;
use crate::http::Fetcher;

/// Sends `form` with the client's authentication and reads the answer (RFC 6749 §5).
pub(super) async fn request<'a>(
    fetcher: &Fetcher,
    endpoint: &EndpointUrl,
    client: &'a RegisteredClient,
    mut form: Vec<(&'static str, &'a str)>,
) -> Result<TokenResponse, TokenError> {
    // The address may come from a store that was written under another policy.
    let endpoint = fetcher.endpoint(endpoint.as_str()).map_err(TokenError::Endpoint)?;
    let mut headers = HeaderMap::new();
    client.authenticate(&mut headers, &mut form);
    let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
    let answer = fetcher.post_form(&endpoint, headers, body).await?;
    let status = answer.status();
    // Some servers put errors into a 200, so a body that is an error counts before the status.
    match serde_json::from_slice::<OAuthError>(answer.body()) {
        Ok(error) if status.is_success() || status.is_client_error() => {
            return Err(TokenError::Refused(error));
        }
        _ if !status.is_success() => return Err(TokenError::Unexpected { status }),
        _ => {}
    }
    let answer: TokenResponse = serde_json::from_slice(answer.body()).map_err(|_| TokenError::Malformed)?;
    match answer.token_type {
        TokenType::Bearer => Ok(answer),
        other => Err(TokenError::TokenType(other)),
    }
}
