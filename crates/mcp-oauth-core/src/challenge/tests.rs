use http::header::WWW_AUTHENTICATE;
use http::{HeaderMap, HeaderValue};
use proptest::prelude::*;

use super::*;
use crate::{OAuthErrorCode, ScopeSet, SigningAlgorithm};

fn read(lines: &[&str]) -> Challenges {
    let mut headers = HeaderMap::new();
    for line in lines {
        headers.append(WWW_AUTHENTICATE, HeaderValue::from_bytes(line.as_bytes()).unwrap());
    }
    Challenges::from_headers(&headers)
}

fn schemes(challenges: &Challenges) -> Vec<&str> {
    challenges.iter().map(Challenge::scheme).collect()
}

/// C1.4: several challenges in one line, with commas inside of quotes.
#[test]
fn c1_4_several_challenges_in_one_line() {
    let all =
        read(&[r#"Newauth realm="apps", type=1, title="Login to \"apps\", now", Basic realm="simple""#]);
    assert_eq!(schemes(&all), ["Newauth", "Basic"]);
    let first = all.iter().next().unwrap();
    assert_eq!(first.parameter("title"), Some("Login to \"apps\", now"));
    assert_eq!(first.parameter("TYPE"), Some("1"));
}

/// C1.4: several header lines are one list.
#[test]
fn c1_4_several_lines() {
    let all = read(&["Basic realm=x", r#"bEaReR resource_metadata="https://h.test/a?b=c,d""#]);
    assert_eq!(schemes(&all), ["Basic", "bEaReR"]);
    assert_eq!(all.bearer().unwrap().resource_metadata.as_deref(), Some("https://h.test/a?b=c,d"));
}

/// C1.4: words of one parameter or scheme are not taken for another's.
#[test]
fn c1_4_no_leaks_between_parameters() {
    let all = read(&[concat!(
        r#"Basic realm="scope=admin, error=insufficient_scope", "#,
        r#"Bearer error="invalid_token", error_description="token lacks scope=admin""#
    )]);
    let bearer = all.bearer().unwrap();
    assert_eq!(bearer.scope, None);
    assert_eq!(bearer.error, Some(OAuthErrorCode::InvalidToken));
}

/// C1.4: token-form values, spaces around `=`, empty list elements, token68 next to others.
#[test]
fn c1_4_token_forms_and_token68() {
    let all = read(&["Negotiate YWJj==, , Bearer , Digest a = b ,c\t=\t\"d\", NTLM"]);
    assert_eq!(schemes(&all), ["Negotiate", "Bearer", "Digest", "NTLM"]);
    let list: Vec<_> = all.iter().collect();
    assert_eq!(list[0].token68(), Some("YWJj=="));
    assert_eq!(list[1].parameters().count(), 0);
    assert_eq!(list[2].parameters().collect::<Vec<_>>(), [("a", "b"), ("c", "d")]);
}

#[test]
fn unquoted_urls_are_understood() {
    let all = read(&["Bearer resource_metadata=https://h.test/prm?x=1, scope=a"]);
    assert_eq!(all.resource_metadata(), Some("https://h.test/prm?x=1"));
    assert_eq!(all.bearer().unwrap().scope, Some(ScopeSet::parse("a").unwrap()));
}

#[test]
fn a_broken_line_keeps_what_came_before() {
    let all = read(&[r#"Bearer scope="a b", error="invalid_tok"#]);
    assert_eq!(all.bearer().unwrap().scope, Some(ScopeSet::parse("a b").unwrap()));
    assert_eq!(all.bearer().unwrap().error, None);
    assert!(read(&["realm=\"x\", Bearer"]).is_empty());
    assert!(read(&["", ",,,", "\"", "="]).is_empty());
}

#[test]
fn missing_commas_between_parameters_are_forgiven() {
    let all = read(&[r#"Bearer realm="x" scope="y""#]);
    assert_eq!(all.bearer().unwrap().scope, Some(ScopeSet::parse("y").unwrap()));
}

/// C1.8: the metadata address may stand in another scheme's challenge.
#[test]
fn c1_8_resource_metadata_of_a_dpop_challenge() {
    let all = read(&[r#"DPoP algs="ES256", resource_metadata="https://h.test/prm""#]);
    assert!(all.bearer().is_none());
    assert_eq!(all.resource_metadata(), Some("https://h.test/prm"));
    let both =
        read(&[r#"DPoP resource_metadata="https://h.test/d", Bearer resource_metadata="https://h.test/b""#]);
    assert_eq!(both.resource_metadata(), Some("https://h.test/b"));
}

/// C1.4, C1.7: what one Bearer challenge says is not lost beside another, on one line or on several. Of what both say, the
/// first counts.
#[test]
fn c1_7_several_challenges_of_one_scheme() {
    let metadata = r#"Bearer resource_metadata="https://h.test/prm", realm="first""#;
    let scopes = r#"bearer error="insufficient_scope", scope="w", realm="second""#;
    let one_line = format!("{metadata}, {scopes}");
    let with_others = format!(r#"Basic realm="b", error="b", {metadata}, Digest scope="d""#);
    for lines in [vec![metadata, scopes], vec![&one_line], vec![&with_others, scopes]] {
        let all = read(&lines);
        let bearer = all.bearer().unwrap();
        assert_eq!(bearer.realm.as_deref(), Some("first"), "{lines:?}");
        assert_eq!(bearer.resource_metadata.as_deref(), Some("https://h.test/prm"));
        assert_eq!((&all.error(), &all.scope()), (&bearer.error, &bearer.scope));
        assert_eq!(bearer.error, Some(OAuthErrorCode::InsufficientScope));
        assert_eq!(bearer.scope, Some(ScopeSet::parse("w").unwrap()));
        assert_eq!(all.resource_metadata(), Some("https://h.test/prm"));
    }
}

/// C1.8: the same for `DPoP`, whose wish for a nonce may stand in a challenge of its own.
#[test]
fn c1_8_several_dpop_challenges() {
    let all = read(&[
        r#"DPoP algs="ES256", resource_metadata="https://h.test/prm", Bearer error="invalid_token""#,
        r#"DPoP error="use_dpop_nonce", algs="RS256", scope="a""#,
    ]);
    let dpop = all.dpop().unwrap();
    assert_eq!(dpop.error, Some(OAuthErrorCode::UseDpopNonce));
    assert_eq!(dpop.scope, Some(ScopeSet::parse("a").unwrap()));
    assert_eq!(dpop.resource_metadata.as_deref(), Some("https://h.test/prm"));
    assert!(dpop.takes(SigningAlgorithm::Es256) && !dpop.takes(SigningAlgorithm::Rs256));
    assert_eq!(all.bearer().unwrap().scope, None, "the schemes are apart");
}

#[test]
fn limits_hold() {
    let many = vec!["A"; 1000].join(", ");
    assert_eq!(read(&[&many]).iter().count(), ChallengeLimits::default().challenges);
    let long = format!("Bearer {}", "a=b, ".repeat(1000));
    assert_eq!(
        read(&[&long]).iter().next().unwrap().parameters().count(),
        ChallengeLimits::default().parameters
    );
    let huge = format!("Bearer a=\"{}\", scope=x", "y".repeat(20_000));
    assert!(read(&[&huge]).bearer().unwrap().scope.is_none());
}

/// C10.7 for challenges: what may be shown to a person holds no control characters.
#[test]
fn descriptions_are_made_printable() {
    let all = read(&["Bearer error_description=\"a\tb\u{85}\u{202e}c\""]);
    assert_eq!(all.bearer().unwrap().error_description.as_deref(), Some("a b  c"));
}

#[test]
fn a_rendered_challenge_cannot_be_broken_out_of() {
    let hostile = BearerChallenge::new()
        .with_realm("x\", Basic realm=\"y")
        .with_error_description("a\r\nSet-Cookie: b\\");
    let line = hostile.to_header_value();
    let all = read(&[line.to_str().unwrap()]);
    assert_eq!(schemes(&all), ["Bearer"]);
    assert_eq!(BearerChallenge::new().to_header_value(), "Bearer");
}

proptest! {
    #[test]
    fn never_panics(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        if let Ok(value) = HeaderValue::from_bytes(&bytes) {
            let mut headers = HeaderMap::new();
            headers.append(WWW_AUTHENTICATE, value);
            let _ = Challenges::from_headers(&headers).bearer();
        }
    }

    #[test]
    fn never_panics_on_near_misses(text in "[ABab=,\" \\\\\t.]{0,60}") {
        let _ = read(&[&text]);
    }

    /// Whatever is written by the grammar reads back the same.
    #[test]
    fn written_challenges_read_back(
        all in prop::collection::vec(
            ("[A-Za-z][A-Za-z0-9-]{0,8}", prop::collection::vec(("[a-z_]{1,8}", "[ -~]{0,20}"), 1..5)),
            1..5,
        )
    ) {
        let line = all
            .iter()
            .map(|(scheme, parameters)| {
                let parameters: Vec<_> = parameters
                    .iter()
                    .map(|(name, value)| format!("{name}=\"{}\"", value.replace('\\', r"\\").replace('"', "\\\"")))
                    .collect();
                format!("{scheme} {}", parameters.join(", "))
            })
            .collect::<Vec<_>>()
            .join(", ");
        let found = read(&[&line]);
        prop_assert_eq!(found.iter().count(), all.len());
        for (challenge, (scheme, parameters)) in found.iter().zip(&all) {
            prop_assert_eq!(challenge.scheme(), scheme);
            let wanted: Vec<_> = parameters.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            prop_assert_eq!(challenge.parameters().collect::<Vec<_>>(), wanted);
        }
    }

    /// C1.4, C1.7, C1.8: of each parameter, the first challenge of the scheme that has it.
    #[test]
    fn the_first_that_has_it(
        all in prop::collection::vec(
            (0..3_usize, prop::collection::vec(("realm|error|resource_metadata", "[a-z]{1,5}"), 0..3)),
            1..6,
        ),
        in_one_line in any::<bool>(),
    ) {
        let schemes = ["Bearer", "DPoP", "Basic"];
        let lines: Vec<_> = all
            .iter()
            .map(|(scheme, parameters)| {
                let parameters: Vec<_> =
                    parameters.iter().map(|(name, value)| format!("{name}=\"{value}\"")).collect();
                format!("{} {}", schemes[*scheme], parameters.join(", "))
            })
            .collect();
        let joined = lines.join(", ");
        let lines: Vec<_> = lines.iter().map(String::as_str).collect();
        let found = if in_one_line { read(&[&joined]) } else { read(&lines) };
        let first = |scheme: usize, wanted: &str| {
            let mut parameters = all.iter().filter(|(of, _)| *of == scheme).flat_map(|(_, parameters)| parameters);
            parameters.find_map(|(name, value)| (name == wanted).then(|| value.clone()))
        };
        let bearer = found.bearer();
        prop_assert_eq!(bearer.is_some(), all.iter().any(|(scheme, _)| *scheme == 0));
        let bearer = bearer.unwrap_or_default();
        prop_assert_eq!(bearer.realm, first(0, "realm"));
        prop_assert_eq!(bearer.resource_metadata, first(0, "resource_metadata"));
        prop_assert_eq!(bearer.error.map(|error| error.as_str().to_owned()), first(0, "error"));
        let dpop = found.dpop();
        prop_assert_eq!(dpop.is_some(), all.iter().any(|(scheme, _)| *scheme == 1));
        let dpop = dpop.unwrap_or_default();
        prop_assert_eq!(dpop.resource_metadata, first(1, "resource_metadata"));
        prop_assert_eq!(dpop.error.map(|error| error.as_str().to_owned()), first(1, "error"));
    }

    #[test]
    fn rendered_bearer_reads_back(scope in "[a-z:]{1,8}( [a-z:]{1,8}){0,3}", description in "[!#-\\[\\]-~]{1,30}") {
        let challenge = BearerChallenge::new()
            .with_error(OAuthErrorCode::InsufficientScope)
            .with_scope(ScopeSet::parse(&scope).unwrap())
            .with_error_description(description);
        let found = read(&[challenge.to_header_value().to_str().unwrap()]).bearer();
        prop_assert_eq!(found, Some(challenge));
    }
}

/// C1.8: what a `DPoP` challenge says, alone, and beside a Bearer challenge (RFC 9449 §7.1, §7.2).
#[test]
fn c1_8_dpop_challenges() {
    let all =
        read(&[r#"DPoP error="use_dpop_nonce", error_description="nonce", scope="a b", algs="ES256 PS256""#]);
    let dpop = all.dpop().unwrap();
    assert_eq!(dpop.error, Some(OAuthErrorCode::UseDpopNonce));
    assert_eq!(dpop.scope, Some(ScopeSet::parse("a b").unwrap()));
    assert!(dpop.takes(SigningAlgorithm::Es256) && !dpop.takes(SigningAlgorithm::EdDsa));
    assert_eq!((all.error(), all.scope()), (dpop.error, dpop.scope));
    assert!(all.bearer().is_none());

    let all = read(&["Bearer, DPoP algs=\"ES256\""]);
    assert!(all.bearer().is_some() && all.dpop().unwrap().error.is_none());
    assert!(read(&["dpop"]).dpop().unwrap().takes(SigningAlgorithm::Rs256), "algorithms not named");

    let all =
        read(&[r#"DPoP error="insufficient_scope", scope="w", Bearer realm="x""#, r#"Basic error="b""#]);
    assert_eq!(all.error(), Some(OAuthErrorCode::InsufficientScope));
    assert_eq!(all.scope(), Some(ScopeSet::parse("w").unwrap()));
}
