use jsonwebtoken::Algorithm;

use super::{InvalidKey, PublicKeys, SigningKey};

/// A4.1: the key set names the key, its use and its algorithm, and holds nothing private.
#[test]
fn a4_1_the_published_key() {
    let key = SigningKey::generate();
    let jwk = serde_json::to_value(key.public()).unwrap();
    assert_eq!(jwk["kid"], key.id());
    assert_eq!(
        (&jwk["kty"], &jwk["crv"], &jwk["alg"], &jwk["use"]),
        (&"EC".into(), &"P-256".into(), &"ES256".into(), &"sig".into())
    );
    assert!(jwk.get("d").is_none());
    assert!(matches!(SigningKey::from_pkcs8_der(b"no key"), Err(InvalidKey::Private(_))));
    assert!(!format!("{key:?}").contains("private"), "{key:?}");
}

#[test]
fn of_a_foreign_key_set_only_signing_keys_are_kept() {
    let (one, other) = (SigningKey::generate(), SigningKey::generate());
    let mut encrypting = serde_json::to_value(other.public()).unwrap();
    encrypting["use"] = "enc".into();
    let document = serde_json::json!({"keys": [
        one.public(),
        encrypting,
        {"kty": "oct", "k": "c2VjcmV0", "alg": "HS256", "kid": "shared"},
        {"kty": "new", "x": 1},
    ]});
    let keys = PublicKeys::from_jwks(document.to_string().as_bytes()).unwrap();
    assert!(keys.find(Some(one.id()), Algorithm::ES256).is_some());
    assert!(keys.find(None, Algorithm::ES256).is_some(), "there is only one to choose");
    assert!(keys.find(Some(other.id()), Algorithm::ES256).is_none());
    assert!(keys.find(Some("shared"), Algorithm::HS256).is_none());
    assert!(PublicKeys::of([&one, &other]).find(None, Algorithm::ES256).is_none(), "two to choose from");
    assert!(matches!(PublicKeys::from_jwks(b"[]"), Err(InvalidKey::Set(_))));
}
