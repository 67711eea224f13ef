//! Endpoints, good and bad.
use super::*;

fn resolved(named: &str) -> Option<String> {
    let base = Url::parse("https://mcp.example/a/sse?x=1").unwrap();
    resolve(&base, named.as_bytes(), 100).ok().map(|uri| uri.to_string())
}

#[test]
fn relative_to_the_stream() {
    assert_eq!(resolved("/messages?sessionId=1").unwrap(), "https://mcp.example/messages?sessionId=1");
    assert_eq!(resolved("messages").unwrap(), "https://mcp.example/a/messages");
    assert_eq!(resolved("?sessionId=1").unwrap(), "https://mcp.example/a/sse?sessionId=1");
    assert_eq!(resolved("https://mcp.example/m").unwrap(), "https://mcp.example/m");
    assert_eq!(resolved("https://mcp.example:443/m").unwrap(), "https://mcp.example/m");
}

#[test]
fn another_origin_is_refused() {
    for named in [
        "https://evil.example/m",
        "//evil.example/m",
        "http://mcp.example/m",
        "https://mcp.example:8443/m",
        "https://mcp.example@evil.example/m",
        "javascript:alert(1)",
        "file:///etc/passwd",
        "https://",
    ] {
        assert_eq!(resolved(named), None, "{named}");
    }
}
