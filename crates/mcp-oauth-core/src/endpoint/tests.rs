use super::*;

/// C3.11: endpoints are https, or http on loopback.
#[test]
fn c3_11_schemes() {
    for good in [
        "https://as.test",
        "http://localhost:1/t",
        "http://127.8.9.1/",
        "http://[::1]:9/x",
        "HTTP://LOCALHOST/",
    ] {
        assert!(EndpointUrl::parse(good).is_ok(), "{good}");
    }
    for plain in ["http://as.test/", "http://localhost.as.test/", "http://10.0.0.1/", "http://[::2]/"] {
        assert_eq!(EndpointUrl::parse(plain), Err(InvalidUrl::PlainHttp), "{plain}");
        assert!(EndpointUrl::parse_with(plain, PlainHttp::Anywhere).is_ok());
    }
    for other in ["javascript:alert(1)", "data:text/html,x", "file:///bin/sh", "vbscript:x", "ftp://h.test/"]
    {
        let refused = EndpointUrl::parse_with(other, PlainHttp::Anywhere);
        assert!(matches!(refused, Err(InvalidUrl::Scheme(_))), "{other}");
    }
    assert!(matches!(EndpointUrl::parse("/token"), Err(InvalidUrl::Syntax(_))));
}

#[test]
fn no_user_information_and_no_fragment() {
    assert_eq!(EndpointUrl::parse("https://u:p@as.test/"), Err(InvalidUrl::UserInformation));
    assert_eq!(EndpointUrl::parse("https://u@as.test/"), Err(InvalidUrl::UserInformation));
    assert_eq!(EndpointUrl::parse("https://as.test/#x"), Err(InvalidUrl::Fragment));
}

#[test]
fn ipv4_mapped_loopback_is_loopback() {
    assert!(is_loopback(&Url::parse("http://[::ffff:127.0.0.1]/").unwrap()));
}

/// C8.1: the endpoint's own query stays.
#[test]
fn c8_1_text_is_kept() {
    let endpoint = EndpointUrl::parse("https://AS.test/authorize?tenant=a%20b").unwrap();
    assert_eq!(endpoint.as_str(), "https://AS.test/authorize?tenant=a%20b");
    assert_eq!(endpoint.url().query(), Some("tenant=a%20b"));
}
