//! Dynamic registration (RFC 7591).

use mcp_oauth_core::{
    ClientInformation, ClientMetadata, EndpointUrl, OAuthError, RedirectUri, TokenEndpointAuthMethod,
};

use super::client::{ClientOrigin, Proofs};
use super::management::Management;
use super::proposals::{Proposal, Proposals};
use super::{ClientAuthentication, RegisteredClient, RegistrationError};
use crate::AuthorizationServer;
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
    server: &AuthorizationServer,
    template: &ClientMetadata,
    redirect_uris: &[RedirectUri],
    attempts: usize,
) -> Result<Registered, RegistrationError> {
    let Some(endpoint) = server.metadata().registration_endpoint.as_deref() else {
        return Err(RegistrationError::NotOffered { issuer: server.issuer().clone() });
    };
    let endpoint = fetcher.endpoint(endpoint).map_err(RegistrationError::Endpoint)?;
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

async fn propose(
    fetcher: &Fetcher,
    server: &AuthorizationServer,
    endpoint: &EndpointUrl,
    template: &ClientMetadata,
    proposal: &Proposal,
) -> Result<RegisteredClient, RegistrationError> {
    let request = request(server, template, proposal);
    // Client metadata has no member that could fail to be written.
    let body = serde_json::to_vec(&request).map_err(|_| RegistrationError::Malformed)?;
    let answer = fetcher.post_json(endpoint, body).await?;
    let status = answer.status();
    if !status.is_success() {
        return Err(match serde_json::from_slice::<OAuthError>(answer.body()) {
            Ok(error) if status.is_client_error() => RegistrationError::Refused(error),
            _ => RegistrationError::Unexpected { status },
        });
    }
    let information = serde_json::from_slice(answer.body()).map_err(|_| RegistrationError::Malformed)?;
    accept(fetcher, server, &proposal.redirect_uri, information)
}

/// The configured metadata, with what the server and the moment decide.
fn request(server: &AuthorizationServer, template: &ClientMetadata, proposal: &Proposal) -> ClientMetadata {
    let mut request = template.clone();
    if !request.redirect_uris.contains(&proposal.redirect_uri) {
        request.redirect_uris.push(proposal.redirect_uri.clone());
    }
    request.application_type = Some(proposal.application_type.clone());
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
    fetcher: &Fetcher,
    server: &AuthorizationServer,
    redirect_uri: &RedirectUri,
    information: ClientInformation,
) -> Result<RegisteredClient, RegistrationError> {
    let management = Management::offered(fetcher, &information);
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
    .expiring_at(information.client_secret_expires_at)
    .registered_for(redirect_uri.clone(), management))
}
