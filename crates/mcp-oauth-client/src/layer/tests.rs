use http::Uri;
use mcp_oauth_core::EndpointUrl;

use super::*;

/// C13.3: the same origin and nothing else.
#[test]
fn c13_3_tokens_stay_at_their_origin() {
    let server = EndpointUrl::parse("https://h.test/mcp").unwrap();
    let goes = |uri: &'static str| is_for(&Uri::from_static(uri), &server);
    assert!(goes("https://h.test/mcp") && goes("https://H.test:443/messages?session=1"));
    for other in [
        "http://h.test/mcp",
        "https://h.test:8443/mcp",
        "https://evil.test/mcp",
        "https://h.test.evil.test/",
        "/mcp",
    ] {
        assert!(!goes(other), "{other}");
    }
    let local = EndpointUrl::parse("http://[::1]:8000/mcp").unwrap();
    assert!(is_for(&Uri::from_static("http://[::1]:8000/x"), &local));
    assert!(!is_for(&Uri::from_static("http://127.0.0.1:8000/x"), &local));
}
