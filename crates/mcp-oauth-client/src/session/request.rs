//! The authorization request (OAuth 2.1 §4.1.1, RFC 7636 §4.3, RFC 8707 §2.1).

use mcp_oauth_core::{CodeChallenge, EndpointUrl};
use url::Url;

use super::Pending;
use crate::Policy;

/// The parameters of the request, each once. Those of the policy come last and replace none but `prompt`.
pub(crate) fn parameters(pending: &Pending, policy: &Policy) -> Vec<(String, String)> {
    let mut parameters = vec![
        ("response_type", "code".to_owned()),
        ("client_id", pending.client.client_id().to_string()),
        ("redirect_uri", pending.redirect_uri.to_string()),
        ("state", pending.state.expose().to_owned()),
        ("code_challenge", pending.verifier.challenge().as_str().to_owned()),
        ("code_challenge_method", CodeChallenge::METHOD.to_owned()),
    ];
    if let Some(resource) = policy.resource.value(&pending.resource) {
        parameters.push(("resource", resource.to_string()));
    }
    if !pending.requested.is_empty() {
        parameters.push(("scope", pending.requested.to_string()));
    }
    if let Some(binding) = &pending.binding {
        // The code, too, is then of no use to who has not the key (RFC 9449 §10).
        parameters.push(("dpop_jkt", binding.key.thumbprint().to_string()));
    }
    let own_prompt = policy.authorization_parameters.iter().any(|(name, _)| name == "prompt");
    if pending.requested.contains("offline_access") && !own_prompt {
        // OpenID Connect Core §11: without it, a server must ignore the request for offline access.
        parameters.push(("prompt", "consent".to_owned()));
    }
    let mut parameters: Vec<_> =
        parameters.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    // An empty one is left out: that is how a configuration says "no prompt".
    let more = policy.authorization_parameters.iter().filter(|(_, value)| !value.is_empty());
    parameters.extend(more.cloned());
    parameters
}

/// The address that a person opens. The endpoint's own query stays (OAuth 2.1 §3.1), except for parameters that the
/// request sets: each may stand there once.
pub(crate) fn authorization_url(endpoint: &EndpointUrl, parameters: &[(String, String)]) -> Url {
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
