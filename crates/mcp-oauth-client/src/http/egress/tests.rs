use super::*;

fn way(variables: &[(&str, &str)], uri: &str) -> String {
    let proxies = EgressProxies::from_variables(|name| {
        variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
    });
    let proxy = proxies.on_the_way_to(&uri.parse().unwrap());
    proxy.map_or_else(|| "direct".to_owned(), |proxy| proxy.uri().to_string())
}

/// C16.6: each variable in both spellings; a SOCKS proxy at its usual port.
#[test]
fn c16_6_variables() {
    for (http, https) in [("HTTP_PROXY", "HTTPS_PROXY"), ("http_proxy", "https_proxy")] {
        let variables = [(http, "http://one.test:3128"), (https, "two.test:8080")];
        assert_eq!(way(&variables, "http://as.test/token"), "http://one.test:3128/");
        assert_eq!(way(&variables, "https://as.test/token"), "http://two.test:8080/");
    }
    assert_eq!(way(&[("all_proxy", "socks5://three.test")], "https://as.test/"), "socks5://three.test/");
    assert_eq!(with_port(&"socks5://three.test".parse().unwrap(), 1080).port_u16(), Some(1080));
    assert_eq!(way(&[], "https://as.test/"), "direct");
}

/// C16.6: not for this machine, not for what is excepted, and not what a CGI program's caller says.
#[test]
fn c16_6_no_proxy() {
    let variables = [("ALL_PROXY", "http://p.test:1"), ("NO_PROXY", "in.test, 10.0.0.0/8")];
    for direct in
        ["https://in.test/", "https://10.1.2.3/", "http://localhost:1/", "http://127.0.0.1/", "http://[::1]/"]
    {
        assert_eq!(way(&variables, direct), "direct", "{direct}");
    }
    assert_eq!(way(&variables, "https://notin.test/"), "http://p.test:1/");
    let cgi = [("REQUEST_METHOD", "GET"), ("HTTP_PROXY", "http://evil.test:1")];
    assert_eq!(way(&cgi, "http://as.test/"), "direct");
}

#[test]
fn c15_4_no_password_in_debug() {
    let proxies = EgressProxies::from_variables(|_| Some("http://u:s3cr3t@p.test:1".to_owned()));
    assert!(!format!("{proxies:?}").contains("s3cr3t"));
}
