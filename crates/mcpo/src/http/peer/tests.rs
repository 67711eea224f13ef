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

#[test]
fn anybody_else() {
    assert!(!local("192.168.1.7:5000", &[("host", "127.0.0.1:8000")]));
    assert!(!local("127.0.0.1:5000", &[("host", "127.0.0.1:8000"), ("x-forwarded-for", "192.168.1.7")]));
    assert!(!local("127.0.0.1:5000", &[("host", "rebound.example:8000")]));
    assert!(!is_at_this_machine(&Extensions::new(), &HeaderMap::new()));
}
