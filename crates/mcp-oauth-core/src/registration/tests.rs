use std::time::{Duration, SystemTime};

use super::*;
use crate::{ClientSecret, RedirectUri};

fn metadata() -> ClientMetadata {
    ClientMetadata::native("client!+ID", [RedirectUri::parse("http://127.0.0.1/callback").unwrap()])
}

/// C6.7, C6.9, C6.11: the members that a request must or should have.
#[test]
fn c6_11_registration_request() {
    let json: serde_json::Value = serde_json::to_value(metadata()).unwrap();
    assert_eq!(json["redirect_uris"], serde_json::json!(["http://127.0.0.1/callback"]));
    assert_eq!(json["token_endpoint_auth_method"], "none");
    assert_eq!(json["grant_types"], serde_json::json!(["authorization_code", "refresh_token"]));
    assert_eq!(json["response_types"], serde_json::json!(["code"]));
    assert_eq!(json["client_name"], "client!+ID");
    assert_eq!(json["application_type"], "native");
    assert!(json.get("scope").is_none(), "C6.12");
}

/// C6.10: the answer counts: method, secret, expiry.
#[test]
fn c6_10_registration_answer() {
    let answer: ClientInformation = serde_json::from_str(
        r#"{"client_id":"a b","client_secret":"s","client_secret_expires_at":1767225600,"client_id_issued_at":"5",
            "token_endpoint_auth_method":"client_secret_post","redirect_uris":["https://x.test/cb"],"new":{}}"#,
    )
    .unwrap();
    assert_eq!(answer.client_id.as_str(), "a b");
    assert_eq!(answer.client_secret, Some(ClientSecret::parse("s").unwrap()));
    assert_eq!(
        answer.client_secret_expires_at,
        Some(SystemTime::UNIX_EPOCH + Duration::from_secs(1_767_225_600))
    );
    assert_eq!(answer.metadata.auth_method(), TokenEndpointAuthMethod::ClientSecretPost);
    assert!(!format!("{answer:?}").contains("\"s\""), "C15.4");
    let again: ClientInformation = serde_json::from_str(&serde_json::to_string(&answer).unwrap()).unwrap();
    assert_eq!(again, answer);
}

/// C6.10: zero is never; null and empty are absent.
#[test]
fn c6_10_never_and_nothing() {
    let json = r#"{"client_id":"x","client_secret":"s","client_secret_expires_at":0}"#;
    let answer: ClientInformation = serde_json::from_str(json).unwrap();
    assert_eq!(answer.client_secret_expires_at, None);
    assert_eq!(serde_json::to_value(&answer).unwrap()["client_secret_expires_at"], 0);
    let json = r#"{"client_id":"x","client_secret":null,"registration_client_uri":"","redirect_uris":null}"#;
    let answer: ClientInformation = serde_json::from_str(json).unwrap();
    assert_eq!(answer.client_secret, None);
    assert!(serde_json::from_str::<ClientInformation>("{}").is_err());
    assert!(serde_json::from_str::<ClientInformation>(r#"{"client_id":""}"#).is_err());
}

/// C6.3, C6.4: which URLs can be client ids.
#[test]
fn c6_4_client_id_urls() {
    assert!(ClientMetadataDocument::check_client_id("https://app.test/client-metadata.json").is_ok());
    for bad in [
        "http://app.test/c",
        "http://localhost/c",
        "https://app.test",
        "https://app.test/",
        "https://app.test/a/../c",
        "https://app.test/./c",
        "https://app.test/c#f",
        "https://app.test/c?x",
        "https://u@app.test/c",
        "client",
    ] {
        assert!(ClientMetadataDocument::check_client_id(bad).is_err(), "{bad}");
    }
}

/// C6.3, C6.5, C6.6: the document names itself, has a name and redirect URIs, and no shared secret.
#[test]
fn c6_5_documents() {
    use InvalidClientMetadataDocument as E;
    let url = "https://app.test/c.json";
    let document = ClientMetadataDocument::new(url, metadata()).unwrap();
    let json = serde_json::to_value(&document).unwrap();
    let parse = |json: &serde_json::Value| ClientMetadataDocument::parse(json.to_string().as_bytes(), url);
    assert_eq!(parse(&json).unwrap(), document);

    let with = |member: &str, value: serde_json::Value| {
        let mut json = json.clone();
        json[member] = value;
        parse(&json).unwrap_err()
    };
    assert!(matches!(with("client_id", "https://app.test/d.json".into()), E::OtherClient));
    assert!(matches!(with("client_secret", "s".into()), E::SharedSecret));
    assert!(matches!(with("client_secret_expires_at", 0.into()), E::SharedSecret));
    assert!(matches!(with("token_endpoint_auth_method", "client_secret_post".into()), E::SharedSecret));
    assert!(matches!(with("client_name", " ".into()), E::NoName));
    assert!(matches!(with("redirect_uris", serde_json::json!([])), E::NoRedirectUris));
    assert!(matches!(parse(&serde_json::json!([])), Err(E::OtherClient)));
}

/// C6.5: `private_key_jwt` is fine with public keys, and with nothing else.
#[test]
fn c6_5_keys_of_documents() {
    const ID: &str = "https://app.test/client.json";
    let with = |jwks: Option<serde_json::Value>| {
        let redirect_uri = crate::RedirectUri::parse("http://127.0.0.1/callback").unwrap();
        let mut metadata = ClientMetadata::native("app", [redirect_uri]);
        metadata.token_endpoint_auth_method = Some(TokenEndpointAuthMethod::PrivateKeyJwt);
        metadata.jwks = jwks;
        ClientMetadataDocument::new(ID, metadata)
    };
    let key = |extra: &str| {
        let mut key = serde_json::json!({ "kty": "EC", "crv": "P-256", "x": "eA", "y": "eQ" });
        key[extra] = "secret".into();
        Some(serde_json::json!({ "keys": [key] }))
    };
    let document = with(key("kid")).unwrap();
    let written = serde_json::to_vec(&document).unwrap();
    assert_eq!(ClientMetadataDocument::parse(&written, ID).unwrap(), document);
    assert!(matches!(with(None), Err(InvalidClientMetadataDocument::NoKeys)));
    for private in ["d", "k"] {
        assert!(matches!(with(key(private)), Err(InvalidClientMetadataDocument::PrivateKey)));
    }
}
