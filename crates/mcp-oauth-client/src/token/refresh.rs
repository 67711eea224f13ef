//! A refresh token against tokens (RFC 6749 §6).

use mcp_oauth_core::{RefreshToken, TokenResponse};

use super::{TokenError, endpoint};
use crate::Grant;
use crate::http::Fetcher;

/// Asks for a new access token for the same resource. No scope is sent: the grant's own are meant then, and more could
/// not be asked for (C14.3, C14.4).
pub(crate) async fn refresh(
    fetcher: &Fetcher,
    grant: &Grant,
    refresh_token: &RefreshToken,
) -> Result<TokenResponse, TokenError> {
    let form = vec![
        ("grant_type", "refresh_token"),
        ("refresh_token", refresh_token.expose()),
        ("resource", grant.resource.as_str()),
    ];
    endpoint::request(fetcher, &grant.token_endpoint, &grant.client, form).await
}
