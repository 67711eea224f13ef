//! C14, C15.6: renewal.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use mcp_oauth_client::{AuthorizationManager, Error, FileStore, MemoryStore, RefreshError, TokenError};
use mcp_oauth_core::FakeClock;
use serde_json::json;
use testkit::oauth::{OAuthPeer, Reply};
use tokio::sync::Semaphore;

use crate::support::{builder, login, manager, with_clock};

async fn logged_in() -> (OAuthPeer, AuthorizationManager, FakeClock) {
    let peer = OAuthPeer::start(|_| {}).await;
    let (builder, clock) = with_clock(&peer);
    let manager = builder.build().unwrap();
    login(&manager).await.unwrap();
    peer.clear();
    (peer, manager, clock)
}

/// C14.8: before the expiry, and not earlier; C14.3, C14.4: with the resource and without a scope.
#[tokio::test]
async fn c14_8_before_expiry() {
    let (peer, manager, clock) = logged_in().await;
    let first = manager.access_token().await.unwrap();
    clock.advance(Duration::from_secs(3500));
    assert_eq!(manager.access_token().await.unwrap(), first);
    assert_eq!(peer.count("/token"), 0);
    clock.advance(Duration::from_secs(50));
    assert_ne!(manager.access_token().await.unwrap(), first);
    let request = &peer.seen_at("/token")[0];
    assert_eq!(request.parameter("grant_type").as_deref(), Some("refresh_token"));
    assert_eq!(request.parameter("resource"), Some(peer.mcp_url()));
    assert_eq!(request.parameter("scope"), None);
    assert_eq!(peer.paths(), ["/token"], "nothing else is asked");
}

/// C14.7: however many wait, one token request; and what they get is the same token.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn c14_7_one_request_for_many() {
    let (peer, manager, _clock) = logged_in().await;
    let gate = Arc::new(Semaphore::new(0));
    peer.change(|script| script.hold("/token", &gate));
    let rejected = manager.access_token().await.unwrap();
    let callers: Vec<_> = (0..64)
        .map(|_| {
            let (manager, rejected) = (manager.clone(), rejected.clone());
            tokio::spawn(async move { manager.recover(Some(&rejected)).await.unwrap() })
        })
        .collect();
    tokio::task::yield_now().await;
    gate.add_permits(1);
    let tokens = join_all(callers).await;
    let first = tokens[0].as_ref().unwrap();
    assert!(tokens.iter().all(|token| token.as_ref().unwrap() == first && *first != rejected));
    assert_eq!(peer.count("/token"), 1);
}

/// C14.7: two processes, one store: the second takes over what the first renewed, and no refresh token is used twice.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn c14_7_one_request_for_many_processes() {
    let peer = OAuthPeer::start(|_| {}).await;
    let directory = tempfile::tempdir().unwrap();
    let process = || builder(&peer).store(FileStore::open(directory.path()).unwrap()).build().unwrap();
    login(&process()).await.unwrap();
    let processes: Vec<_> = (0..4).map(|_| process()).collect();
    for round in 1..=10 {
        peer.clear();
        let rounds = processes.iter().map(|manager| async {
            let token = manager.access_token().await.unwrap();
            manager.recover(Some(&token)).await.unwrap()
        });
        let tokens = join_all(rounds).await;
        assert!(!peer.has_revoked(), "round {round}");
        assert!(peer.count("/token") >= 1);
        // Whoever asked last holds what counts; the others take it over.
        let newest = process().access_token().await.unwrap();
        assert!(tokens.contains(&newest));
    }
}

/// C14.7: eight processes with the same rejected token make one request.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn c14_7_adopts_another_processes_token() {
    let peer = OAuthPeer::start(|_| {}).await;
    let directory = tempfile::tempdir().unwrap();
    let process = || builder(&peer).store(FileStore::open(directory.path()).unwrap()).build().unwrap();
    login(&process()).await.unwrap();
    let processes: Vec<_> = (0..8).map(|_| process()).collect();
    let rejected =
        join_all(processes.iter().map(AuthorizationManager::access_token)).await.remove(0).unwrap();
    peer.clear();
    let tokens = join_all(processes.iter().map(|manager| manager.recover(Some(&rejected)))).await;
    let first = tokens[0].as_ref().unwrap();
    assert!(tokens.iter().all(|token| token.as_ref().unwrap() == first));
    assert_eq!(peer.count("/token"), 1);
}

/// A caller that goes away does not take the rotated token with it.
#[tokio::test]
async fn c15_6_a_caller_that_leaves_loses_nothing() {
    let (peer, manager, _clock) = logged_in().await;
    let gate = Arc::new(Semaphore::new(0));
    peer.change(|script| script.hold("/token", &gate));
    let rejected = manager.access_token().await.unwrap();
    let caller = tokio::spawn({
        let (manager, rejected) = (manager.clone(), rejected.clone());
        async move { manager.recover(Some(&rejected)).await }
    });
    while peer.count("/token") == 0 {
        tokio::task::yield_now().await;
    }
    caller.abort();
    gate.add_permits(1);
    let token = manager.recover(Some(&rejected)).await.unwrap();
    assert_ne!(token, rejected);
    assert_eq!(peer.count("/token"), 1);
    assert!(!peer.has_revoked());
}

/// C14.5: a server that does not rotate: the refresh token stays.
#[tokio::test]
async fn c14_5_keeps_the_old_refresh_token() {
    let peer = OAuthPeer::start(|script| script.rotate = false).await;
    let manager = manager(&peer);
    login(&manager).await.unwrap();
    for _ in 0..3 {
        let token = manager.access_token().await.unwrap();
        manager.recover(Some(&token)).await.unwrap();
    }
    let sent: Vec<_> =
        peer.seen_at("/token").iter().filter_map(|seen| seen.parameter("refresh_token")).collect();
    assert_eq!(sent.len(), 3);
    assert!(sent.iter().all(|token| token == &sent[0]));
}

/// C3.11: an endpoint in the store is judged by the policy of today: one that is plain http to another machine, which an
/// exception may have allowed once, gets no refresh token.
#[tokio::test]
async fn c3_11_stored_endpoints_are_judged_anew() {
    let peer = OAuthPeer::start(|_| {}).await;
    let directory = tempfile::tempdir().unwrap();
    let start = || builder(&peer).store(FileStore::open(directory.path()).unwrap()).build().unwrap();
    let token = login(&start()).await.unwrap().access_token().clone();
    for entry in std::fs::read_dir(directory.path()).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap_or_default();
        let endpoint = format!("{}/token", peer.issuer());
        if text.contains(&endpoint) {
            std::fs::write(&path, text.replace(&endpoint, "http://as.test/token")).unwrap();
        }
    }
    let error = start().recover(Some(&token)).await.unwrap_err();
    let Error::Refresh(RefreshError::Token(error)) = error else { panic!("{error:?}") };
    assert!(matches!(*error, TokenError::Endpoint(_)), "{error:?}");
}

/// C14.6: `invalid_grant` is final: the grant is gone, here and in the store.
#[tokio::test]
async fn c14_6_invalid_grant_is_final() {
    let peer = OAuthPeer::start(|_| {}).await;
    let store = MemoryStore::new();
    let manager = builder(&peer).store(store.clone()).build().unwrap();
    login(&manager).await.unwrap();
    let token = manager.access_token().await.unwrap();
    peer.revoke_everything();
    peer.clear();
    let error = manager.recover(Some(&token)).await.unwrap_err();
    assert!(error.needs_authorization() && !error.is_retryable());
    assert!(manager.access_token().await.unwrap_err().needs_authorization());
    assert_eq!(peer.count("/token"), 1, "it is asked once");
    let other = builder(&peer).store(store).build().unwrap();
    assert!(other.load().await.unwrap().is_none());
    login(&manager).await.unwrap();
    manager.access_token().await.unwrap();
}

/// C14.2: without a refresh token, the end of the access token is the end.
#[tokio::test]
async fn c14_2_no_refresh_token() {
    let peer = OAuthPeer::start(|script| script.refresh_tokens = false).await;
    let (builder, clock) = with_clock(&peer);
    let manager = builder.build().unwrap();
    login(&manager).await.unwrap();
    peer.clear();
    clock.advance(Duration::from_secs(3590));
    manager.access_token().await.unwrap();
    clock.advance(Duration::from_secs(10));
    assert!(manager.access_token().await.unwrap_err().needs_authorization());
    assert!(peer.paths().is_empty());
}

/// A server that is down for a moment stops nobody whose token is still valid, and is not asked by each of them.
#[tokio::test]
async fn c14_8_a_failed_early_refresh_stops_nobody() {
    let (peer, manager, clock) = logged_in().await;
    peer.change(|script| {
        script.reply("/token", Reply::status(503));
    });
    let token = manager.access_token().await.unwrap();
    clock.advance(Duration::from_secs(3550));
    for _ in 0..5 {
        assert_eq!(manager.access_token().await.unwrap(), token);
    }
    assert_eq!(peer.count("/token"), 1);
    clock.advance(Duration::from_secs(100));
    let error = manager.access_token().await.unwrap_err();
    assert!(error.is_retryable() && !error.needs_authorization());
}

/// Nor does an answer that makes no sense, such as a portal's: the token at hand still works.
#[tokio::test]
async fn c14_8_a_senseless_early_refresh_stops_nobody() {
    let (peer, manager, clock) = logged_in().await;
    peer.change(|script| {
        script.reply("/token", Reply::status(404));
    });
    let token = manager.access_token().await.unwrap();
    clock.advance(Duration::from_secs(3550));
    for _ in 0..5 {
        assert_eq!(manager.access_token().await.unwrap(), token);
    }
    assert_eq!(peer.count("/token"), 1);
}

/// A start with a stored grant asks nobody but the MCP server, and renews without any discovery; the client's secret
/// was kept too.
#[tokio::test]
async fn c15_2_start_with_a_stored_grant() {
    let peer = OAuthPeer::start(|script| {
        script.metadata_patch = json!({ "token_endpoint_auth_methods_supported": ["client_secret_basic"] });
    })
    .await;
    let directory = tempfile::tempdir().unwrap();
    let start = || {
        let (builder, clock) = with_clock(&peer);
        let store = FileStore::open(directory.path()).unwrap();
        (builder.store(store).subject("files").build().unwrap(), clock)
    };
    let (manager, _) = start();
    let grant = login(&manager).await.unwrap();
    peer.clear();
    let (manager, clock) = start();
    assert_eq!(manager.access_token().await.unwrap(), *grant.access_token());
    assert!(peer.paths().is_empty());
    clock.advance(Duration::from_secs(3600));
    manager.access_token().await.unwrap();
    assert_eq!(peer.paths(), ["/token"]);

    let other =
        builder(&peer).store(FileStore::open(directory.path()).unwrap()).subject("other").build().unwrap();
    assert!(other.load().await.unwrap().is_none(), "C15.2: another subject's grant is not ours");
}

/// C15.5's first half: after a logout there is nothing, and a renewal that was under way does not bring it back.
#[tokio::test]
async fn logout_is_final() {
    let (peer, manager, _clock) = logged_in().await;
    let gate = Arc::new(Semaphore::new(0));
    peer.change(|script| script.hold("/token", &gate));
    let rejected = manager.access_token().await.unwrap();
    let renewal = tokio::spawn({
        let manager = manager.clone();
        async move { manager.recover(Some(&rejected)).await }
    });
    while peer.count("/token") == 0 {
        tokio::task::yield_now().await;
    }
    manager.logout().await.unwrap();
    gate.add_permits(1);
    assert!(renewal.await.unwrap().unwrap_err().needs_authorization());
    assert!(manager.grant().is_none());
    assert!(manager.access_token().await.unwrap_err().needs_authorization());
}

/// A stored value that nobody can read does not stand in the way of a new login.
#[tokio::test]
async fn broken_files_count_as_absent() {
    let peer = OAuthPeer::start(|_| {}).await;
    let directory = tempfile::tempdir().unwrap();
    let start = || builder(&peer).store(FileStore::open(directory.path()).unwrap()).build().unwrap();
    login(&start()).await.unwrap();
    for entry in std::fs::read_dir(directory.path()).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "json") {
            std::fs::write(path, "{ not json").unwrap();
        }
    }
    let manager = start();
    assert!(manager.load().await.unwrap().is_none());
    login(&manager).await.unwrap();
    assert!(start().load().await.unwrap().is_some());
}
