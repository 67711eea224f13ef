//! C8, C10: the authorization request and its answer.

use mcp_oauth_client::{
    AuthorizationManager, AuthorizationSession, BuildError, CallbackError, Error, Grant, MemoryStore,
};
use mcp_oauth_core::{Challenges, RedirectUri};
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;
use testkit::browser::Browser;
use testkit::oauth::{OAuthPeer, Script};
use tokio::sync::Semaphore;

use crate::support::{builder, manager, only, with_clock};

const REDIRECT: &str = "http://127.0.0.1:3030/callback";

async fn begin(manager: &AuthorizationManager) -> AuthorizationSession {
    manager.begin(&Challenges::default(), RedirectUri::parse(REDIRECT).unwrap()).await.unwrap()
}

/// The address that the browser would be sent to.
async fn answer(session: &AuthorizationSession) -> String {
    let back = Browser::new().stop_at(REDIRECT).open(session.authorization_url().as_str()).await.unwrap();
    assert!(back.stopped, "{}", back.text());
    back.url.to_string()
}

async fn outcome(change: impl FnOnce(&mut Script)) -> (Result<Arc<Grant>, Error>, OAuthPeer) {
    let peer = OAuthPeer::start(change).await;
    let manager = manager(&peer);
    let session = begin(&manager).await;
    let outcome = session.handle_callback(&answer(&session).await).await.map(Arc::from);
    (outcome, peer)
}

fn refused(outcome: Result<Arc<Grant>, Error>, peer: &OAuthPeer) -> CallbackError {
    assert_eq!(peer.count("/token"), 0, "the code went nowhere");
    match outcome {
        Err(Error::Callback(error)) => error,
        other => panic!("{other:?}"),
    }
}

/// The login of an application that brings the person there itself.
#[tokio::test]
async fn c8_4_begin_and_handle_callback() {
    let peer = OAuthPeer::start(|_| {}).await;
    let manager = manager(&peer);
    let session = begin(&manager).await;
    let grant = session.handle_callback(&answer(&session).await).await.unwrap();
    assert_eq!(manager.access_token().await.unwrap(), *grant.access_token());
    let request = only(&peer, "/authorize");
    assert!(request.parameter("state").is_some_and(|state| state.len() >= 43), "C8.4: random, per request");
    let again = begin(&manager).await;
    let state = |session: &AuthorizationSession| {
        let url = session.get_authorization_url();
        url.query_pairs().find(|(name, _)| name == "state").unwrap().1.into_owned()
    };
    assert_ne!(state(&session), state(&again));
}

/// The steps of the guide: scopes of the caller's own, a manager shared by reference counting, credentials that can be
/// shown without being given away.
#[tokio::test]
async fn a_session_by_hand() {
    let peer = OAuthPeer::start(|script| script.iss = false).await;
    let manager = Arc::new(manager(&peer));
    let session = AuthorizationSession::new(manager.clone(), &["mcp", "more"], REDIRECT).await.unwrap();
    assert_eq!(session.get_authorization_url(), session.authorization_url());
    let answer = answer(&session).await;
    assert_eq!(only(&peer, "/authorize").parameter("scope").as_deref(), Some("mcp more"));
    let code = answer.split("code=").nth(1).unwrap().split('&').next().unwrap();
    let credentials = session.handle_callback(code).await.unwrap();
    assert_eq!(credentials.access_token.to_string(), "[access token]");
    assert_eq!(credentials.access_token.expose(), manager.access_token().await.unwrap().expose());
    assert_eq!(credentials.scopes().to_string(), "mcp more");
    let shown = format!("{credentials:?} {:?}", credentials.access_token);
    assert!(!shown.contains("s3cr3t"), "{shown}");

    let bad_scope = AuthorizationSession::new(&*manager, &["\"mcp\""], REDIRECT).await.unwrap_err();
    assert!(matches!(bad_scope, Error::Build(BuildError::Scope(_))));
    for uri in ["http://app.test/callback", "javascript:alert(1)", "/callback"] {
        let refused = AuthorizationSession::new(&*manager, &[], uri).await.unwrap_err();
        assert!(matches!(refused, Error::Build(BuildError::RedirectUri(_))), "{uri}");
    }
}

/// C10.1: the table, with real servers.
#[tokio::test]
async fn c10_1_iss_table() {
    let promise = |script: &mut Script, promised: bool, sent: Option<&str>| {
        script.iss = promised;
        script.callback_patch = vec![("iss".into(), sent.map(str::to_owned))];
    };
    let evil = Some("https://evil.test");
    assert!(outcome(|_| {}).await.0.is_ok(), "promised and right");
    assert!(outcome(|script| promise(script, false, None)).await.0.is_ok(), "neither");
    for (promised, sent) in [(true, None), (true, evil), (false, evil)] {
        let (outcome, peer) = outcome(|script| promise(script, promised, sent)).await;
        assert!(matches!(refused(outcome, &peer), CallbackError::Issuer { .. }), "{promised} {sent:?}");
    }
}

/// C10.3: errors from elsewhere are not even told.
#[tokio::test]
async fn c10_3_error_answers() {
    let (told, peer) = outcome(|script| script.refuse_login = Some("access_denied".into())).await;
    let CallbackError::Refused(refusal) = refused(told, &peer) else { panic!("a refusal") };
    assert_eq!(refusal.to_string(), "access_denied: the person said no");
    let (untold, peer) = outcome(|script| {
        script.refuse_login = Some("access_denied".into());
        script.callback_patch = vec![("iss".into(), Some("https://evil.test".into()))];
    })
    .await;
    assert!(matches!(refused(untold, &peer), CallbackError::Issuer { .. }));
}

/// C10.4, C10.5: wrong, missing and doubled parameters.
#[tokio::test]
async fn c10_5_wrong_missing_and_doubled() {
    let patched = async |name: &str, value: Option<&str>| {
        let patch = vec![(name.to_owned(), value.map(str::to_owned))];
        let (outcome, peer) = outcome(|script| script.callback_patch = patch).await;
        refused(outcome, &peer)
    };
    assert!(matches!(patched("state", Some("another")).await, CallbackError::UnknownState));
    assert!(matches!(patched("state", None).await, CallbackError::NotAnAnswer));
    assert!(matches!(patched("code", None).await, CallbackError::NotAnAnswer));
    assert!(matches!(patched("error", Some("x")).await, CallbackError::Contradictory));
    for name in ["code", "state", "iss"] {
        let extra = vec![(name.to_owned(), "another".to_owned())];
        let (outcome, peer) = outcome(|script| script.callback_extra = extra).await;
        assert!(matches!(refused(outcome, &peer), CallbackError::Repeated(found) if found == name));
    }
}

/// C10.6: an answer counts once; someone else's leaves the record as it is.
#[tokio::test]
async fn c10_6_once_and_only_its_own() {
    let peer = OAuthPeer::start(|_| {}).await;
    let manager = manager(&peer);
    let session = begin(&manager).await;
    let other = begin(&manager).await;
    let answer = answer(&session).await;
    let foreign = other.handle_callback(&answer).await;
    assert!(matches!(foreign, Err(Error::Callback(CallbackError::UnknownState))));
    let made_up = session.handle_callback("?code=x&state=made-up").await;
    assert!(matches!(made_up, Err(Error::Callback(CallbackError::UnknownState))));
    session.handle_callback(&answer).await.unwrap();
    let twice = session.handle_callback(&answer).await;
    assert!(matches!(twice, Err(Error::Callback(CallbackError::UnknownState))));
    assert_eq!(peer.count("/token"), 1);
}

/// C10.6: nor does one from another server, whatever state it has: the right answer may still come.
#[tokio::test]
async fn c10_6_a_foreign_issuer_ends_nothing() {
    let peer = OAuthPeer::start(|_| {}).await;
    let manager = manager(&peer);
    let session = begin(&manager).await;
    let answer = answer(&session).await;
    let mut foreign: url::Url = answer.parse().unwrap();
    let mut parameters: Vec<(String, String)> = foreign.query_pairs().into_owned().collect();
    parameters.retain(|(name, _)| name != "iss");
    parameters.push(("iss".to_owned(), "https://evil.test".to_owned()));
    foreign.query_pairs_mut().clear().extend_pairs(parameters);
    let refused = session.handle_callback(foreign.as_str()).await;
    assert!(matches!(refused, Err(Error::Callback(CallbackError::Issuer { .. }))), "{refused:?}");
    assert_eq!(peer.count("/token"), 0);
    session.handle_callback(&answer).await.unwrap();
}

/// One redirect endpoint for many logins: the state finds the right one.
#[tokio::test]
async fn c10_6_finish_by_state() {
    let peer = OAuthPeer::start(|_| {}).await;
    let manager = manager(&peer);
    let (one, two) = (begin(&manager).await, begin(&manager).await);
    manager.finish(&answer(&two).await).await.unwrap();
    manager.finish(&answer(&one).await).await.unwrap();
    let bare = manager.finish("a-bare-code").await;
    assert!(matches!(bare, Err(Error::Callback(CallbackError::NotAnAnswer))), "it belongs to nothing");
}

/// An answer that comes after the session's lifetime is none.
#[tokio::test]
async fn c4_7_records_expire() {
    let peer = OAuthPeer::start(|_| {}).await;
    let (builder, clock) = with_clock(&peer);
    let manager = builder.build().unwrap();
    let session = begin(&manager).await;
    let answer = answer(&session).await;
    clock.advance(Duration::from_secs(600));
    let late = session.handle_callback(&answer).await;
    assert!(matches!(late, Err(Error::Callback(CallbackError::UnknownState))));
}

/// A bare code is taken where the server does not promise to say who it is, and only there (C10.1).
#[tokio::test]
async fn c10_1_bare_codes() {
    let run = async |iss: bool| {
        let peer = OAuthPeer::start(|script| script.iss = iss).await;
        let manager = manager(&peer);
        let session = begin(&manager).await;
        let answer = answer(&session).await;
        let code = answer.split("code=").nth(1).unwrap().split('&').next().unwrap().to_owned();
        (session.handle_callback(&code).await, session.handle_callback(&answer).await)
    };
    let (bare, whole) = run(false).await;
    assert!(bare.is_ok() && whole.is_err());
    let (bare, whole) = run(true).await;
    assert!(matches!(bare, Err(Error::Callback(CallbackError::WholeAddressNeeded { .. }))));
    assert!(whole.is_ok(), "the record is still there");
}

/// C9.1, C9.2, C11.2: scopes from the challenge, then from the resource; then the union.
#[tokio::test]
async fn c9_1_scopes() {
    let peer = OAuthPeer::start(|script| {
        script.challenge_scope = Some("from:challenge".into());
        script.resource_patch = json!({ "scopes_supported": ["from:resource"] });
    })
    .await;
    let manager = manager(&peer);
    let challenges = crate::support::challenges(&peer).await;
    let uri = || RedirectUri::parse(REDIRECT).unwrap();
    let session = manager.begin(&challenges, uri()).await.unwrap();
    assert_eq!(session.scopes().to_string(), "from:challenge");
    assert_eq!(begin(&manager).await.scopes().to_string(), "from:resource");
    session.handle_callback(&answer(&session).await).await.unwrap();
    assert_eq!(begin(&manager).await.scopes().to_string(), "from:challenge from:resource");
}

/// C15.6: whoever waits for the code to be redeemed may go away: the grant is there all the same, and in the store.
#[tokio::test]
async fn c15_6_a_caller_that_leaves_loses_no_login() {
    let peer = OAuthPeer::start(|_| {}).await;
    let store = MemoryStore::new();
    let manager = builder(&peer).store(store.clone()).build().unwrap();
    let session = begin(&manager).await;
    let answer = answer(&session).await;
    let gate = Arc::new(Semaphore::new(0));
    peer.change(|script| script.hold("/token", &gate));
    let caller = tokio::spawn({
        let manager = manager.clone();
        async move { manager.finish(&answer).await }
    });
    while peer.count("/token") == 0 {
        tokio::task::yield_now().await;
    }
    caller.abort();
    assert!(caller.await.unwrap_err().is_cancelled());
    gate.add_permits(1);
    while manager.grant().is_none() {
        tokio::task::yield_now().await;
    }
    let next = builder(&peer).store(store).build().unwrap();
    assert!(next.load().await.unwrap().is_some());
}
