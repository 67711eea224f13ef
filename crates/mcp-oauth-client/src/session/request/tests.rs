use std::time::SystemTime;

use mcp_oauth_core::{
    ClientId, CodeVerifier, Issuer, RedirectUri, ResourceUri, ScopeSet, State, SystemEntropy,
};

use super::*;
use crate::ResourceParameter;
use crate::registration::RegisteredClient;

fn url(endpoint: &str, scope: &str) -> (Url, Pending) {
    url_within(&Policy::default(), endpoint, scope)
}

fn url_within(policy: &Policy, endpoint: &str, scope: &str) -> (Url, Pending) {
    let endpoint = EndpointUrl::parse(endpoint).unwrap();
    let pending = Pending {
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
        binding: None,
        sends_iss: true,
        expires_at: SystemTime::UNIX_EPOCH,
    };
    (authorization_url(&endpoint, &parameters(&pending, policy)), pending)
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

/// C8.2 and its exceptions: what is published, nothing, or another string.
#[test]
fn c8_2_resource_policy() {
    let with = |resource| {
        let policy = Policy { resource, ..Policy::default() };
        values(&url_within(&policy, "https://as.test/authorize", "").0, "resource")
    };
    assert_eq!(with(ResourceParameter::Published), ["https://H.test"]);
    assert!(with(ResourceParameter::Omit).is_empty());
    let fixed = ResourceUri::parse("https://api.test/v1").unwrap();
    assert_eq!(with(ResourceParameter::Fixed(fixed)), ["https://api.test/v1"]);
}

/// More parameters for servers that need them; `prompt` is the caller's if they say so, and nothing else is.
#[test]
fn c8_1_more_parameters() {
    let with = |more: &[(&str, &str)]| {
        let authorization_parameters =
            more.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let policy = Policy { authorization_parameters, ..Policy::default() };
        url_within(&policy, "https://as.test/authorize?access_type=online", "a offline_access").0
    };
    let google = with(&[("access_type", "offline"), ("prompt", "select_account")]);
    assert_eq!(values(&google, "access_type"), ["offline"]);
    assert_eq!(values(&google, "prompt"), ["select_account"]);
    assert!(values(&with(&[("prompt", "")]), "prompt").is_empty());
    for own in ["state", "redirect_uri", "code_challenge", "request_uri", "client_id", "response_mode"] {
        let policy =
            Policy { authorization_parameters: vec![(own.to_owned(), "x".to_owned())], ..Policy::default() };
        assert!(policy.check().is_err(), "{own}");
    }
}
