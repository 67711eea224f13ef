use axum::http::{HeaderMap, HeaderValue};

use super::*;

fn request(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
    pairs
        .iter()
        .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
        .collect()
}

fn forwarding(json: &str) -> HeaderForwarding {
    serde_json::from_str::<ForwardingSection>(json).unwrap().resolve().unwrap()
}

fn names(headers: &HeaderMap) -> Vec<&str> {
    let mut names: Vec<_> = headers.keys().map(HeaderName::as_str).collect();
    names.sort_unstable();
    names
}

#[test]
fn nothing_goes_on_unless_enabled() {
    let headers = request(&[("x-user-id", "7")]);
    assert!(forwarding(r#"{"whitelist":["*"]}"#).select(&headers).is_empty());
    assert!(HeaderForwarding::default().select(&headers).is_empty());
}

/// Defect 19: matched case-insensitively, never hop-by-hop, never our own credentials unless named.
#[test]
fn defect_19_patterns_ignore_case_and_spare_credentials() {
    let headers = request(&[
        ("x-user-id", "7"),
        ("x-user-name", "Ada"),
        ("x-secret", "s"),
        ("authorization", "Bearer ours"),
        ("cookie", "a=b"),
        ("connection", "x-hop"),
        ("x-hop", "1"),
        ("transfer-encoding", "chunked"),
        ("mcp-session-id", "theirs"),
    ]);
    let some = forwarding(r#"{"enabled":true,"whitelist":["X-User-*"],"blacklist":["X-USER-NAME"]}"#);
    assert_eq!(names(&some.select(&headers)), ["x-user-id"]);
    let all = forwarding(r#"{"enabled":true,"whitelist":["*"]}"#);
    assert_eq!(names(&all.select(&headers)), ["x-secret", "x-user-id", "x-user-name"]);
    let open = forwarding(r#"{"enabled":true}"#);
    assert_eq!(names(&open.select(&headers)), ["x-secret", "x-user-id", "x-user-name"]);
    let named = forwarding(r#"{"enabled":true,"whitelist":["Authorization"]}"#);
    assert_eq!(names(&named.select(&headers)), ["authorization"]);
}

#[test]
fn a_pattern_that_is_no_header_name_is_refused() {
    let section: ForwardingSection =
        serde_json::from_str(r#"{"enabled":true,"whitelist":["X User"]}"#).unwrap();
    assert!(section.resolve().unwrap_err().message.contains("X User"));
}
