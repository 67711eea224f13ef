use std::time::{Duration, SystemTime};

use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{HeaderMap, HeaderValue, Method, Uri};
use serde_json::{Value, json};

use super::*;
use crate::{AccessToken, KeyMaterial, PublicJwk, SigningAlgorithm, Thumbprint, UnsignedJwt};

/// RFC 9449 §4.1, figures 1 and 2.
const AT_THE_TOKEN_ENDPOINT: &str = concat!(
    "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZOXpDa0RscEJo",
    "RjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JEQSIsImNydiI6IlAtMjU2In19.eyJq",
    "dGkiOiItQndDM0VTYzZhY2MybFRjIiwiaHRtIjoiUE9TVCIsImh0dSI6Imh0dHBzOi8vc2VydmVyLmV4YW1wbGUuY29tL3Rva2VuIiwiaWF0Ijox",
    "NTYyMjYyNjE2fQ.2-GxA6T8lP4vfrg8v-FdWP0A0zdrj8igiMLvqRMUvwnQg4PtFLbdLXiOSsX0x7NVY-FNyJK70nfbV37xRZT3Lg",
);

/// RFC 9449 §7.1, figures 12 and 13.
const AT_THE_RESOURCE: &str = concat!(
    "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZOXpDa0RscEJo",
    "RjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JEQSIsImNydiI6IlAtMjU2In19.eyJq",
    "dGkiOiJlMWozVl9iS2ljOC1MQUVCIiwiaHRtIjoiR0VUIiwiaHR1IjoiaHR0cHM6Ly9yZXNvdXJjZS5leGFtcGxlLm9yZy9wcm90ZWN0ZWRyZXNv",
    "dXJjZSIsImlhdCI6MTU2MjI2MjYxOCwiYXRoIjoiZlVIeU8ycjJaM0RaNTNFc05yV0JiMHhXWG9hTnk1OUlpS0NBcWtzbVFFbyJ9.2oW9RP35yRqz",
    "hrtNP86L-Ey71EOptxRimPPToA1plemAgR6pxHF8y6-yqyVnmcw6Fy1dqd-jfxSYoMxhAJpLjA",
);

const TOKEN: &str = "Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU";
const THUMBPRINT: &str = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I";

fn check(key: &PublicJwk, algorithm: SigningAlgorithm, message: &[u8], signature: &[u8]) -> bool {
    assert_eq!(algorithm, SigningAlgorithm::Es256);
    let KeyMaterial::Ec { x, y, .. } = key.material() else { return false };
    let point = [&[4], x, y].concat();
    UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).verify(message, signature).is_ok()
}

fn at(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
}

fn expected<'a>(method: &'a Method, uri: &'a Uri, now: u64) -> ExpectedProof<'a> {
    let tolerance = Duration::from_secs(60);
    ExpectedProof { method, uri, token: None, key: None, nonce: None, now: at(now), tolerance }
}

/// C17.10: the proofs of the RFC hold.
#[test]
fn c17_10_the_proofs_of_the_rfc() {
    let key = Thumbprint::parse(THUMBPRINT).unwrap();
    let uri = Uri::from_static("https://server.example.com/token");
    let wanted = ExpectedProof { key: Some(&key), ..expected(&Method::POST, &uri, 1_562_262_616) };
    let proof = ReceivedProof::parse(AT_THE_TOKEN_ENDPOINT).unwrap().verify(&wanted, check).unwrap();
    assert_eq!((proof.id(), proof.key()), ("-BwC3ESc6acc2lTc", &key));

    let uri = Uri::from_static("https://Resource.example.org:443/protectedresource?more=1");
    let token = AccessToken::parse(TOKEN).unwrap();
    assert_eq!(access_token_hash(&token), "fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo");
    let wanted = ExpectedProof {
        token: Some(&token),
        key: Some(&key),
        ..expected(&Method::GET, &uri, 1_562_262_618 + 60)
    };
    let proof = ReceivedProof::parse(AT_THE_RESOURCE).unwrap().verify(&wanted, check).unwrap();
    assert_eq!(proof.id(), "e1j3V_bKic8-LAEB");
}

/// RFC 9449 §4.3: each check by itself.
#[test]
fn c17_10_what_a_server_refuses() {
    let uri = Uri::from_static("https://resource.example.org/protectedresource");
    let other_uri = Uri::from_static("https://resource.example.org/other");
    let token = AccessToken::parse(TOKEN).unwrap();
    let other_token = AccessToken::parse("another").unwrap();
    let other_key = Thumbprint::parse("NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs").unwrap();
    let nonce = DpopNonce::parse("n").unwrap();
    let good = ExpectedProof { token: Some(&token), ..expected(&Method::GET, &uri, 1_562_262_618) };
    let outcome = |wanted: ExpectedProof<'_>| {
        ReceivedProof::parse(AT_THE_RESOURCE).unwrap().verify(&wanted, check).map(drop)
    };
    assert_eq!(outcome(good), Ok(()));
    for (wanted, error) in [
        (ExpectedProof { method: &Method::POST, ..good }, InvalidProof::Method),
        (ExpectedProof { uri: &other_uri, ..good }, InvalidProof::Target),
        (ExpectedProof { token: Some(&other_token), ..good }, InvalidProof::Token),
        (ExpectedProof { key: Some(&other_key), ..good }, InvalidProof::Binding),
        (ExpectedProof { nonce: Some(&nonce), ..good }, InvalidProof::Nonce),
        (ExpectedProof { now: at(1_562_262_618 + 61), ..good }, InvalidProof::Time),
        (ExpectedProof { now: at(1_562_262_618 - 61), ..good }, InvalidProof::Time),
    ] {
        assert_eq!(outcome(wanted), Err(error));
    }
    let forged = ReceivedProof::parse(AT_THE_RESOURCE).unwrap().verify(&good, |_, _, _, _| false);
    assert_eq!(forged, Err(InvalidProof::Signature));
    // A proof for the token endpoint says nothing about a token.
    let bare = ReceivedProof::parse(AT_THE_TOKEN_ENDPOINT).unwrap();
    let token_uri = Uri::from_static("https://server.example.com/token");
    let wanted = ExpectedProof { token: Some(&token), ..expected(&Method::POST, &token_uri, 1_562_262_616) };
    assert_eq!(bare.verify(&wanted, check), Err(InvalidProof::Token));
}

fn jwk() -> Value {
    json!({
        "kty": "EC",
        "crv": "P-256",
        "x": "l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs",
        "y": "9VE4jf_Ok_o64zbTTlcuNJajHmt6v9TDVrU0CdvGRDA",
    })
}

fn refused(header: &Value, claims: &Value) -> InvalidProof {
    ReceivedProof::parse(&UnsignedJwt::new(header, claims).unwrap().with_signature(b"x")).unwrap_err()
}

/// C17.10: what is no proof at all.
#[test]
fn c17_10_what_is_no_proof() {
    let claims = json!({ "jti": "1", "htm": "GET", "htu": "https://h.test/", "iat": 1 });
    let header = |alg: &str, jwk: Value| json!({ "typ": "dpop+jwt", "alg": alg, "jwk": jwk });
    let mut private = jwk();
    private["d"] = "AAAA".into();
    assert_eq!(refused(&header("ES256", private), &claims), InvalidProof::Key);
    assert_eq!(refused(&json!({ "typ": "dpop+jwt", "alg": "ES256" }), &claims), InvalidProof::Key);
    assert_eq!(refused(&json!({ "typ": "JWT", "alg": "ES256", "jwk": jwk() }), &claims), InvalidProof::Type);
    for alg in ["none", "HS256", "ES384", "RS256", "es256"] {
        assert_eq!(refused(&header(alg, jwk()), &claims), InvalidProof::Algorithm, "{alg}");
    }
    for member in ["jti", "htm", "htu", "iat"] {
        let mut claims = claims.clone();
        claims.as_object_mut().unwrap().remove(member);
        assert_eq!(refused(&header("ES256", jwk()), &claims), InvalidProof::Malformed, "{member}");
    }
    let endless = json!({ "jti": "1".repeat(257), "htm": "GET", "htu": "https://h.test/", "iat": 1 });
    assert_eq!(refused(&header("ES256", jwk()), &endless), InvalidProof::Malformed);
    for text in ["", ".", "..", "a.b", "a.b.c", &"a".repeat(9000)] {
        assert_eq!(ReceivedProof::parse(text).unwrap_err(), InvalidProof::Malformed);
    }
}

/// RFC 9449 §4.3, check 1.
#[test]
fn c17_10_one_header_only() {
    let mut headers = HeaderMap::new();
    assert!(ReceivedProof::from_headers(&headers).unwrap().is_none());
    headers.append("DPoP", HeaderValue::from_static(AT_THE_RESOURCE));
    assert!(ReceivedProof::from_headers(&headers).unwrap().is_some());
    headers.append("dpop", HeaderValue::from_static(AT_THE_RESOURCE));
    assert_eq!(ReceivedProof::from_headers(&headers).unwrap_err(), InvalidProof::Several);
}

/// C17.10: what this crate writes.
#[test]
fn c17_10_what_is_written() {
    let key: PublicJwk = serde_json::from_value(jwk()).unwrap();
    let uri = Uri::from_static("https://H.test:443/mcp?session=secret");
    let (token, nonce) = (AccessToken::parse(TOKEN).unwrap(), DpopNonce::parse("n0nce").unwrap());
    let parts = |proof: DpopProof<'_>| {
        let text = proof.write(SigningAlgorithm::Es256, &key, "id", at(5)).unwrap().with_signature(b"");
        let mut parts = text.split('.').map(|part| URL_SAFE_NO_PAD.decode(part).unwrap());
        let mut next = || serde_json::from_slice::<Value>(&parts.next().unwrap()).unwrap();
        (next(), next())
    };
    let bare = DpopProof::new(&Method::POST, &uri);
    let (header, claims) = parts(bare);
    assert_eq!(header, json!({ "typ": "dpop+jwt", "alg": "ES256", "jwk": jwk() }));
    assert_eq!(claims, json!({ "jti": "id", "htm": "POST", "htu": "https://h.test/mcp", "iat": 5 }));
    let (_, claims) = parts(bare.with_token(&token).with_nonce(Some(&nonce)));
    assert_eq!(claims["ath"], "fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo");
    assert_eq!(claims["nonce"], "n0nce");
}

/// C17.12: the nonce of an answer.
#[test]
fn c17_12_nonces() {
    let mut headers = HeaderMap::new();
    assert_eq!(DpopNonce::from_headers(&headers), None);
    headers.append("DPoP-Nonce", HeaderValue::from_static("eyJ7S_zG.eyJH0-Z.HX4w-7v"));
    assert_eq!(DpopNonce::from_headers(&headers).unwrap().as_str(), "eyJ7S_zG.eyJH0-Z.HX4w-7v");
    headers.append("DPoP-Nonce", HeaderValue::from_static("another"));
    assert_eq!(DpopNonce::from_headers(&headers), None);
    for bad in ["", "a b", "a\"b", "a\\b", "é", &"a".repeat(513)] {
        assert!(DpopNonce::parse(bad).is_err(), "{bad}");
    }
}
