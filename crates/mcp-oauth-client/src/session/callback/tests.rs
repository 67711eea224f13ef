use std::time::{Duration, SystemTime};

use mcp_oauth_core::{
    ClientId, CodeVerifier, EndpointUrl, RedirectUri, ResourceUri, ScopeSet, State, SystemEntropy,
};
use proptest::prelude::*;

use super::*;
use crate::registration::RegisteredClient;

const ISSUER: &str = "https://as.test/Tenant";

fn pending(sends_iss: bool) -> Pending {
    Pending {
        state: State::parse("the-state").unwrap(),
        verifier: CodeVerifier::generate(&SystemEntropy),
        client: RegisteredClient::public(Issuer::parse(ISSUER).unwrap(), ClientId::parse("id").unwrap()),
        redirect_uri: RedirectUri::loopback(3030),
        resource: ResourceUri::parse("https://h.test").unwrap(),
        token_endpoint: EndpointUrl::parse("https://as.test/token").unwrap(),
        requested: ScopeSet::empty(),
        binding: None,
        sends_iss,
        expires_at: SystemTime::UNIX_EPOCH + Duration::from_secs(1),
    }
}

fn judge(sends_iss: bool, answer: &str) -> Result<String, CallbackError> {
    let callback = Callback::parse(answer)?;
    callback.verify(&pending(sends_iss)).map(|code| code.expose().to_owned())
}

/// C10.1: the four rows of the table.
#[test]
fn c10_1_iss_table() {
    let right = "?code=c&state=the-state&iss=https%3A%2F%2Fas.test%2FTenant";
    let wrong = "?code=c&state=the-state&iss=https%3A%2F%2Fevil.test";
    let absent = "?code=c&state=the-state";
    assert_eq!(judge(true, right).unwrap(), "c");
    assert!(matches!(judge(true, wrong), Err(CallbackError::Issuer { .. })));
    assert!(matches!(judge(true, absent), Err(CallbackError::Issuer { .. })));
    assert_eq!(judge(false, right).unwrap(), "c");
    assert!(matches!(judge(false, wrong), Err(CallbackError::Issuer { .. })));
    assert_eq!(judge(false, absent).unwrap(), "c");
}

/// C10.2: one form-decoding, then bytes: no case folding, no port, slash or percent normalization.
#[test]
fn c10_2_no_normalization() {
    for iss in [
        "https://AS.test/Tenant",
        "https://as.test/tenant",
        "https://as.test:443/Tenant",
        "https://as.test/Tenant/",
        "https://as.test/%54enant",
        "https%3A%2F%2Fas.test%2FTenant",
    ] {
        let query: String = form_urlencoded::Serializer::new(String::new())
            .extend_pairs([("code", "c"), ("state", "s"), ("iss", iss)])
            .finish();
        assert!(matches!(judge(true, &format!("?{query}")), Err(CallbackError::Issuer { .. })), "{iss}");
    }
}

/// C10.3: an error from elsewhere is neither acted on nor shown.
#[test]
fn c10_3_errors_from_elsewhere_are_not_shown() {
    let answer = "?error=access_denied&error_description=call+0900+now&state=s&iss=https://evil.test";
    let error = judge(true, answer).unwrap_err();
    assert!(matches!(error, CallbackError::Issuer { .. }));
    let shown = format!("{error} {error:?}");
    assert!(!shown.contains("0900") && !shown.contains("denied") && !shown.contains("evil"));
    let answer = "?error=access_denied&error_description=no&state=s";
    assert!(matches!(judge(true, answer), Err(CallbackError::Issuer { .. })), "no iss where it was promised");
    assert!(matches!(judge(false, answer), Err(CallbackError::Refused(_))));
}

/// C10.5: nothing twice, and not both a code and an error.
#[test]
fn c10_5_repeated_and_contradictory() {
    for (name, answer) in [
        ("code", "?code=a&code=b&state=s"),
        ("state", "?code=a&state=s&state=t"),
        ("iss", "?code=a&state=s&iss=https://as.test/Tenant&iss=https://as.test/Tenant"),
        ("error", "?error=a&state=s&error=b"),
    ] {
        assert!(
            matches!(judge(false, answer), Err(CallbackError::Repeated(found)) if found == name),
            "{answer}"
        );
    }
    assert!(matches!(judge(false, "?code=a&error=b&state=s"), Err(CallbackError::Contradictory)));
}

/// C10.4: an answer without a state is none.
#[test]
fn c10_4_state_must_be_there() {
    for answer in [
        "http://127.0.0.1:3030/callback?code=a",
        "?error=x",
        "?state=s",
        "?state=&code=a",
        "",
        "  ",
        "I have done it",
        "a\u{fc}b",
    ] {
        assert!(matches!(judge(false, answer), Err(CallbackError::NotAnAnswer)), "{answer}");
    }
}

#[test]
fn whole_addresses_queries_and_bare_codes() {
    let whole = " http://127.0.0.1:3030/callback?code=a%2Bb&state=s&session_state=x#_=_ \n";
    assert_eq!(judge(false, whole).unwrap(), "a+b");
    assert_eq!(judge(false, "code=a&state=s").unwrap(), "a");
    assert_eq!(judge(false, " SplxlOBeZQQYbYS6WxSbIA\n").unwrap(), "SplxlOBeZQQYbYS6WxSbIA");
    assert!(matches!(judge(true, "SplxlOBeZQQYbYS6WxSbIA"), Err(CallbackError::WholeAddressNeeded { .. })));
}

/// C10.7: what a server says is made printable and cut.
#[test]
fn c10_7_refusals_are_printable() {
    let answer = format!("?error=access_denied&state=s&error_description=%1b[31m{}", "x".repeat(10_000));
    let Err(CallbackError::Refused(refusal)) = judge(false, &answer) else { panic!("it is a refusal") };
    let shown = refusal.to_string();
    assert!(shown.starts_with("access_denied: ") && !shown.contains('\u{1b}') && shown.len() < 1000);
}

/// C15.4: neither the parts nor an error show the code.
#[test]
fn c15_4_debug_shows_no_code() {
    let callback = Callback::parse("?code=s3cr3t&state=st4te").unwrap();
    assert!(!format!("{callback:?}").contains("s3cr3t"));
    assert!(!format!("{:?}", pending(true).to_kept()).contains("the-state"));
}

proptest! {
    #[test]
    fn never_panics(text in ".{0,200}") {
        let _ = judge(true, &text);
    }

    #[test]
    fn never_panics_on_near_misses(text in "[?&=#%+a-c:/]{0,20}(code|state|iss|error)?=?[a-z%&=]{0,20}") {
        let _ = judge(false, &text);
    }

    #[test]
    fn any_code_comes_through(code in "[ -~]{1,64}", state in "[ -~]{1,64}") {
        let query = form_urlencoded::Serializer::new(String::new()).extend_pairs([("code", &code), ("state", &state)]).finish();
        prop_assert_eq!(judge(false, &format!("http://127.0.0.1:1/cb?{query}")).unwrap(), code);
    }
}
