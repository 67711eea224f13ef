//! C15.6: a store that takes nothing for a while.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use mcp_oauth_client::AuthorizationManager;
use testkit::oauth::{OAuthPeer, Reply};
use tokio::sync::Semaphore;

use crate::faulty::Faulty;
use crate::support::{builder, login, policy};

/// C15.6: a store that takes nothing for a while: the spent refresh token in it is not presented again, and the newest
/// one is stored as soon as that is possible.
#[tokio::test]
async fn c15_6_full_disk() {
    let peer = OAuthPeer::start(|_| {}).await;
    let store = Faulty::default();
    let manager = builder(&peer).store(store.clone()).build().unwrap();
    login(&manager).await.unwrap();
    store.set_full(true);
    for _ in 0..2 {
        let token = manager.access_token().await.unwrap();
        assert_ne!(manager.recover(Some(&token)).await.unwrap(), token);
    }
    store.set_full(false);
    let token = manager.access_token().await.unwrap();
    let newest = manager.recover(Some(&token)).await.unwrap();
    assert!(!peer.has_revoked());
    let next = builder(&peer).store(store).build().unwrap();
    assert_eq!(next.access_token().await.unwrap(), newest);
}

/// C14.7, C15.6: a renewal that fails does not forget the refresh token that only memory holds.
#[tokio::test]
async fn c15_6_full_disk_and_a_server_that_is_down() {
    let peer = OAuthPeer::start(|_| {}).await;
    let store = Faulty::default();
    let manager = builder(&peer).store(store.clone()).build().unwrap();
    login(&manager).await.unwrap();
    store.set_full(true);
    let token = manager.access_token().await.unwrap();
    let unsaved = manager.recover(Some(&token)).await.unwrap();
    let down = Arc::new(AtomicBool::new(true));
    peer.change(|script| {
        let down = Arc::clone(&down);
        script.intercept(move |seen| {
            (seen.path == "/token" && down.load(Ordering::Acquire)).then(|| Reply::status(503))
        });
    });
    for _ in 0..2 {
        assert!(manager.recover(Some(&unsaved)).await.unwrap_err().is_retryable());
    }
    down.store(false, Ordering::Release);
    assert_ne!(manager.recover(Some(&unsaved)).await.unwrap(), unsaved);
    assert!(!peer.has_revoked());
}

/// C14.7: as long as a renewed grant is not stored, no other process presents the spent refresh token that is; and it is
/// stored as soon as that is possible, without anybody asking for it.
#[tokio::test]
async fn c14_7_full_disk_and_another_process() {
    let peer = OAuthPeer::start(|_| {}).await;
    let store = Faulty::default();
    let process = || {
        let mut policy = policy();
        policy.limits.lease_wait = Duration::from_millis(50);
        builder(&peer).store(store.clone()).policy(policy).build().unwrap()
    };
    let (one, other): (AuthorizationManager, _) = (process(), process());
    login(&one).await.unwrap();
    let token = other.access_token().await.unwrap();
    store.set_full(true);
    let unsaved = one.recover(Some(&token)).await.unwrap();
    peer.clear();
    for _ in 0..3 {
        let error = other.recover(Some(&token)).await.unwrap_err();
        assert!(error.is_retryable() && !error.needs_authorization(), "{error:?}");
    }
    store.set_full(false);
    let adopted = loop {
        // Each attempt waits for the lease.
        match other.recover(Some(&token)).await {
            Ok(token) => break token,
            Err(error) => assert!(error.is_retryable(), "{error:?}"),
        }
    };
    assert_eq!(adopted, unsaved);
    assert_eq!(peer.count("/token"), 0);
    assert!(!peer.has_revoked());
}

/// A login in the meantime is newer than what could not be stored.
#[tokio::test]
async fn c15_6_full_disk_and_a_login() {
    let peer = OAuthPeer::start(|_| {}).await;
    let store = Faulty::default();
    let manager = builder(&peer).store(store.clone()).build().unwrap();
    login(&manager).await.unwrap();
    store.set_full(true);
    let token = manager.access_token().await.unwrap();
    manager.recover(Some(&token)).await.unwrap();
    store.set_full(false);
    let newer = login(&manager).await.unwrap();
    let renewed = manager.recover(Some(newer.access_token())).await.unwrap();
    let next = builder(&peer).store(store).build().unwrap();
    assert_eq!(next.access_token().await.unwrap(), renewed);
    assert!(!peer.has_revoked());
}

/// C15.6: a program that ends in good order loses nothing: neither an answer that is on its way, nor what could not be
/// stored when it came.
#[tokio::test]
async fn c15_6_settled_before_the_end() {
    let peer = OAuthPeer::start(|_| {}).await;
    let store = Faulty::default();
    let manager = builder(&peer).store(store.clone()).build().unwrap();
    manager.settle().await.unwrap();
    login(&manager).await.unwrap();
    let token = manager.access_token().await.unwrap();
    let gate = Arc::new(Semaphore::new(0));
    peer.change(|script| script.hold("/token", &gate));
    peer.clear();
    let caller = tokio::spawn({
        let (manager, token) = (manager.clone(), token.clone());
        async move { manager.recover(Some(&token)).await }
    });
    while peer.count("/token") == 0 {
        tokio::task::yield_now().await;
    }
    caller.abort();
    store.set_full(true);
    let settling = tokio::spawn({
        let manager = manager.clone();
        async move { manager.settle().await }
    });
    gate.add_permits(1);
    assert!(settling.await.unwrap().is_err(), "the disk is full");
    store.set_full(false);
    manager.settle().await.unwrap();
    let next = builder(&peer).store(store).build().unwrap();
    let stored = next.access_token().await.unwrap();
    assert_ne!(stored, token);
    assert_eq!(stored, manager.access_token().await.unwrap());
}
