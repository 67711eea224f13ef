//! Dynamic registration (RFC 7591).

use mcp_oauth_core::{ClientInformation, ClientMetadata, OAuthError, RedirectUri, TokenEndpointAuthMethod};

use super::client::{ClientOrigin, Proofs};
use super::{ClientAuthentication, RegisteredClient, RegistrationError};
use crate::AuthorizationServer;
use crate::http::Fetcher;

/// Registers a client for `redirect_uri`. What the server answers counts, whatever was asked for.
pub(crate) async fn register(
    fetcher: &Fetcher,
    server: &AuthorizationServer,
    template: &ClientMetadata,
    redirect_uri: &RedirectUri,
) -> Result<RegisteredClient, RegistrationError> {
    let Some(endpoint) = server.metadata().registration_endpoint.as_deref() else {
        return Err(RegistrationError::NotOffered { issuer: server.issuer().clone() });
    };
    let endpoint = fetcher.endpoint(endpoint).map_err(RegistrationError::Endpoint)?;
    let request = request(server, template, redirect_uri);
    // Client metadata has no member that could fail to be written.
    let body = serde_json::to_vec(&request).map_err(|_| RegistrationError::Malformed)?;
    let answer = fetcher.post_json(&endpoint, body).await?;
    let status = answer.status();
    if !status.is_success() {
        return Err(match serde_json::from_slice::<OAuthError>(answer.body()) {
            Ok(error) if status.is_client_error() => RegistrationError::Refused(error),
            _ => RegistrationError::Unexpected { status },
        });
    }
    let information = serde_json::from_slice(answer.body()).map_err(|_| RegistrationError::Malformed)?;
    accept(server, redirect_uri, information)
}

/// The configured metadata, with what the server and the moment decide.
fn request(
    server: &AuthorizationServer,
    template: &ClientMetadata,
    redirect_uri: &RedirectUri,
) -> ClientMetadata {
    let mut request = template.clone();
    if !request.redirect_uris.contains(redirect_uri) {
        request.redirect_uris.push(redirect_uri.clone());
    }
    if request.token_endpoint_auth_method.is_none() {
        request.token_endpoint_auth_method = Some(preferred_method(server));
    }
    request
}

/// A program on a person's machine keeps no secret from that person, so "none" is the honest method; where the server
/// does not offer it, one that it offers (C12.3).
fn preferred_method(server: &AuthorizationServer) -> TokenEndpointAuthMethod {
    [
        TokenEndpointAuthMethod::None,
        TokenEndpointAuthMethod::ClientSecretBasic,
        TokenEndpointAuthMethod::ClientSecretPost,
    ]
    .into_iter()
    .find(|method| server.metadata().auth_methods().contains(method))
    .unwrap_or(TokenEndpointAuthMethod::None)
}

fn accept(
    server: &AuthorizationServer,
    redirect_uri: &RedirectUri,
    information: ClientInformation,
) -> Result<RegisteredClient, RegistrationError> {
    let mut redirect_uris = information.metadata.redirect_uris;
    if redirect_uris.is_empty() {
        redirect_uris.push(redirect_uri.clone());
    }
    if !redirect_uris.iter().any(|registered| registered.permits(redirect_uri)) {
        return Err(RegistrationError::RedirectUriNotRegistered { wanted: redirect_uri.clone() });
    }
    let authentication = ClientAuthentication::choose(
        information.metadata.token_endpoint_auth_method.as_ref(),
        Proofs { secret: information.client_secret.as_ref(), key: None },
        server.metadata(),
    )?;
    tracing::info!(issuer = %server.issuer(), client_id = %information.client_id, method = %authentication.method(), "registered");
    Ok(RegisteredClient::new(
        server.issuer().clone(),
        information.client_id,
        authentication,
        ClientOrigin::Dynamic,
        redirect_uris,
    )
    .expiring_at(information.client_secret_expires_at))
}
