//! What the standards print, read and written by us.

use http::header::WWW_AUTHENTICATE;
use http::{HeaderMap, HeaderValue};
use mcp_oauth_core::{
    BasicCredentials, Challenge, Challenges, ClientId, ClientSecret, CodeChallenge, CodeVerifier, OAuthError,
    OAuthErrorCode, TokenResponse, TokenType, UnsignedJwt,
};
use serde_json::value::RawValue;

/// RFC 6749 §2.3.1: the example, whose characters need no encoding.
#[test]
fn c12_4_rfc_6749_section_2_3_1() {
    let header = HeaderValue::from_static("Basic czZCaGRSa3F0Mzo3RmpmcDBaQnIxS3REUmJuZlZkbUl3");
    let credentials = BasicCredentials::from_header_value(&header).unwrap();
    assert_eq!(credentials.client_id.as_str(), "s6BhdRkqt3");
    assert_eq!(credentials.client_secret.expose(), "7Fjfp0ZBr1KtDRbnfVdmIw");
    assert_eq!(credentials.to_header_value(), header);
}

/// RFC 6749 appendix B: ` %&+` are written `+%25%26%2B`; the pound and euro signs of the example cannot be in an id.
#[test]
fn c12_4_rfc_6749_appendix_b() {
    let odd = BasicCredentials::new(ClientId::parse(" %&+").unwrap(), ClientSecret::parse(" %&+").unwrap());
    // base64 of "+%25%26%2B:+%25%26%2B"
    assert_eq!(odd.to_header_value(), "Basic KyUyNSUyNiUyQjorJTI1JTI2JTJC");
}

/// RFC 6749 §5.1, §5.2.
#[test]
fn c12_6_rfc_6749_section_5() {
    let answer: TokenResponse = serde_json::from_str(
        r#"{"access_token":"2YotnFZFEjr1zCsicMWpAA","token_type":"example","expires_in":3600,
            "refresh_token":"tGzv3JOkF0XG5Qx2TlKWIA","example_parameter":"example_value"}"#,
    )
    .unwrap();
    assert!(matches!(answer.token_type, TokenType::Other(_)), "{:?}", answer.token_type);
    assert_eq!(answer.expires_in.unwrap().as_secs(), 3600);
    let error: OAuthError = serde_json::from_str(r#"{"error":"invalid_request"}"#).unwrap();
    assert_eq!(error.code(), &OAuthErrorCode::InvalidRequest);
}

/// RFC 7636 appendix B.
#[test]
fn c4_2_rfc_7636_appendix_b() {
    let verifier = CodeVerifier::parse("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk").unwrap();
    assert_eq!(verifier.challenge().as_str(), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    assert!(
        CodeChallenge::parse("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM").unwrap().is_met_by(&verifier)
    );
}

/// RFC 7515 appendix A.3: header and claims of the ES256 example, byte for byte, are what is signed.
#[test]
fn c17_1_rfc_7515_appendix_a_3() {
    let raw = |text: &str| RawValue::from_string(text.to_owned()).unwrap();
    // The example's claims have line ends and spaces, which are kept.
    let claims = raw("{\"iss\":\"joe\",\r\n \"exp\":1300819380,\r\n \"http://example.com/is_root\":true}");
    let jwt = UnsignedJwt::new(&raw(r#"{"alg":"ES256"}"#), &claims).unwrap();
    let message = concat!(
        "eyJhbGciOiJFUzI1NiJ9.",
        "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
    );
    assert_eq!(std::str::from_utf8(jwt.message()).unwrap(), message);
    let signature = [
        14, 209, 33, 83, 121, 99, 108, 72, 60, 47, 127, 21, 88, 7, 212, 2, 163, 178, 40, 3, 58, 249, 124,
        126, 23, 129, 154, 195, 22, 158, 166, 101, 197, 10, 7, 211, 140, 60, 112, 229, 216, 241, 45, 175, 8,
        74, 84, 128, 166, 101, 144, 197, 242, 147, 80, 154, 143, 63, 127, 138, 131, 163, 84, 213,
    ];
    let token = format!(
        "{message}.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"
    );
    assert_eq!(jwt.with_signature(&signature), token);
}

/// RFC 9110 §11.6.1, RFC 6750 §3, RFC 9728 §5.1, RFC 9449 §7.1: the examples of challenges.
#[test]
fn c1_4_challenges_of_the_standards() {
    let read = |line: &'static str| {
        let mut headers = HeaderMap::new();
        headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static(line));
        Challenges::from_headers(&headers)
    };
    let basic = read(r#"Basic realm="simple", Newauth realm="apps", type=1, title="Login to \"apps\"""#);
    let schemes: Vec<_> = basic.iter().map(Challenge::scheme).collect();
    assert_eq!(schemes, ["Basic", "Newauth"]);
    assert_eq!(basic.iter().nth(1).unwrap().parameter("title"), Some("Login to \"apps\""));

    let expired = read(
        r#"Bearer realm="example", error="invalid_token", error_description="The access token expired""#,
    );
    let bearer = expired.bearer().unwrap();
    assert_eq!(bearer.error, Some(OAuthErrorCode::InvalidToken));
    assert_eq!(bearer.error_description.as_deref(), Some("The access token expired"));

    let metadata = read(
        r#"Bearer resource_metadata="https://resource.example.com/.well-known/oauth-protected-resource""#,
    );
    assert_eq!(
        metadata.resource_metadata(),
        Some("https://resource.example.com/.well-known/oauth-protected-resource")
    );

    let dpop = read(r#"DPoP realm="WallyWorld", algs="ES256 PS256""#);
    let challenge = dpop.iter().next().unwrap();
    assert!(challenge.is("dpop"));
    assert_eq!(challenge.parameter("algs"), Some("ES256 PS256"));
}
