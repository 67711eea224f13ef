use super::*;

fn uri(text: &str) -> RedirectUri {
    RedirectUri::parse(text).unwrap()
}

/// C8.6, A5.5: https, loopback or a private-use scheme; nothing that runs where it is opened.
#[test]
fn c8_6_what_may_be_registered() {
    for good in [
        "https://app.test/cb?x=1",
        "http://localhost:3030/callback",
        "http://[::1]/cb",
        "com.example.app:/cb",
    ] {
        assert_eq!(uri(good).as_str(), good);
    }
    for bad in [
        "http://app.test/cb",
        "javascript:alert(1)",
        "data:text/html,x",
        "file:///x",
        "vbscript:x",
        "/cb",
        "https://a.test/#f",
        "https://u@a.test/",
        "*",
    ] {
        assert!(RedirectUri::parse(bad).is_err(), "{bad}");
    }
}

#[test]
fn loopback_addresses() {
    assert_eq!(RedirectUri::loopback(3030).as_str(), "http://127.0.0.1:3030/callback");
    assert_eq!(RedirectUri::loopback(0).url().port(), Some(0));
    assert_eq!(RedirectUri::loopback(80).as_str(), "http://127.0.0.1:80/callback");
}

/// A2.2: exact match, but for the port of a loopback address.
#[test]
fn a2_2_matching() {
    assert!(uri("http://127.0.0.1/cb").permits(&uri("http://127.0.0.1:5000/cb")));
    assert!(uri("http://[::1]:1/cb").permits(&uri("http://[::1]:5000/cb")));
    assert!(!uri("http://127.0.0.1/cb").permits(&uri("http://127.0.0.1:5000/other")));
    assert!(!uri("http://127.0.0.1/cb").permits(&uri("http://[::1]/cb")));
    assert!(!uri("http://localhost:1/cb").permits(&uri("http://localhost:2/cb")));
    assert!(!uri("https://app.test/cb").permits(&uri("https://app.test/cb/")));
    assert!(!uri("https://app.test/cb").permits(&uri("https://app.test/cb?x")));
    assert!(!uri("https://127.0.0.1/cb").permits(&uri("https://127.0.0.1:5000/cb")));
}
