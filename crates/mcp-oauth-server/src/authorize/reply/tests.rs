use http::header::LOCATION;
use mcp_oauth_core::{AuthorizationCode, Issuer, OAuthError, OAuthErrorCode, RedirectUri};

use super::ReplyTo;

fn location(redirect_uri: &str, state: Option<&str>) -> String {
    let issuer = Issuer::parse("https://as.test/tenant").unwrap();
    let reply = ReplyTo::new(RedirectUri::parse(redirect_uri).unwrap(), state.map(str::to_owned), &issuer);
    let response = reply.code(&AuthorizationCode::parse("a b+c").unwrap());
    assert_eq!(response.status(), 303);
    response.headers()[LOCATION].to_str().unwrap().to_owned()
}

/// A2.6: the state comes back exactly, and the redirect URI keeps its own query.
#[test]
fn a2_6_the_answer_is_added_to_the_redirect_uri() {
    let tail = "code=a+b%2Bc&state=%26+%C3%BC%25&iss=https%3A%2F%2Fas.test%2Ftenant";
    for (uri, joined) in [
        ("https://app.test/cb", "https://app.test/cb?"),
        ("https://app.test/cb?x=%20y", "https://app.test/cb?x=%20y&"),
        ("https://app.test/cb?", "https://app.test/cb?"),
        ("https://app.test/cb?x&", "https://app.test/cb?x&"),
        ("com.example.app:/cb", "com.example.app:/cb?"),
    ] {
        assert_eq!(location(uri, Some("& ü%")), format!("{joined}{tail}"));
    }
    assert_eq!(
        location("https://app.test/cb", None),
        "https://app.test/cb?code=a+b%2Bc&iss=https%3A%2F%2Fas.test%2Ftenant"
    );
}

/// A2.4, A2.5: an error carries state and iss too.
#[test]
fn a2_5_an_error_says_who_answers() {
    let issuer = Issuer::parse("https://as.test").unwrap();
    let reply =
        ReplyTo::new(RedirectUri::parse("https://app.test/cb").unwrap(), Some("s".to_owned()), &issuer);
    let response = reply.error(&OAuthError::new(OAuthErrorCode::AccessDenied));
    assert_eq!(
        response.headers()[LOCATION],
        "https://app.test/cb?error=access_denied&state=s&iss=https%3A%2F%2Fas.test"
    );
}
