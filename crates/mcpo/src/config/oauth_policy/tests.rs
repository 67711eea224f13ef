use serde_json::{Value, json};

use super::*;

fn resolve(section: Value) -> Result<Policy, String> {
    let section: PolicySection = serde_json::from_value(section).map_err(|error| error.to_string())?;
    section.resolve().map_err(|error| error.message)
}

#[test]
fn nothing_said_is_the_default() {
    assert_eq!(resolve(json!({})), Ok(Policy::default()));
}

#[test]
fn each_key_reaches_the_policy() {
    let policy = resolve(json!({
        "pkce": "assume",
        "resource": "omit",
        "issuer_exceptions": { "https://as.test/common/v2.0": "https://as.test/{tenantid}/v2.0" },
        "addresses": "private",
        "plain_http": true,
        "legacy_servers": false,
        "offline_access": false,
        "scopes_at_most": "read list",
        "pushed_requests": "offered",
        "dpop": "required",
        "authorization_parameters": { "access_type": "offline", "prompt": "" },
        "metadata_redirects": 0,
    }))
    .unwrap();
    assert_eq!(policy.pkce, PkcePolicy::AssumeSupported);
    assert_eq!(policy.resource, ResourceParameter::Omit);
    assert_eq!(policy.issuer_exceptions[0].named.as_str(), "https://as.test/{tenantid}/v2.0");
    assert_eq!(policy.addresses, Some(AddressPolicy::Private));
    assert_eq!(policy.plain_http, PlainHttp::Anywhere);
    assert!(!policy.legacy_servers && !policy.offline_access);
    assert_eq!(policy.scopes_at_most, Some(ScopeSet::parse("list read").unwrap()));
    assert_eq!(policy.pushed_requests, PushedRequests::WhereOffered);
    assert_eq!(policy.dpop, DpopPolicy::Required);
    assert_eq!(policy.authorization_parameters.len(), 2);
    assert_eq!(policy.limits.metadata_redirects, 0);
    let fixed = resolve(json!({ "resource": "https://api.test/v1" })).unwrap();
    assert!(matches!(fixed.resource, ResourceParameter::Fixed(uri) if uri.as_str() == "https://api.test/v1"));
}

#[test]
fn mistakes_say_what_would_be_right() {
    let refused = |section| resolve(section).unwrap_err();
    assert_eq!(refused(json!({ "pkce": "off" })), "unknown word \"off\": use \"require\" or \"assume\"");
    assert!(refused(json!({ "resource": "none" })).contains("\"omit\""));
    assert!(refused(json!({ "addresses": "lan" })).contains("\"private\""));
    assert!(refused(json!({ "pushed_requests": "always" })).contains("\"offered\""));
    assert!(refused(json!({ "dpop": true })).contains("string"));
    assert!(refused(json!({ "dpop": "always" })).contains("\"required\""));
    assert!(refused(json!({ "scopes_at_most": "a\"b" })).contains("not a list of scopes"));
    assert!(refused(json!({ "issuer_exceptions": { "as.test": "https://as.test" } })).contains("issuer"));
    let own = refused(json!({ "authorization_parameters": { "redirect_uri": "https://evil.test" } }));
    assert_eq!(own, "\"redirect_uri\" is set by the proxy itself");
}
