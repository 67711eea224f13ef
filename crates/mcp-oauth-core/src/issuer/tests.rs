use super::*;

/// C3.6, C10.2: issuers are compared as strings, without any normalization.
#[test]
fn c3_6_string_comparison() {
    let issuer = Issuer::parse("https://as.test/Tenant").unwrap();
    assert!(issuer == *"https://as.test/Tenant");
    for other in [
        "https://as.test/tenant",
        "https://AS.test/Tenant",
        "https://as.test:443/Tenant",
        "https://as.test/Tenant/",
        "https://as.test/T%65nant",
    ] {
        assert!(issuer != *other, "{other}");
        assert_ne!(issuer, Issuer::parse(other).unwrap());
    }
}

/// RFC 8414 §2: no query and no fragment.
#[test]
fn refused() {
    assert_eq!(Issuer::parse("https://as.test/?a"), Err(InvalidUrl::Query));
    assert_eq!(Issuer::parse("https://as.test/#a"), Err(InvalidUrl::Fragment));
    assert_eq!(Issuer::parse("https://a:b@as.test/"), Err(InvalidUrl::UserInformation));
    assert!(Issuer::parse("as.test").is_err());
    assert!(Issuer::parse("urn:x:y").is_err());
}

#[test]
fn secure_is_https_or_loopback() {
    assert!(Issuer::parse("https://as.test").unwrap().is_secure());
    assert!(Issuer::parse("http://127.0.0.1:9").unwrap().is_secure());
    assert!(!Issuer::parse("http://as.test").unwrap().is_secure());
}
