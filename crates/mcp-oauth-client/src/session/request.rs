//! The authorization request (OAuth 2.1 §4.1.1, RFC 7636 §4.3, RFC 8707 §2.1).

use mcp_oauth_core::{CodeChallenge, EndpointUrl};
use url::Url;

use super::PendingAuthorization;

/// The address that a person opens. The endpoint's own query stays (OAuth 2.1 §3.1), except for parameters that the
/// request sets: each may stand there once.
pub(crate) fn authorization_url(endpoint: &EndpointUrl, pending: &PendingAuthorization) -> Url {
    let challenge = pending.verifier.challenge();
    let scope = pending.requested.to_string();
    let mut parameters = vec![
        ("response_type", "code"),
        ("client_id", pending.client.client_id().as_str()),
        ("redirect_uri", pending.redirect_uri.as_str()),
        ("state", pending.state.expose()),
        ("code_challenge", challenge.as_str()),
        ("code_challenge_method", CodeChallenge::METHOD),
        ("resource", pending.resource.as_str()),
    ];
    if !pending.requested.is_empty() {
        parameters.push(("scope", scope.as_str()));
    }
    if pending.requested.contains("offline_access") {
        // OpenID Connect Core §11: without it, a server must ignore the request for offline access.
        parameters.push(("prompt", "consent"));
    }
    let mut url = endpoint.url().clone();
    let own: Vec<_> = url
        .query_pairs()
        .filter(|(name, _)| parameters.iter().all(|(set, _)| set != name))
        .map(|(name, value)| (name.into_owned(), value.into_owned()))
        .collect();
    url.query_pairs_mut().clear().extend_pairs(own).extend_pairs(parameters);
    url
}

#[cfg(test)]
mod tests;
