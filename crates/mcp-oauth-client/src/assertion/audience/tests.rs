use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use mcp_oauth_core::{Assertion, EndpointUrl, Issuer};

use super::{AssertionAudience, Listed, audiences};

fn of(claims: &str) -> Option<Vec<String>> {
    let [header, claims] = [r#"{"alg":"ES256"}"#, claims].map(|text| URL_SAFE_NO_PAD.encode(text));
    read(&format!("{header}.{claims}.c2ln"))
}

fn read(text: &str) -> Option<Vec<String>> {
    audiences(&Assertion::parse(text).expect("an assertion"))
}

/// C17.15, RFC 7519 §4.1.3: a string, or several in an array; whatever else stands there names nobody.
#[test]
fn c17_15_audiences() {
    assert_eq!(of(r#"{"aud":"https://as.test"}"#), Some(vec!["https://as.test".to_owned()]));
    assert_eq!(of(r#"{"aud":["a","b"],"sub":"x"}"#), Some(vec!["a".to_owned(), "b".to_owned()]));
    for nobody in [r#"{"aud":[]}"#, r#"{"aud":5}"#, r#"{"aud":["a",5]}"#, r#"{"aud":{"a":"b"}}"#] {
        assert_eq!(of(nobody), Some(Vec::new()), "{nobody}");
    }
    for none in [r#"{"sub":"x"}"#, r#"{"aud":null}"#, r#"{"aud":"a","aud":"b"}"#, "{", r#""aud""#] {
        assert_eq!(of(none), None, "{none}");
    }
}

/// What is no JSON Web Token says nothing.
#[test]
fn opaque_texts() {
    let claims = URL_SAFE_NO_PAD.encode(r#"{"aud":"a"}"#);
    for text in [
        "opaque",
        "a.b.c",
        &format!("x.{claims}.y"),
        &format!("e30.{claims}"),
        &format!("e30.{claims}.x.y.z"),
    ] {
        assert_eq!(read(text), None, "{text}");
    }
    assert_eq!(read(&format!("e30.{claims}.")), Some(vec!["a".to_owned()]));
}

/// The issuer with any last slash, the token endpoint as it is; nothing that only begins alike.
#[test]
fn c17_15_who_is_meant() {
    let audience = AssertionAudience {
        issuer: Issuer::parse("https://as.test/tenant").expect("an issuer"),
        token_endpoint: EndpointUrl::parse("https://as.test/tenant/token").expect("an endpoint"),
    };
    for right in ["https://as.test/tenant", "https://as.test/tenant/", "https://as.test/tenant/token"] {
        assert!(audience.is(right), "{right}");
    }
    for wrong in
        ["https://as.test", "https://as.test/tenant/token/", "https://as.test/TENANT", "", "/", "tenant"]
    {
        assert!(!audience.is(wrong), "{wrong}");
    }
}

#[test]
fn messages_are_printable_and_short() {
    assert_eq!(Listed(&[]).to_string(), "nobody");
    let two = ["a\u{1b}".to_owned(), "b".to_owned()];
    assert_eq!(Listed(&two).to_string(), "a\\u{1b} and 1 more");
    assert_eq!(Listed(&["x".repeat(5000)]).to_string().len(), 200);
}
