use mcp_oauth_core::{ClientId, ClientMetadata, TokenType};

use super::*;
use crate::dpop::Keys;

fn at(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
}

fn answer(expires_in: Option<u64>) -> TokenResponse {
    let mut answer = TokenResponse::new(AccessToken::parse("acc3ss").unwrap(), TokenType::Bearer);
    answer.expires_in = expires_in.map(Duration::from_secs);
    answer.refresh_token = Some(RefreshToken::parse("refr3sh").unwrap());
    answer
}

fn grant(expires_in: Option<u64>) -> Grant {
    let client =
        RegisteredClient::public(Issuer::parse("https://as.test").unwrap(), ClientId::parse("id").unwrap());
    Grant::new(
        client,
        ResourceUri::parse("https://h.test").unwrap(),
        EndpointUrl::parse("https://as.test/token").unwrap(),
        ScopeSet::parse("a b").unwrap(),
        answer(expires_in),
        at(1000),
    )
}

fn none() -> Registration {
    Registration {
        preregistered: None,
        document: None,
        metadata: ClientMetadata::default(),
        unattended: None,
        keys: Keys::default(),
    }
}

/// C14.8: before its expiry, by the margin or a quarter of the token's life.
#[test]
fn c14_8_due_before_expiry() {
    let minute = Duration::from_secs(60);
    let hour = grant(Some(3600));
    assert!(!hour.is_due(at(1000 + 3539), minute) && hour.is_due(at(1000 + 3540), minute));
    let short = grant(Some(20));
    assert!(!short.is_due(at(1014), minute) && short.is_due(at(1015), minute));
    assert!(!short.is_expired(at(1019)) && short.is_expired(at(1020)));
    let silent = grant(None);
    assert!(!silent.is_due(at(u32::MAX.into()), minute) && !silent.is_expired(at(u32::MAX.into())));
}

/// C9.6: no scope in the answer means: as requested.
#[test]
fn c9_6_granted_is_not_requested() {
    assert_eq!(grant(None).scopes(), &ScopeSet::parse("a b").unwrap());
    let mut narrowed = answer(None);
    narrowed.scope = Some(ScopeSet::parse("a").unwrap());
    let refreshed = grant(None).refreshed(narrowed, at(2000));
    assert_eq!(refreshed.scopes(), &ScopeSet::parse("a").unwrap());
    assert_eq!(refreshed.requested_scopes(), &ScopeSet::parse("a b").unwrap());
}

/// C14.5: a new refresh token replaces the old one, none keeps it.
#[test]
fn c14_5_refresh_token_kept_or_replaced() {
    let mut silent = answer(None);
    silent.refresh_token = None;
    let kept = grant(None).refreshed(silent, at(2000));
    assert_eq!(kept.refresh_token.unwrap().expose(), "refr3sh");
    let mut rotated = answer(None);
    rotated.refresh_token = Some(RefreshToken::parse("n3w").unwrap());
    assert_eq!(grant(None).refreshed(rotated, at(2000)).refresh_token.unwrap().expose(), "n3w");
}

/// C15.4.
#[test]
fn c15_4_debug_shows_no_token() {
    let shown = format!("{:?}", grant(Some(5)));
    assert!(!shown.contains("acc3ss") && !shown.contains("refr3sh"), "{shown}");
    assert!(format!("{:?}", grant(None).header).contains("Sensitive"));
}

#[test]
fn records_come_back_for_the_same_resource_and_subject_only() {
    let before = grant(Some(3600));
    let json = serde_json::to_string(&before.to_record("me")).unwrap();
    let read = || serde_json::from_str::<GrantRecord>(&json).unwrap();
    let after = read().restore(&none(), &before.resource, "me").unwrap();
    assert_eq!(after.access_token, before.access_token);
    assert_eq!((after.obtained_at, after.expires_at), (at(1000), Some(at(4600))));
    assert_eq!(after.client, before.client);
    assert!(read().restore(&none(), &before.resource, "you").is_none());
    assert!(read().restore(&none(), &ResourceUri::parse("https://other.test").unwrap(), "me").is_none());
}
