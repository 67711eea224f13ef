//! An authorization code against tokens (RFC 6749 §4.1.3, RFC 7636 §4.5, RFC 8707 §2.2).

use mcp_oauth_core::{AuthorizationCode, TokenResponse};

use super::{TokenEndpoint, TokenError, TokenRequest};
use crate::session::Pending;

/// Redeems a code for the authorization that asked for it.
pub(crate) async fn exchange(
    tokens: &TokenEndpoint,
    pending: &Pending,
    code: &AuthorizationCode,
) -> Result<TokenResponse, TokenError> {
    let mut form = vec![
        ("grant_type", "authorization_code".into()),
        ("code", code.expose().into()),
        // OAuth 2.1 dropped redirect_uri here; servers of RFC 6749 demand it, and nobody minds it (C12.2).
        ("redirect_uri", pending.redirect_uri.as_str().into()),
        ("code_verifier", pending.verifier.expose().into()),
    ];
    form.extend(tokens.resource(&pending.resource));
    let request = TokenRequest { endpoint: &pending.token_endpoint, client: &pending.client, form };
    tokens.request(&request, pending.binding.as_ref()).await
}
