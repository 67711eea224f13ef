use std::time::SystemTime;

use http::header::WWW_AUTHENTICATE;
use http::{HeaderMap, HeaderValue};
use mcp_oauth_core::{AccessToken, EndpointUrl, Issuer, ResourceUri, TokenResponse, TokenType};

use super::*;
use crate::registration::RegisteredClient;

fn set(text: &str) -> ScopeSet {
    ScopeSet::parse(text).unwrap()
}

fn challenge(line: &str) -> Challenges {
    let mut headers = HeaderMap::new();
    headers.insert(WWW_AUTHENTICATE, HeaderValue::from_str(line).unwrap());
    Challenges::from_headers(&headers)
}

fn server(scopes: Option<&str>) -> AuthorizationServerMetadata {
    let mut metadata = AuthorizationServerMetadata::new(Issuer::parse("https://as.test").unwrap());
    metadata.scopes_supported = scopes.map(set);
    metadata
}

fn before(requested: &str, granted: &str) -> Grant {
    let client = RegisteredClient::public(
        Issuer::parse("https://as.test").unwrap(),
        mcp_oauth_core::ClientId::parse("id").unwrap(),
    );
    let mut answer = TokenResponse::new(AccessToken::parse("t").unwrap(), TokenType::Bearer);
    answer.scope = Some(set(granted));
    Grant::new(
        client,
        ResourceUri::parse("https://h.test").unwrap(),
        EndpointUrl::parse("https://as.test/token").unwrap(),
        set(requested),
        answer,
        SystemTime::UNIX_EPOCH,
    )
}

fn select(configured: Option<&str>, line: &str, published: Option<&str>, before: Option<&Grant>) -> String {
    let configured = configured.map(set);
    bounded(&Policy::default(), configured.as_ref(), line, published, before).unwrap().to_string()
}

fn bounded(
    policy: &Policy,
    configured: Option<&ScopeSet>,
    line: &str,
    published: Option<&str>,
    before: Option<&Grant>,
) -> Result<ScopeSet, ScopeError> {
    select_scopes(&Selection {
        configured,
        challenges: &challenge(line),
        resource: &ProtectedResource::for_tests(published.map(set)),
        server: &server(None),
        before,
        policy,
    })
}

/// What is asked for where the authorization server lists `scopes`.
fn listed(scopes: Option<&str>, published: Option<&str>, policy: &Policy) -> String {
    select_scopes(&Selection {
        configured: None,
        challenges: &challenge("Bearer"),
        resource: &ProtectedResource::for_tests(published.map(set)),
        server: &server(scopes),
        before: None,
        policy,
    })
    .unwrap()
    .to_string()
}

/// C1.5: the challenge's scope counts as it is, whatever the resource publishes.
#[test]
fn c1_5_the_challenge_is_authoritative() {
    assert_eq!(select(None, "Bearer scope=\"unlisted other\"", Some("listed"), None), "unlisted other");
}

/// C9.1, C9.2, C9.3: challenge, then what the resource publishes, then nothing.
#[test]
fn c9_1_order() {
    assert_eq!(select(None, "Bearer scope=\"a b\"", Some("c"), None), "a b");
    assert_eq!(select(None, "Bearer", Some("c d"), None), "c d");
    assert_eq!(select(None, "Bearer", None, None), "");
}

/// C9.3: the authorization server's list is no fallback.
#[test]
fn c9_3_not_the_authorization_servers_scopes() {
    assert_eq!(listed(Some("admin x"), None, &Policy::default()), "");
}

/// C9.4: `offline_access` where the authorization server lists it, and only there.
#[test]
fn c9_4_offline_access() {
    let with = |scopes, allowed| {
        let policy = Policy { offline_access: allowed, ..Policy::default() };
        listed(scopes, Some("a"), &policy)
    };
    assert_eq!(with(Some("a offline_access"), true), "a offline_access");
    assert_eq!(with(Some("a offline_access"), false), "a");
    assert_eq!(with(Some("a"), true), "a");
    assert_eq!(with(None, true), "a");
}

/// C9.5: the caller's own choice replaces the challenge's, but a step-up adds what is needed.
#[test]
fn c9_5_callers_choice() {
    assert_eq!(select(Some("mine"), "Bearer scope=\"a b\"", Some("c"), None), "mine");
    let stepped = select(Some("mine"), "Bearer error=\"insufficient_scope\", scope=\"a\"", Some("c"), None);
    assert_eq!(stepped, "mine a");
}

/// C9.5: the policy's bound holds whatever servers want; what cannot be asked for is an error where it is needed.
#[test]
fn c9_5_at_most() {
    let policy = Policy { scopes_at_most: Some(set("read list")), ..Policy::default() };
    let within = |line, published| bounded(&policy, None, line, published, None).map(|set| set.to_string());
    assert_eq!(within("Bearer scope=\"read admin\"", None).unwrap(), "read");
    assert_eq!(within("Bearer", Some("admin list write")).unwrap(), "list");
    assert_eq!(within("Bearer scope=\"admin\"", None).unwrap(), "read list", "never the server's default");
    assert_eq!(within("Bearer", None).unwrap(), "read list");
    let stepped = "Bearer error=\"insufficient_scope\", scope=\"list admin\"";
    assert_eq!(within(stepped, None), Err(ScopeError::NotAllowed { beyond: set("admin") }));
    let kept = bounded(&policy, None, "Bearer", None, Some(&before("read admin", "read admin"))).unwrap();
    assert_eq!(kept, set("read"));
}

/// C11.2: what was requested and granted before, and what the challenge wants.
#[test]
fn c11_2_union_with_what_was_there() {
    let before = before("a offline_access", "a granted");
    let found = select(None, "Bearer error=\"insufficient_scope\", scope=\"b\"", None, Some(&before));
    assert_eq!(set(&found), set("a offline_access granted b"));
}
