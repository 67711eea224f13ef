use super::*;

/// RFC 7638 §3.1.
#[test]
fn the_thumbprint_of_the_rfc() {
    let key: PublicJwk = serde_json::from_str(concat!(
        r#"{"kty":"RSA","n":"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_"#,
        "BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMi",
        "cAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINH",
        r#"aQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw","e":"AQAB","alg":"RS256","kid":"2011-04-29"}"#,
    ))
    .unwrap();
    assert_eq!(key.thumbprint().as_str(), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
    assert!(key.is_for(SigningAlgorithm::Rs256) && !key.is_for(SigningAlgorithm::Es256));
}

/// RFC 8037 appendix A.3.
#[test]
fn the_thumbprint_of_an_ed25519_key() {
    let json = r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
    let key: PublicJwk = serde_json::from_str(json).unwrap();
    assert_eq!(key.thumbprint().as_str(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
    assert_eq!(serde_json::to_string(&key).unwrap(), json);
    assert!(key.is_for(SigningAlgorithm::EdDsa));
}

const X: &str = "l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs";
const Y: &str = "9VE4jf_Ok_o64zbTTlcuNJajHmt6v9TDVrU0CdvGRDA";

fn refused(json: &str) -> String {
    serde_json::from_str::<PublicJwk>(json).unwrap_err().to_string()
}

/// C17.10: public keys only, and only those that can be used.
#[test]
fn c17_10_what_is_no_public_key() {
    let point = format!(r#""crv":"P-256","x":"{X}","y":"{Y}""#);
    assert!(serde_json::from_str::<PublicJwk>(&format!(r#"{{"kty":"EC",{point}}}"#)).is_ok());
    assert!(refused(&format!(r#"{{"kty":"EC",{point},"d":"{X}"}}"#)).contains("private"));
    assert!(refused(r#"{"kty":"oct","k":"AAAA"}"#).contains("private"));
    assert!(refused(r#"{"kty":"RSA","n":"AAAA","e":"AQAB"}"#).contains("member n"));
    assert!(refused(&format!(r#"{{"kty":"EC","crv":"secp256k1","x":"{X}","y":"{Y}"}}"#)).contains("kind"));
    assert!(refused(&format!(r#"{{"kty":"EC","crv":"P-384","x":"{X}","y":"{Y}"}}"#)).contains("member x"));
    assert!(refused(&format!(r#"{{"kty":"EC","crv":"P-256","x":"{X}"}}"#)).contains("member y"));
    assert!(refused(&format!(r#"{{"kty":"EC","crv":"P-256","x":"{X}","y":"{Y}="}}"#)).contains("member y"));
    assert!(refused("[]").contains("expected"));
}

/// C17.14: the private half comes back from a store and shows nowhere.
#[test]
fn c17_14_private_keys_are_kept_and_not_shown() {
    let public: PublicJwk =
        serde_json::from_str(&format!(r#"{{"kty":"EC","crv":"P-256","x":"{X}","y":"{Y}"}}"#)).unwrap();
    let private = PrivateJwk::new(public.clone(), &[0xab; 32]).unwrap();
    assert_eq!(PrivateJwk::new(public.clone(), &[1; 31]).unwrap_err(), InvalidJwk::Member("d"));
    let json = serde_json::to_string(&private).unwrap();
    let secret = URL_SAFE_NO_PAD.encode([0xab; 32]);
    assert!(json.contains(&secret));
    let read: PrivateJwk = serde_json::from_str(&json).unwrap();
    assert_eq!((read.public(), read.expose()), (&public, &[0xab; 32][..]));
    let shown = format!("{private:?}");
    assert!(shown.contains("0ZcOCORZNYy") && !shown.contains(&secret) && !shown.contains("171"), "{shown}");
    assert!(serde_json::from_str::<PrivateJwk>(&serde_json::to_string(&public).unwrap()).is_err());
}

#[test]
fn points_and_thumbprints() {
    let mut point = vec![4];
    point.extend(URL_SAFE_NO_PAD.decode(X).unwrap());
    point.extend(URL_SAFE_NO_PAD.decode(Y).unwrap());
    let key = PublicJwk::ec(EllipticCurve::P256, &point).unwrap();
    assert_eq!(Thumbprint::parse("0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"), Some(key.thumbprint()));
    assert_eq!(Thumbprint::parse("0ZcO"), None);
    point[0] = 2;
    assert!(PublicJwk::ec(EllipticCurve::P256, &point).is_err());
    assert!(PublicJwk::ec(EllipticCurve::P256, &[]).is_err());
}
