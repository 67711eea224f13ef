use super::*;

fn resource_urls(server: &str) -> Vec<String> {
    protected_resource_metadata_urls(&Url::parse(server).unwrap()).into_iter().map(String::from).collect()
}

fn server_urls(issuer: &str) -> Vec<String> {
    authorization_server_metadata_urls(&Issuer::parse(issuer).unwrap())
        .into_iter()
        .map(String::from)
        .collect()
}

/// C2.2, C2.3: path first, then root; the port stays, a slash that only ends the host goes, the query stays.
#[test]
fn c2_3_insertion_rule() {
    let root = "https://h.test:8443/.well-known/oauth-protected-resource";
    assert_eq!(resource_urls("https://h.test:8443/public/mcp"), [&format!("{root}/public/mcp"), root]);
    assert_eq!(resource_urls("https://h.test:8443/"), [root]);
    assert_eq!(resource_urls("https://h.test:8443"), [root]);
    assert_eq!(resource_urls("https://h.test:8443/a/?k1=v1#f"), [&format!("{root}/a/?k1=v1"), root]);
    assert_eq!(
        protected_resource_metadata_url(
            &ResourceUri::parse("https://resource.example.com/resource1").unwrap()
        )
        .as_str(),
        "https://resource.example.com/.well-known/oauth-protected-resource/resource1"
    );
}

/// C3.2, C3.5: three places for an issuer with a path, in order, and never the root.
#[test]
fn c3_2_issuer_with_path() {
    assert_eq!(
        server_urls("https://auth.example.com/a/tenant1"),
        [
            "https://auth.example.com/.well-known/oauth-authorization-server/a/tenant1",
            "https://auth.example.com/.well-known/openid-configuration/a/tenant1",
            "https://auth.example.com/a/tenant1/.well-known/openid-configuration",
        ]
    );
}

/// C3.3: two places for an issuer without a path.
#[test]
fn c3_3_issuer_without_path() {
    assert_eq!(
        server_urls("https://auth.example.com"),
        [
            "https://auth.example.com/.well-known/oauth-authorization-server",
            "https://auth.example.com/.well-known/openid-configuration",
        ]
    );
}

/// C3.4: the last slash is dropped, the port stays.
#[test]
fn c3_4_terminating_slash_and_port() {
    assert_eq!(server_urls("http://localhost:3001/"), server_urls("http://localhost:3001"));
    assert_eq!(server_urls("https://as.test:8443/t/"), server_urls("https://as.test:8443/t"));
    assert!(
        server_urls("https://as.test:8443/t/").iter().all(|url| url.starts_with("https://as.test:8443/"))
    );
}
