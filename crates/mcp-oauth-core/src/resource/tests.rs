use super::*;

fn of(server: &str) -> String {
    ResourceUri::of_server(&Url::parse(server).unwrap()).unwrap().as_str().to_owned()
}

/// C8.3: canonical form. Upper case is accepted, a host alone has no slash, a significant slash stays.
#[test]
fn c8_3_canonical_server_uri() {
    assert_eq!(of("HTTPS://MCP.Example.COM"), "https://mcp.example.com");
    assert_eq!(of("https://mcp.example.com/"), "https://mcp.example.com");
    assert_eq!(of("https://mcp.example.com:8443"), "https://mcp.example.com:8443");
    assert_eq!(of("https://mcp.example.com:443/mcp"), "https://mcp.example.com/mcp");
    assert_eq!(of("https://mcp.example.com/server/mcp/"), "https://mcp.example.com/server/mcp/");
    assert_eq!(of("https://mcp.example.com/mcp?tenant=1#f"), "https://mcp.example.com/mcp?tenant=1");
}

/// C8.3: absolute, no fragment.
#[test]
fn c8_3_refused() {
    assert_eq!(ResourceUri::parse("https://h.test/#x"), Err(InvalidUrl::Fragment));
    assert_eq!(ResourceUri::parse("https://u@h.test/"), Err(InvalidUrl::UserInformation));
    assert!(ResourceUri::parse("h.test/mcp").is_err());
    assert!(matches!(ResourceUri::parse("file:///etc/passwd"), Err(InvalidUrl::Scheme(_))));
}

/// C2.6: the string that was published is the string that is sent.
#[test]
fn c2_6_text_is_kept_byte_for_byte() {
    for text in ["https://H.test", "https://h.test/", "https://h.test/a%2Fb", "https://h.test:443/x"] {
        assert_eq!(ResourceUri::parse(text).unwrap().as_str(), text);
        let json = serde_json::to_string(&ResourceUri::parse(text).unwrap()).unwrap();
        assert_eq!(serde_json::from_str::<ResourceUri>(&json).unwrap().as_str(), text);
    }
    assert_ne!(ResourceUri::parse("https://h.test"), ResourceUri::parse("https://h.test/"));
}

/// C2.5: the same URL, or the same origin and a prefix of whole segments; nothing else.
#[test]
fn c2_5_which_documents_speak_for_a_server() {
    let server = Url::parse("https://h.test/public/mcp").unwrap();
    let covers = |resource: &str| ResourceUri::parse(resource).unwrap().covers(&server);
    for good in [
        "https://h.test/public/mcp",
        "https://h.test/public/",
        "https://h.test",
        "https://H.TEST:443/",
        "https://h.test/public/mcp/",
    ] {
        assert!(covers(good), "{good}");
    }
    for bad in [
        "https://h.test/public/mc",
        "https://h.test/other",
        "https://h.test/public/mcp/deeper",
        "https://h.test:8443",
        "http://h.test",
        "https://evil.test/public/mcp",
        "https://h.test/public/mcp?x=1",
        "https://h.test.evil.test/public/mcp",
    ] {
        assert!(!covers(bad), "{bad}");
    }
}

/// C10.7: nothing but what a URI is made of, so that it can be shown as it is.
#[test]
fn c10_7_printable() {
    for text in [
        "https://h.test/\u{1b}[2J\nopen https://evil.test/../mcp",
        "https://h.test/m\tcp",
        " https://h.test/mcp",
        "https://h.test/mcp\n",
        "https://h.test/\u{202e}pcm",
        "https://b\u{fc}cher.test/mcp",
    ] {
        assert_eq!(ResourceUri::parse(text), Err(InvalidUrl::Character), "{text:?}");
        assert_eq!(crate::Issuer::parse(text), Err(InvalidUrl::Character), "{text:?}");
        assert_eq!(crate::RedirectUri::parse(text), Err(InvalidUrl::Character), "{text:?}");
    }
}
