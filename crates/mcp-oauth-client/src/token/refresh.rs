//! A refresh token against tokens (RFC 6749 §6).

use mcp_oauth_core::{RefreshToken, TokenResponse};

use super::{TokenEndpoint, TokenError, TokenRequest};
use crate::Grant;

/// Asks for a new access token for the same resource. No scope is sent: the grant's own are meant then, and more could
/// not be asked for (C14.3, C14.4).
pub(crate) async fn refresh(
    tokens: &TokenEndpoint,
    grant: &Grant,
    refresh_token: &RefreshToken,
) -> Result<TokenResponse, TokenError> {
    let mut form =
        vec![("grant_type", "refresh_token".into()), ("refresh_token", refresh_token.expose().into())];
    form.extend(tokens.resource(&grant.resource));
    let request = TokenRequest { endpoint: &grant.token_endpoint, client: &grant.client, form };
    // Refresh tokens of public clients are bound to the same key (RFC 9449 §5, C14.9).
    tokens.request(&request, grant.binding.as_ref()).await
}
