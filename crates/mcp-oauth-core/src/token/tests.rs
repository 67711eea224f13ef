use super::*;

fn read(json: &str) -> Result<TokenResponse, serde_json::Error> {
    serde_json::from_str(json)
}

/// C12.6: `access_token` and `token_type` are required; the type is case-insensitive; others are told apart.
#[test]
fn c12_6_required_members_and_types() {
    assert!(read(r#"{"access_token":"a"}"#).is_err());
    assert!(read(r#"{"token_type":"Bearer"}"#).is_err());
    assert!(read(r#"{"access_token":"","token_type":"Bearer"}"#).is_err());
    let kind =
        |word: &str| read(&format!(r#"{{"access_token":"a","token_type":"{word}"}}"#)).unwrap().token_type;
    assert_eq!(kind("bEARER"), TokenType::Bearer);
    assert_eq!(kind("dpop"), TokenType::Dpop);
    assert_eq!(kind("n_a"), TokenType::NotApplicable);
    assert_eq!(kind("mac"), TokenType::Other("mac".into()));
}

/// C12.7: `expires_in` as a number or a numeric text.
#[test]
fn c12_7_expires_in() {
    let of =
        |json: &str| read(&format!(r#"{{"access_token":"a","token_type":"Bearer","expires_in":{json}}}"#));
    for hour in ["3600", "\"3600\"", "3600.0", "\" 3600 \"", "\"3600.5\""] {
        assert_eq!(of(hour).unwrap().expires_in, Some(Duration::from_secs(3600)), "{hour}");
    }
    assert_eq!(of("null").unwrap().expires_in, None);
    assert_eq!(of("-1").unwrap().expires_in, Some(Duration::ZERO));
    assert_eq!(of("1e300").unwrap().expires_at(SystemTime::UNIX_EPOCH), None);
    for bad in ["\"soon\"", "[]", "true", "\"\""] {
        assert!(of(bad).is_err(), "{bad}");
    }
}

#[test]
fn empty_texts_are_absent() {
    let answer = read(r#"{"access_token":"a","token_type":"Bearer","refresh_token":"","scope":""}"#).unwrap();
    assert_eq!((answer.refresh_token, answer.scope), (None, None));
}

#[test]
fn writes_and_reads_back() {
    let mut answer = TokenResponse::new(AccessToken::parse("a").unwrap(), TokenType::Bearer);
    answer.expires_in = Some(Duration::from_secs(60));
    answer.scope = Some(ScopeSet::parse("x y").unwrap());
    let json = serde_json::to_string(&answer).unwrap();
    assert_eq!(json, r#"{"access_token":"a","token_type":"Bearer","expires_in":60,"scope":"x y"}"#);
    assert_eq!(read(&json).unwrap(), answer);
}

/// C15.4: neither `Debug` nor an error about a broken answer shows the token.
#[test]
fn c15_4_no_tokens_in_debug_or_errors() {
    let answer =
        read(r#"{"access_token":"s3cret","token_type":"Bearer","refresh_token":"r3fresh"}"#).unwrap();
    let shown = format!("{answer:?}");
    assert!(!shown.contains("s3cret") && !shown.contains("r3fresh"));
    let error = read(r#"{"access_token":"s3cret token","token_type":"Bearer"}"#).unwrap_err();
    assert!(!format!("{error} {error:?}").contains("s3cret"));
}
