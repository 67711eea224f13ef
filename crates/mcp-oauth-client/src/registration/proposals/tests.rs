use super::*;

fn uris() -> [RedirectUri; 2] {
    let localhost = RedirectUri::parse("http://localhost:3030/callback").unwrap();
    [RedirectUri::loopback(3030), localhost]
}

fn refusal(code: OAuthErrorCode, description: &str) -> OAuthError {
    OAuthError::new(code).with_description(description)
}

fn next(proposals: &mut Proposals<'_>) -> (String, &'static str) {
    let proposal = proposals.next().unwrap();
    let kind = if proposal.application_type == ApplicationType::Native { "native" } else { "web" };
    (proposal.redirect_uri.to_string(), kind)
}

/// C6.7: what the application is follows from where it is answered.
#[test]
fn c6_7_usual_type() {
    let uris = [RedirectUri::parse("https://app.test/callback").unwrap()];
    assert_eq!(next(&mut Proposals::new(&uris, None)).1, "web");
    assert_eq!(next(&mut Proposals::new(&self::uris(), None)).1, "native");
    assert_eq!(next(&mut Proposals::new(&uris, Some(&ApplicationType::Native))).1, "native");
}

/// C6.8: another redirect URI, then another type; each once.
#[test]
fn c6_8_redirect_uri() {
    let uris = uris();
    let mut proposals = Proposals::new(&uris, None);
    let refused = refusal(OAuthErrorCode::InvalidRedirectUri, "no IP addresses");
    assert_eq!(next(&mut proposals), ("http://127.0.0.1:3030/callback".to_owned(), "native"));
    assert!(proposals.answer(&refused));
    assert_eq!(next(&mut proposals), ("http://localhost:3030/callback".to_owned(), "native"));
    assert!(proposals.answer(&refused));
    assert_eq!(next(&mut proposals), ("http://localhost:3030/callback".to_owned(), "web"));
    assert!(!proposals.answer(&refused));
    assert_eq!(proposals.next(), None);
}

/// C6.8: another type where the server speaks of it, unless the application has said what it is.
#[test]
fn c6_8_application_type() {
    let uris = uris();
    let refused = refusal(OAuthErrorCode::InvalidClientMetadata, "application_type must be web");
    let mut proposals = Proposals::new(&uris, None);
    next(&mut proposals);
    assert!(proposals.answer(&refused));
    assert_eq!(next(&mut proposals), ("http://127.0.0.1:3030/callback".to_owned(), "web"));
    let mut proposals = Proposals::new(&uris, Some(&ApplicationType::Native));
    next(&mut proposals);
    assert!(!proposals.answer(&refused));
}

/// C6.8: what says nothing of either is final.
#[test]
fn c6_8_other_refusals_are_final() {
    let uris = uris();
    for refused in [
        refusal(OAuthErrorCode::InvalidClientMetadata, "no such scope"),
        refusal(OAuthErrorCode::InvalidClientMetadata, ""),
        refusal(OAuthErrorCode::AccessDenied, "ask the administrator"),
        refusal(OAuthErrorCode::AccessDenied, "application_type"),
    ] {
        let mut proposals = Proposals::new(&uris, None);
        next(&mut proposals);
        assert!(!proposals.answer(&refused), "{refused}");
    }
}
