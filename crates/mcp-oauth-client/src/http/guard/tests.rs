use super::*;
use crate::http::resolver::SystemResolver;

fn needed(text: &str) -> AddressPolicy {
    AddressPolicy::needed_for(text.parse().unwrap())
}

/// C16.3: private, loopback, link-local and metadata ranges, ULA and mapped forms.
#[test]
fn c16_3_classes() {
    for public in [
        "8.8.8.8",
        "1.1.1.1",
        "172.32.0.1",
        "100.128.0.1",
        "2606:4700::1111",
        "::ffff:8.8.8.8",
        "64:ff9b::808:808",
    ] {
        assert_eq!(needed(public), AddressPolicy::Public, "{public}");
    }
    for loopback in ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::"]
    {
        assert_eq!(needed(loopback), AddressPolicy::Loopback, "{loopback}");
    }
    for private in [
        "10.0.0.1",
        "172.16.0.1",
        "172.31.255.255",
        "192.168.1.1",
        "100.64.0.1",
        "fd00::1",
        "fc00::1",
        "::ffff:10.0.0.1",
        "2002:a00:1::",
    ] {
        assert_eq!(needed(private), AddressPolicy::Private, "{private}");
    }
    for special in [
        "169.254.169.254",
        "0.0.0.0",
        "255.255.255.255",
        "224.0.0.1",
        "192.0.2.1",
        "198.18.0.1",
        "198.51.100.1",
        "203.0.113.9",
        "192.0.0.8",
        "240.0.0.1",
        "::",
        "fe80::1",
        "fec0::1",
        "ff02::1",
        "2001:db8::1",
        "2001::1",
        "::10.0.0.1",
        "::ffff:169.254.169.254",
        "64:ff9b:1::1",
    ] {
        assert_eq!(needed(special), AddressPolicy::Any, "{special}");
    }
}

#[test]
fn each_policy_allows_what_the_narrower_one_does() {
    let loopback = "127.0.0.1".parse().unwrap();
    assert!(!AddressPolicy::Public.permits(loopback));
    assert!(AddressPolicy::Loopback.permits(loopback));
    assert!(AddressPolicy::Private.permits(loopback));
    assert!(!AddressPolicy::Loopback.permits("10.0.0.1".parse().unwrap()));
    assert!(!AddressPolicy::Private.permits("169.254.169.254".parse().unwrap()));
    assert!(AddressPolicy::Any.permits("169.254.169.254".parse().unwrap()));
}

/// C16.5: a name that resolves to a forbidden address gives none.
#[tokio::test]
async fn c16_5_names_are_judged_by_their_addresses() {
    let mut open = GuardedResolver::new(Arc::new(SystemResolver), AddressPolicy::Loopback);
    assert!(open.call("localhost".parse().unwrap()).await.unwrap().count() > 0);
    let mut closed = GuardedResolver::new(Arc::new(SystemResolver), AddressPolicy::Public);
    let refused = closed.call("localhost".parse().unwrap()).await.unwrap_err();
    assert!(refused.get_ref().unwrap().is::<AddressRefused>());
}
