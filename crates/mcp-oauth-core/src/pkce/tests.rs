use super::*;
use crate::SystemEntropy;

/// RFC 7636 appendix B.
#[test]
fn c4_2_rfc_7636_appendix_b() {
    let verifier = CodeVerifier::parse("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk").unwrap();
    let challenge = CodeChallenge::parse("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM").unwrap();
    assert_eq!(verifier.challenge(), challenge);
    assert!(challenge.is_met_by(&verifier));
    assert!(!challenge.is_met_by(&CodeVerifier::generate(&SystemEntropy)));
}

/// C4.6: 43 to 128 unreserved characters, new every time.
#[test]
fn c4_6_grammar_and_freshness() {
    assert_eq!(CodeVerifier::parse("a".repeat(42)).unwrap_err(), InvalidPkce::Length);
    assert_eq!(CodeVerifier::parse("a".repeat(129)).unwrap_err(), InvalidPkce::Length);
    assert!(CodeVerifier::parse("a".repeat(128)).is_ok());
    assert_eq!(CodeVerifier::parse("+".repeat(43)).unwrap_err(), InvalidPkce::Character);
    let one = CodeVerifier::generate(&SystemEntropy);
    assert!(CodeVerifier::parse(one.expose()).is_ok());
    assert_ne!(one.expose(), CodeVerifier::generate(&SystemEntropy).expose());
}

#[test]
fn challenges_are_32_bytes_of_base64url() {
    assert!(CodeChallenge::parse("short").is_err());
    assert!(CodeChallenge::parse(&"=".repeat(43)).is_err());
    assert!(
        CodeChallenge::parse("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw+cM").is_err(),
        "standard alphabet"
    );
}
