use std::time::SystemTime;

use mcp_oauth_core::{
    ClientId, CodeVerifier, Issuer, RedirectUri, ResourceUri, ScopeSet, State, SystemEntropy,
};

use super::*;
use crate::registration::RegisteredClient;

fn url(endpoint: &str, scope: &str) -> (Url, PendingAuthorization) {
    let endpoint = EndpointUrl::parse(endpoint).unwrap();
    let pending = PendingAuthorization {
        state: State::parse("st ate").unwrap(),
        verifier: CodeVerifier::generate(&SystemEntropy),
        client: RegisteredClient::public(
            Issuer::parse("https://as.test").unwrap(),
            ClientId::parse("client!+ID").unwrap(),
        ),
        redirect_uri: RedirectUri::loopback(3030),
        resource: ResourceUri::parse("https://H.test").unwrap(),
        token_endpoint: endpoint.clone(),
        requested: ScopeSet::parse(scope).unwrap(),
        sends_iss: true,
        expires_at: SystemTime::UNIX_EPOCH,
    };
    (authorization_url(&endpoint, &pending), pending)
}

fn values(url: &Url, name: &str) -> Vec<String> {
    url.query_pairs().filter(|(known, _)| known == name).map(|(_, value)| value.into_owned()).collect()
}

/// C8.1, C8.2, C8.4, C4.1, C4.2: what must be there, each once; the endpoint's own query stays.
#[test]
fn c8_1_parameters() {
    let (url, pending) = url("https://as.test/authorize?tenant=a%20b&resource=evil", "x y");
    let one = |name: &str| {
        let found = values(&url, name);
        assert_eq!(found.len(), 1, "{name}");
        found[0].clone()
    };
    assert_eq!(one("tenant"), "a b");
    assert_eq!(one("response_type"), "code");
    assert_eq!(one("client_id"), "client!+ID");
    assert_eq!(one("redirect_uri"), "http://127.0.0.1:3030/callback");
    assert_eq!(one("state"), "st ate");
    assert_eq!(one("resource"), "https://H.test", "C2.6: byte for byte");
    assert_eq!(one("scope"), "x y");
    assert_eq!(one("code_challenge_method"), "S256");
    assert_eq!(one("code_challenge"), pending.verifier.challenge().as_str());
    assert!(!url.as_str().contains(pending.verifier.expose()));
}

/// C9.3: no scope parameter at all where none is known. OIDC: consent is asked for with offline access.
#[test]
fn c9_3_no_empty_scope() {
    let (without, _) = url("https://as.test/authorize", "");
    assert!(values(&without, "scope").is_empty() && values(&without, "prompt").is_empty());
    let (with, _) = url("https://as.test/authorize", "a offline_access");
    assert_eq!(values(&with, "prompt"), ["consent"]);
}
