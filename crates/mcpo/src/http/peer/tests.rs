use super::*;

fn local(peer: &str, pairs: &[(&'static str, &str)]) -> bool {
    let mut extensions = Extensions::new();
    extensions.insert(Peer(peer.parse().unwrap()));
    let headers = pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
    is_at_this_machine(&extensions, &headers)
}

#[test]
fn a_browser_on_this_machine() {
    for host in ["localhost:8000", "127.0.0.1:8000", "[::1]:8000", "mcpo.localhost"] {
        assert!(local("127.0.0.1:5000", &[("host", host)]), "{host}");
    }
    assert!(local("[::ffff:127.0.0.1]:5000", &[("host", "localhost")]));
}

/// Another site's page may link to the proxy's page, but not start a login.
#[test]
fn another_sites_page_starts_no_login() {
    let mut extensions = Extensions::new();
    extensions.insert(Peer("127.0.0.1:5000".parse().unwrap()));
    for (site, may) in [("cross-site", false), ("same-origin", true), ("none", true)] {
        let headers = HeaderMap::from_iter([
            (header::HOST, HeaderValue::from_static("localhost:8000")),
            ("sec-fetch-site".parse().unwrap(), HeaderValue::from_static(site)),
        ]);
        assert_eq!(may_log_in(&extensions, &headers), may, "{site}");
    }
}

#[test]
fn anybody_else() {
    assert!(!local("192.168.1.7:5000", &[("host", "127.0.0.1:8000")]));
    assert!(!local("127.0.0.1:5000", &[("host", "127.0.0.1:8000"), ("x-forwarded-for", "192.168.1.7")]));
    assert!(!local("127.0.0.1:5000", &[("host", "rebound.example:8000")]));
    assert!(!is_at_this_machine(&Extensions::new(), &HeaderMap::new()));
}
