//! Addresses of proxies.
use super::*;

#[test]
fn a_socks_proxy_without_a_port_is_at_1080() {
    for (given, dialed) in [
        ("socks5://proxy/", "socks5://proxy:1080/"),
        ("socks5h://[::1]/", "socks5h://[::1]:1080/"),
        ("socks5://proxy:9/", "socks5://proxy:9/"),
    ] {
        assert_eq!(with_socks_port(given.parse().unwrap()).to_string(), dialed);
    }
}
