use super::*;

fn passes(content_type: Option<&str>, body: &str) -> bool {
    let mut headers = HeaderMap::new();
    if let Some(value) = content_type {
        headers.insert(header::CONTENT_TYPE, value.parse().unwrap());
    }
    require_json(&headers, body.as_bytes()).is_ok()
}

#[test]
fn json_calls_itself_json() {
    assert!(passes(Some("application/json"), "{}"));
    assert!(passes(Some("Application/JSON; charset=utf-8"), "{}"));
    assert!(passes(Some("application/vnd.api+json"), "{}"));
    assert!(!passes(Some("text/plain"), "{}"));
    assert!(!passes(Some("application/x-www-form-urlencoded"), "{}"));
    assert!(!passes(Some("text/x+json"), "{}"));
    assert!(!passes(None, "{}"));
}

#[test]
fn nothing_needs_no_name() {
    assert!(passes(None, ""));
    assert!(passes(Some("text/plain"), " \r\n"));
}

/// Recorded from FastAPI 0.143.5.
#[test]
fn the_refusal_is_fastapis() {
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, "text/plain".parse().unwrap());
    let answer = require_json(&headers, br#"{"timezone":"UTC"}"#).unwrap_err().into_answer();
    assert_eq!(answer.status, 422);
    assert_eq!(
        answer.body,
        r#"{"detail":[{"type":"model_attributes_type","loc":["body"],"msg":"Input should be a valid dictionary or object to extract fields from","input":"{\"timezone\":\"UTC\"}"}]}"#
    );
}
