//! Dynamic registration (RFC 7591).

use mcp_oauth_core::{
    ApplicationType, AuthorizationServerMetadata, ClientInformation, ClientMetadata, EndpointUrl, GrantType,
    OAuthError, RedirectUri, TokenEndpointAuthMethod,
};

use super::authentication::Proofs;
use super::client::ClientOrigin;
use super::management::Management;
use super::proposals::{Proposal, Proposals};
use super::{ClientAuthentication, RegisteredClient, RegistrationError};
use crate::http::Fetcher;

/// A new registration, and the redirect URI that it is for.
pub(crate) struct Registered {
    pub(crate) client: RegisteredClient,
    pub(crate) redirect_uri: RedirectUri,
}

/// Registers a client for the first of `redirect_uris` that the server takes. What the server answers counts, whatever
/// was asked for. A refusal whose words say that the redirect URI or the application type is the trouble is answered with
/// another one (C6.8), `attempts` times in all.
pub(crate) async fn register(
    fetcher: &Fetcher,
    server: &AuthorizationServerMetadata,
    template: &ClientMetadata,
    redirect_uris: &[RedirectUri],
    attempts: usize,
) -> Result<Registered, RegistrationError> {
    let endpoint = endpoint(fetcher, server)?;
    let mut proposals = Proposals::new(redirect_uris, template.application_type.as_ref());
    let mut first_refusal = None;
    for _ in 0..attempts.max(1) {
        let Some(proposal) = proposals.next() else { break };
        match propose(fetcher, server, &endpoint, template, &proposal).await {
            Err(RegistrationError::Refused(refusal)) if proposals.answer(&refusal) => {
                tracing::debug!(%refusal, "registering in another way");
                first_refusal.get_or_insert(refusal);
            }
            // What the server said about our first choice tells more than what it said about the way out.
            Err(RegistrationError::Refused(refusal)) => {
                return Err(RegistrationError::Refused(first_refusal.unwrap_or(refusal)));
            }
            Err(error) => return Err(error),
            Ok(client) => return Ok(Registered { client, redirect_uri: proposal.redirect_uri }),
        }
    }
    Err(first_refusal.map_or(RegistrationError::Malformed, RegistrationError::Refused))
}

/// Registers a client for logins on another device (RFC 8628): nothing is ever sent back to it, so that it has no
/// redirect URIs and no response types (RFC 7591 §2.1).
pub(crate) async fn register_device(
    fetcher: &Fetcher,
    server: &AuthorizationServerMetadata,
    template: &ClientMetadata,
) -> Result<RegisteredClient, RegistrationError> {
    let endpoint = endpoint(fetcher, server)?;
    let mut request = with_method(server, template);
    request.redirect_uris.clear();
    request.response_types = Some(Vec::new());
    request.grant_types = Some(vec![GrantType::DeviceCode, GrantType::RefreshToken]);
    request.application_type.get_or_insert(ApplicationType::Native);
    let information = send(fetcher, &endpoint, &request).await?;
    accept(fetcher, server, None, information)
}

fn endpoint(
    fetcher: &Fetcher,
    server: &AuthorizationServerMetadata,
) -> Result<EndpointUrl, RegistrationError> {
    let Some(endpoint) = server.registration_endpoint.as_deref() else {
        return Err(RegistrationError::NotOffered { issuer: server.issuer.clone() });
    };
    fetcher.endpoint(endpoint).map_err(RegistrationError::Endpoint)
}

async fn propose(
    fetcher: &Fetcher,
    server: &AuthorizationServerMetadata,
    endpoint: &EndpointUrl,
    template: &ClientMetadata,
    proposal: &Proposal,
) -> Result<RegisteredClient, RegistrationError> {
    let mut request = with_method(server, template);
    if !request.redirect_uris.contains(&proposal.redirect_uri) {
        request.redirect_uris.push(proposal.redirect_uri.clone());
    }
    request.application_type = Some(proposal.application_type.clone());
    let information = send(fetcher, endpoint, &request).await?;
    accept(fetcher, server, Some(&proposal.redirect_uri), information)
}

async fn send(
    fetcher: &Fetcher,
    endpoint: &EndpointUrl,
    request: &ClientMetadata,
) -> Result<ClientInformation, RegistrationError> {
    // Client metadata has no member that could fail to be written.
    let body = serde_json::to_vec(request).map_err(|_| RegistrationError::Malformed)?;
    let answer = fetcher.post_json(endpoint, body).await?;
    let status = answer.status();
    if !status.is_success() {
        return Err(match serde_json::from_slice::<OAuthError>(answer.body()) {
            Ok(error) if status.is_client_error() => RegistrationError::Refused(error),
            _ => RegistrationError::Unexpected { status },
        });
    }
    serde_json::from_slice(answer.body()).map_err(|_| RegistrationError::Malformed)
}

/// The configured metadata, with a way of authentication that the server offers.
fn with_method(server: &AuthorizationServerMetadata, template: &ClientMetadata) -> ClientMetadata {
    let mut request = template.clone();
    if request.token_endpoint_auth_method.is_none() {
        request.token_endpoint_auth_method = Some(preferred_method(server));
    }
    request
}

/// A program on a person's machine keeps no secret from that person, so "none" is the honest method; where the server
/// does not offer it, one that it offers (C12.3).
fn preferred_method(server: &AuthorizationServerMetadata) -> TokenEndpointAuthMethod {
    [
        TokenEndpointAuthMethod::None,
        TokenEndpointAuthMethod::ClientSecretBasic,
        TokenEndpointAuthMethod::ClientSecretPost,
    ]
    .into_iter()
    .find(|method| server.auth_methods().contains(method))
    .unwrap_or(TokenEndpointAuthMethod::None)
}

fn accept(
    fetcher: &Fetcher,
    server: &AuthorizationServerMetadata,
    redirect_uri: Option<&RedirectUri>,
    information: ClientInformation,
) -> Result<RegisteredClient, RegistrationError> {
    let management = Management::offered(fetcher, &information);
    let mut redirect_uris = information.metadata.redirect_uris;
    if redirect_uris.is_empty() {
        redirect_uris.extend(redirect_uri.cloned());
    }
    if let Some(wanted) = redirect_uri
        && !redirect_uris.iter().any(|registered| registered.permits(wanted))
    {
        return Err(RegistrationError::RedirectUriNotRegistered { wanted: wanted.clone() });
    }
    let authentication = ClientAuthentication::choose(
        information.metadata.token_endpoint_auth_method.as_ref(),
        Proofs { secret: information.client_secret.as_ref(), key: None },
        server,
    )?;
    tracing::info!(issuer = %server.issuer, client_id = %information.client_id, method = %authentication.method(), "registered");
    Ok(RegisteredClient::new(
        server.issuer.clone(),
        information.client_id,
        authentication,
        ClientOrigin::Dynamic,
        redirect_uris,
    )
    .expiring_at(information.client_secret_expires_at)
    .registered_for(redirect_uri.cloned(), management))
}
