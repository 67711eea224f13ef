use super::*;

/// C12.8: codes, descriptions and addresses of an error body.
#[test]
fn c12_8_error_bodies() {
    let error: OAuthError = serde_json::from_str(
        r#"{"error":"invalid_target","error_description":"no such resource","error_uri":"https://h.test/e","x":1}"#,
    )
    .unwrap();
    assert_eq!(error.code(), &OAuthErrorCode::InvalidTarget);
    assert_eq!(error.to_string(), "invalid_target: no such resource");
    assert_eq!(error.uri(), Some("https://h.test/e"));
    let again: OAuthError = serde_json::from_str(&serde_json::to_string(&error).unwrap()).unwrap();
    assert_eq!(again, error);
}

#[test]
fn odd_texts_do_not_hide_the_code() {
    let error: OAuthError =
        serde_json::from_str(r#"{"error":"slow_down","error_description":{"a":1}}"#).unwrap();
    assert_eq!(error.code().as_str(), "slow_down");
    assert_eq!(error.description(), None);
    assert!(serde_json::from_str::<OAuthError>("{}").is_err());
    assert!(serde_json::from_str::<OAuthError>(r#"{"error":5}"#).is_err());
}

/// C10.7: what a person may see holds no control characters and ends somewhere.
#[test]
fn c10_7_texts_are_printable_and_bounded() {
    let error = OAuthError::new("a\nb".into()).with_description(&"x\u{1b}[31m\r\n\u{202e}".repeat(1000));
    let shown = error.to_string();
    assert!(!shown.chars().any(char::is_control) && !shown.contains('\u{202e}'));
    assert!(error.description().unwrap().chars().count() <= OAuthError::TEXT_CHARS);
}
