use super::*;
use crate::SystemEntropy;

/// C15.4: nothing of a secret in `Debug`, nor in the error about a bad one.
#[test]
fn c15_4_debug_and_errors_hide_the_value() {
    let token = AccessToken::parse("s3cret-value").unwrap();
    assert_eq!(format!("{token:?}"), "AccessToken(redacted)");
    let error = RefreshToken::parse("s3cret\nvalue").unwrap_err();
    assert!(!format!("{error} {error:?}").contains("s3cret"));
    let error = serde_json::from_str::<ClientSecret>("\"s3cret\\u0000\"").unwrap_err();
    assert!(!error.to_string().contains("s3cret"));
}

#[test]
fn grammar_of_appendix_a() {
    assert_eq!(State::parse(""), Err(InvalidSecret::Empty { kind: "state" }));
    assert!(AccessToken::parse("a b").is_err(), "it could not be sent in a header");
    assert!(RefreshToken::parse("a b").is_ok());
    assert!(AuthorizationCode::parse("ü").is_err());
}

#[test]
fn generated_ones_differ_and_have_256_bits() {
    let one = State::generate(&SystemEntropy);
    let other = State::generate(&SystemEntropy);
    assert_eq!(one.expose().len(), 43);
    assert_ne!(one, other);
    assert_eq!(one, one.clone());
}
