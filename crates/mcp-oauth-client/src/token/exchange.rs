//! An authorization code against tokens (RFC 6749 §4.1.3, RFC 7636 §4.5, RFC 8707 §2.2).

use mcp_oauth_core::{AuthorizationCode, TokenResponse};

use super::{TokenError, endpoint};
use crate::http::Fetcher;
use crate::session::PendingAuthorization;

/// Redeems a code for the authorization that asked for it.
pub(crate) async fn exchange(
    fetcher: &Fetcher,
    pending: &PendingAuthorization,
    code: &AuthorizationCode,
) -> Result<TokenResponse, TokenError> {
    let form = vec![
        ("grant_type", "authorization_code"),
        ("code", code.expose()),
        // OAuth 2.1 dropped redirect_uri here; servers of RFC 6749 demand it, and nobody minds it (C12.2).
        ("redirect_uri", pending.redirect_uri.as_str()),
        ("code_verifier", pending.verifier.expose()),
        ("resource", pending.resource.as_str()),
    ];
    endpoint::request(fetcher, &pending.token_endpoint, &pending.client, form).await
}
