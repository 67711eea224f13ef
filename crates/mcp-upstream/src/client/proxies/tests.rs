use super::*;

fn way(variables: &[(&str, &str)], uri: &str) -> String {
    let proxies = Proxies::from_variables(|name| {
        variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
    });
    told(&proxies, uri)
}

fn told(proxies: &Proxies, uri: &str) -> String {
    let uri: Uri = uri.parse().unwrap();
    match proxies.way(&Origin::of(&uri).unwrap(), &uri) {
        Way::Direct => "direct".into(),
        Way::Forward(proxy) => format!("forward {}", proxy.uri()),
        Way::Tunnel(proxy) => format!("tunnel {}", proxy.uri()),
        Way::Socks(proxy) => format!("socks {}", proxy.uri()),
    }
}

#[test]
fn each_scheme_has_its_variable_in_both_spellings() {
    for (http, https) in [("HTTP_PROXY", "HTTPS_PROXY"), ("http_proxy", "https_proxy")] {
        let variables = [(http, "http://one.test:3128"), (https, "two.test:8080")];
        assert_eq!(way(&variables, "http://h.test/mcp"), "forward http://one.test:3128/");
        assert_eq!(way(&variables, "https://h.test/mcp"), "tunnel http://two.test:8080/");
    }
    let all = [("all_proxy", "socks5h://u:p@three.test")];
    assert_eq!(way(&all, "https://h.test/"), "socks socks5h://three.test/");
}

#[test]
fn some_servers_need_no_proxy() {
    let variables =
        [("ALL_PROXY", "http://p.test:1"), ("no_proxy", "in.test, 10.0.0.0/8, exact.example.com")];
    for direct in [
        "http://in.test/",
        "http://x.in.test/",
        "http://10.2.3.4/",
        "https://exact.example.com/",
        "http://localhost:8000/",
        "http://a.LOCALHOST/",
        "http://127.0.0.1:1/",
        "http://[::1]:1/",
        "http://[::ffff:127.0.0.1]/",
    ] {
        assert_eq!(way(&variables, direct), "direct", "{direct}");
    }
    for proxied in
        ["http://notin.test/", "http://11.0.0.1/", "http://notlocalhost/", "http://localhost.test/"]
    {
        assert_eq!(way(&variables, proxied), "forward http://p.test:1/", "{proxied}");
    }
}

#[test]
fn a_server_on_this_machine_goes_through_a_proxy_when_that_is_asked_for() {
    let variables = |name: &str| (name == "HTTP_PROXY").then(|| "http://p.test:1".to_owned());
    let proxies = Proxies::from_variables(variables).loopback(true);
    assert_eq!(told(&proxies, "http://127.0.0.1:8000/mcp"), "forward http://p.test:1/");
}

/// What a request's `Proxy:` header becomes in a CGI program (CVE-2016-5385 and others).
#[test]
fn a_cgi_variable_is_no_proxy() {
    let variables = [("REQUEST_METHOD", "GET"), ("HTTP_PROXY", "http://evil.test")];
    assert_eq!(way(&variables, "http://h.test/"), "direct");
    let variables = [("REQUEST_METHOD", "GET"), ("http_proxy", "http://p.test")];
    assert_eq!(way(&variables, "http://h.test/"), "forward http://p.test/");
}
