use url::Url;

use super::*;
use crate::{GrantType, Issuer, ScopeSet, TokenEndpointAuthMethod};

fn server() -> Url {
    Url::parse("https://h.test/mcp").unwrap()
}

fn issuer() -> Issuer {
    Issuer::parse("https://as.test").unwrap()
}

/// C2.9: unknown members are ignored; only a JSON object of the right shape is used.
#[test]
fn c2_9_resource_document() {
    let body = br#"{"resource":"https://h.test/mcp","authorization_servers":["https://as.test"],
        "scopes_supported":["a","b c","d"],"resource_name":null,"something":{"new":[1]}}"#;
    let metadata = ProtectedResourceMetadata::parse(body, &server()).unwrap();
    assert_eq!(metadata.authorization_servers, ["https://as.test"]);
    assert_eq!(metadata.scopes_supported, Some(ScopeSet::parse("a d").unwrap()));
    for bad in ["[]", "{}", "null", "<html>", r#"{"resource":5}"#, r#"{"resource":"/mcp"}"#] {
        let refused = ProtectedResourceMetadata::parse(bad.as_bytes(), &server());
        assert!(matches!(refused, Err(InvalidResourceMetadata::Json(_))), "{bad}");
    }
}

/// C2.5: a document for another resource must not be used.
#[test]
fn c2_5_other_resource() {
    let body = br#"{"resource":"https://evil.test/mcp","authorization_servers":["https://as.test"]}"#;
    let refused = ProtectedResourceMetadata::parse(body, &server());
    let refused = refused.unwrap_err();
    assert!(matches!(refused, InvalidResourceMetadata::OtherResource { .. }));
    assert_eq!(
        refused.to_string(),
        format!("it describes https://evil.test/mcp, which {} is no part of", server())
    );
}

/// C2.7: an absent list is an empty one; the caller decides what that means.
#[test]
fn c2_7_no_authorization_servers() {
    for body in
        [r#"{"resource":"https://h.test"}"#, r#"{"resource":"https://h.test","authorization_servers":null}"#]
    {
        let metadata = ProtectedResourceMetadata::parse(body.as_bytes(), &server()).unwrap();
        assert!(metadata.authorization_servers.is_empty());
    }
}

/// C3.6: the document of another issuer must not be used, not even with a slash more.
#[test]
fn c3_6_other_issuer() {
    for found in ["https://as.test/", "https://evil.test", "https://AS.test"] {
        let body = format!(r#"{{"issuer":"{found}","token_endpoint":"https://as.test/t"}}"#);
        let refused = AuthorizationServerMetadata::parse(body.as_bytes(), &issuer());
        assert!(matches!(refused, Err(InvalidServerMetadata::OtherIssuer { .. })), "{found}");
    }
    assert!(AuthorizationServerMetadata::parse(b"{}", &issuer()).is_err(), "no issuer at all");
}

/// C3.8: what the code flow needs.
#[test]
fn c3_8_code_flow_endpoints() {
    let mut metadata = AuthorizationServerMetadata::new(issuer());
    assert!(matches!(
        metadata.code_flow_endpoints(),
        Err(InvalidServerMetadata::Missing("authorization_endpoint"))
    ));
    metadata.authorization_endpoint = Some("https://as.test/a".into());
    assert!(matches!(metadata.code_flow_endpoints(), Err(InvalidServerMetadata::Missing("token_endpoint"))));
    metadata.token_endpoint = Some("https://as.test/t".into());
    assert_eq!(metadata.code_flow_endpoints().unwrap(), ("https://as.test/a", "https://as.test/t"));
    metadata.response_types_supported = Some(vec!["id_token".into()]);
    assert!(matches!(metadata.code_flow_endpoints(), Err(InvalidServerMetadata::NoCodeFlow)));
    metadata.response_types_supported = Some(vec!["id_token".into(), "code".into()]);
    assert!(metadata.code_flow_endpoints().is_ok());
}

/// C3.9: what absent members mean.
#[test]
fn c3_9_defaults() {
    let absent = AuthorizationServerMetadata::parse(br#"{"issuer":"https://as.test"}"#, &issuer()).unwrap();
    assert_eq!(absent.auth_methods(), [TokenEndpointAuthMethod::ClientSecretBasic]);
    assert_eq!(absent.grant_types(), [GrantType::AuthorizationCode, GrantType::Implicit]);
    assert!(absent.supports_response_mode("query") && !absent.supports_response_mode("form_post"));
    assert!(!absent.supports_s256() && !absent.sends_iss());
    let plain = r#"{"issuer":"https://as.test","code_challenge_methods_supported":["plain"],
        "token_endpoint_auth_methods_supported":["none","tls_client_auth"]}"#;
    let plain = AuthorizationServerMetadata::parse(plain.as_bytes(), &issuer()).unwrap();
    assert!(!plain.supports_s256());
    assert_eq!(plain.auth_methods()[1], TokenEndpointAuthMethod::Other("tls_client_auth".into()));
}

#[test]
fn documents_write_and_read_back() {
    let mut metadata = AuthorizationServerMetadata::new(issuer());
    metadata.authorization_endpoint = Some("https://as.test/a".into());
    metadata.scopes_supported = Some(ScopeSet::parse("x y").unwrap());
    metadata.authorization_response_iss_parameter_supported = Some(true);
    metadata.grant_types_supported = Some(vec![GrantType::RefreshToken]);
    let json = serde_json::to_string(&metadata).unwrap();
    assert!(json.contains(r#""scopes_supported":["x","y"]"#) && !json.contains("null"));
    assert_eq!(AuthorizationServerMetadata::parse(json.as_bytes(), &issuer()).unwrap(), metadata);
}
