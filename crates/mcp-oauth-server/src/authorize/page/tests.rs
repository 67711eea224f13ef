use mcp_oauth_core::RedirectUri;

use super::{Destination, form_action};

#[test]
fn the_form_may_go_where_the_redirect_goes() {
    for (uri, sources) in [
        ("https://app.test/cb", "'self' https:"),
        ("http://127.0.0.1:8080/cb", "'self' http://127.0.0.1:8080 https:"),
        ("http://localhost/cb", "'self' http://localhost https:"),
        ("http://[::1]:8080/cb", "'self' http: https:"),
        ("http://127.0.0.2/cb", "'self' http: https:"),
        ("com.example.app:/cb", "'self' com.example.app: https:"),
    ] {
        assert_eq!(form_action(&RedirectUri::parse(uri).unwrap()), sources, "{uri}");
    }
}

/// A2.9: the page names the host, and tells this machine from a site.
#[test]
fn a2_9_the_destination_in_words() {
    let of = |uri| Destination::of(&RedirectUri::parse(uri).unwrap());
    assert!(matches!(of("https://app.test:8443/cb"), Destination::Site(host) if host == "app.test:8443"));
    assert!(matches!(of("http://localhost:1/cb"), Destination::ThisMachine(host) if host == "localhost:1"));
    assert!(matches!(of("https://127.0.0.1/cb"), Destination::ThisMachine(host) if host == "127.0.0.1"));
    assert!(matches!(of("com.example.app:/cb"), Destination::App(scheme) if scheme == "com.example.app"));
}
