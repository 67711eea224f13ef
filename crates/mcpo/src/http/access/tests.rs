use super::*;

fn gate(strict: bool) -> Gate {
    Gate::new(&Access { api_key: Some("top-secret".into()), strict })
}

fn check(gate: &Gate, authorization: Option<&str>) -> Result<(), Denied> {
    let mut headers = HeaderMap::new();
    if let Some(value) = authorization {
        headers.insert(header::AUTHORIZATION, value.parse().unwrap());
    }
    gate.check(&headers)
}

#[test]
fn without_a_key_everybody_may_call() {
    assert_eq!(check(&Gate::new(&Access::default()), None), Ok(()));
}

/// Defect 20: the scheme is case-insensitive.
#[test]
fn defect_20_bearer_in_any_case() {
    for scheme in ["Bearer", "bearer", "BEARER"] {
        assert_eq!(check(&gate(false), Some(&format!("{scheme} top-secret"))), Ok(()));
    }
    assert_eq!(check(&gate(false), Some("Bearer wrong")), Err(Denied::WrongKey));
    assert_eq!(check(&gate(false), Some("Bearer top-secret2")), Err(Denied::WrongKey));
    for nothing in [None, Some("Bearer"), Some("Bearer "), Some("top-secret"), Some("Basic eDp0b3Atc2VjcmV0")]
    {
        assert_eq!(check(&gate(false), nothing), Err(Denied::Missing { basic: false }), "{nothing:?}");
    }
}

/// Defect 20: strict mode takes Basic, on tool calls too.
#[test]
fn defect_20_strict_takes_basic() {
    let basic = |pair: &str| format!("basic {}", STANDARD.encode(pair));
    assert_eq!(check(&gate(true), Some(&basic("anybody:top-secret"))), Ok(()));
    assert_eq!(check(&gate(true), Some(&basic("anybody:wrong"))), Err(Denied::WrongPassword));
    assert_eq!(check(&gate(true), Some(&basic("no colon"))), Err(Denied::MalformedBasic));
    assert_eq!(check(&gate(true), Some("Basic %%%")), Err(Denied::MalformedBasic));
    assert_eq!(check(&gate(true), Some("Digest x")), Err(Denied::Unsupported));
    assert_eq!(check(&gate(true), None), Err(Denied::Missing { basic: true }));
}

#[test]
fn answers_are_those_of_mcpo() {
    let missing = Denied::Missing { basic: false }.into_response();
    assert_eq!(missing.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(missing.headers()[header::WWW_AUTHENTICATE], "Bearer");
    let strict = Denied::Missing { basic: true }.into_response();
    assert_eq!(strict.headers()[header::WWW_AUTHENTICATE], "Bearer, Basic");
    assert_eq!(Denied::WrongKey.into_response().status(), StatusCode::FORBIDDEN);
}
