//! C15.5: what a logout ends, whatever is under way at that moment and wherever the newest token is.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use mcp_oauth_client::{
    AuthorizationManager, AuthorizationManagerBuilder, Error, PreregisteredClient, RefreshError, Revocation,
    StoreError,
};
use mcp_oauth_core::{AccessToken, ClientId, ClientSecret, Issuer};
use serde_json::json;
use testkit::oauth::OAuthPeer;
use tokio::sync::Semaphore;

use crate::faulty::Faulty;
use crate::support::{builder, login};

async fn revoking_peer() -> OAuthPeer {
    OAuthPeer::start(|script| script.revocation = true).await
}

fn manager(peer: &OAuthPeer, store: &Faulty) -> AuthorizationManager {
    builder(peer).store(store.clone()).build().unwrap()
}

/// The disk is full from the moment on at which the code of a login is redeemed.
fn fill_at_redemption(peer: &OAuthPeer, store: &Faulty) {
    let store = store.clone();
    peer.change(|script| {
        let once = AtomicBool::new(true);
        script.intercept(move |seen| {
            if seen.path == "/token" && once.swap(false, Ordering::AcqRel) {
                store.set_full(true);
            }
            None
        });
    });
}

/// The access tokens that the server was told to end.
fn ended(peer: &OAuthPeer) -> Vec<String> {
    let requests = peer.seen_at("/revoke");
    let of_access =
        requests.iter().filter(|seen| seen.parameter("token_type_hint").as_deref() == Some("access_token"));
    of_access.filter_map(|seen| seen.parameter("token")).collect()
}

fn contains(ended: &[String], token: &AccessToken) -> bool {
    ended.iter().any(|ended| ended == token.expose())
}

/// Another process stores a renewed grant after the logout has looked at the old one, and before it removes it: the
/// renewed one is what is removed, and what is revoked.
#[tokio::test]
async fn c15_5_a_renewal_that_is_just_being_stored() {
    let peer = revoking_peer().await;
    let store = Faulty::default();
    let one = manager(&peer, &store);
    let old = login(&one).await.unwrap().access_token().clone();
    let other = builder(&peer).store(store.inner.clone()).build().unwrap();
    assert_eq!(other.access_token().await.unwrap(), old);
    store.before_removal({
        let (other, old) = (other.clone(), old.clone());
        async move {
            assert_ne!(other.recover(Some(&old)).await.unwrap(), old);
        }
    });
    let logout = one.logout().await.unwrap();
    assert!(matches!(logout.refresh_token, Revocation::Revoked), "{logout:?}");
    let renewed = other.grant().unwrap().access_token().clone();
    assert_ne!(renewed, old);
    let ended = ended(&peer);
    assert!(contains(&ended, &renewed) && contains(&ended, &old), "{ended:?}");
    assert!(manager(&peer, &store).load().await.unwrap().is_none());
}

/// A login of another process just then is ended too, note and all: nothing stays in the store that nothing leads to.
#[tokio::test]
async fn c15_5_a_login_that_is_just_being_stored() {
    let peer = revoking_peer().await;
    let store = Faulty::default();
    let one = manager(&peer, &store);
    login(&one).await.unwrap();
    let other = builder(&peer).store(store.inner.clone()).build().unwrap();
    store.before_removal({
        let other = other.clone();
        async move {
            login(&other).await.unwrap();
        }
    });
    one.logout().await.unwrap();
    assert!(contains(&ended(&peer), other.grant().unwrap().access_token()));
    assert!(manager(&peer, &store).load().await.unwrap().is_none());
}

/// C15.6: the renewed token that the store did not take is the one that is revoked; what is stored in its stead is spent.
#[tokio::test]
async fn c15_5_what_only_memory_holds() {
    let peer = revoking_peer().await;
    let store = Faulty::default();
    let one = manager(&peer, &store);
    let old = login(&one).await.unwrap().access_token().clone();
    store.set_full(true);
    let renewed = one.recover(Some(&old)).await.unwrap();
    store.set_full(false);
    let logout = one.logout().await.unwrap();
    assert!(matches!(logout.refresh_token, Revocation::Revoked), "{logout:?}");
    assert!(contains(&ended(&peer), &renewed));
    one.settle().await.unwrap();
    assert!(manager(&peer, &store).load().await.unwrap().is_none(), "it is not stored later");
}

/// C15.6: another process logs out while only memory holds the renewed token: it is revoked when it cannot be stored.
#[tokio::test]
async fn c15_5_what_only_another_process_holds() {
    let peer = revoking_peer().await;
    let store = Faulty::default();
    let one = manager(&peer, &store);
    let old = login(&one).await.unwrap().access_token().clone();
    store.set_full(true);
    let renewed = one.recover(Some(&old)).await.unwrap();
    builder(&peer).store(store.inner.clone()).build().unwrap().logout().await.unwrap();
    assert!(!contains(&ended(&peer), &renewed));
    store.set_full(false);
    one.settle().await.unwrap();
    assert!(contains(&ended(&peer), &renewed));
    assert!(manager(&peer, &store).load().await.unwrap().is_none());
}

/// C15.6: a login whose code is spent is not lost to a full disk: it is used, renewed, and stored as soon as that is
/// possible.
#[tokio::test]
async fn c15_6_a_login_on_a_full_disk() {
    let peer = revoking_peer().await;
    let store = Faulty::default();
    let one = manager(&peer, &store);
    fill_at_redemption(&peer, &store);
    let first = login(&one).await.unwrap().access_token().clone();
    assert_eq!(one.access_token().await.unwrap(), first);
    let second = one.recover(Some(&first)).await.unwrap();
    let third = one.recover(Some(&second)).await.unwrap();
    assert!(first != second && second != third);
    assert!(matches!(one.settle().await, Err(mcp_oauth_client::Error::Store(_))));
    store.set_full(false);
    one.settle().await.unwrap();
    assert_eq!(manager(&peer, &store).access_token().await.unwrap(), third);
    assert!(!peer.has_revoked());
}

/// A logout while a login is just being stored: it ends that login, too, here, in the store and at the server.
#[tokio::test]
async fn c15_5_a_logout_while_a_login_is_stored() {
    for is_first in [true, false] {
        let peer = revoking_peer().await;
        let store = Faulty::default();
        let one = manager(&peer, &store);
        if !is_first {
            login(&one).await.unwrap();
            peer.clear();
        }
        store.before_note({
            let one = one.clone();
            async move {
                one.logout().await.unwrap();
            }
        });
        let error = login(&one).await.unwrap_err();
        assert!(matches!(error, Error::Refresh(RefreshError::NoGrant)), "{error:?}");
        assert!(one.grant().is_none() && one.access_token().await.is_err());
        assert!(manager(&peer, &store).load().await.unwrap().is_none());
        let ended = ended(&peer);
        assert!(peer.secrets().iter().rev().any(|secret| ended.contains(secret)), "{ended:?}");
        // Nor does it come back later, and the next login is one like any other.
        one.settle().await.unwrap();
        assert!(one.grant().is_none());
        login(&one).await.unwrap();
        assert!(one.access_token().await.is_ok());
    }
}

/// The same login, and a logout: nothing is stored, so the full disk does not matter.
#[tokio::test]
async fn c15_5_a_login_on_a_full_disk() {
    let peer = revoking_peer().await;
    let store = Faulty::default();
    let one = manager(&peer, &store);
    fill_at_redemption(&peer, &store);
    let token = login(&one).await.unwrap().access_token().clone();
    one.logout().await.unwrap();
    assert!(contains(&ended(&peer), &token));
    store.set_full(false);
    one.settle().await.unwrap();
    assert!(manager(&peer, &store).load().await.unwrap().is_none());
}

/// A later login counts, whatever an earlier one could not store.
#[tokio::test]
async fn c15_6_two_logins_on_a_full_disk() {
    let peer = revoking_peer().await;
    let store = Faulty::default();
    let one = manager(&peer, &store);
    fill_at_redemption(&peer, &store);
    login(&one).await.unwrap();
    store.set_full(false);
    let newer = login(&one).await.unwrap().access_token().clone();
    one.settle().await.unwrap();
    assert_eq!(manager(&peer, &store).access_token().await.unwrap(), newer);
}

/// A server with client credentials, and the client that asks for them.
async fn machine() -> (OAuthPeer, impl Fn(&Faulty) -> AuthorizationManagerBuilder) {
    let peer = OAuthPeer::start(|script| {
        script.revocation = true;
        script.metadata_patch = json!({
            "authorization_endpoint": null,
            "grant_types_supported": ["client_credentials"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic"],
        });
    })
    .await;
    peer.add_client("machine", Some("secret"), "client_secret_basic");
    let (url, issuer) = (peer.mcp_url().clone(), Issuer::parse(&peer.issuer()).unwrap());
    let make = move |store: &Faulty| {
        // With its issuer: without, the store must say where the secret was shown before.
        let client = PreregisteredClient::new(ClientId::parse("machine").unwrap())
            .with_secret(ClientSecret::parse("secret").unwrap())
            .at_issuer(issuer.clone());
        AuthorizationManager::builder(&url).store(store.clone()).preregistered(client).client_credentials()
    };
    (peer, make)
}

/// C17.4: a token that was asked for before a logout, here or in another process, does not come back after it.
#[tokio::test]
async fn c15_5_an_unattended_renewal_under_way() {
    for elsewhere in [false, true] {
        let (peer, make) = machine().await;
        let store = Faulty::default();
        let one = make(&store).build().unwrap();
        let first = one.access_token().await.unwrap();
        let gate = Arc::new(Semaphore::new(0));
        peer.clear();
        peer.change(|script| script.hold("/token", &gate));
        let renewal = tokio::spawn({
            let (one, first) = (one.clone(), first.clone());
            async move { one.recover(Some(&first)).await }
        });
        while peer.count("/token") == 0 {
            tokio::task::yield_now().await;
        }
        let who = if elsewhere { make(&store).build().unwrap() } else { one.clone() };
        who.logout().await.unwrap();
        assert_eq!(ended(&peer), [first.expose()]);
        gate.add_permits(1);
        assert!(renewal.await.unwrap().is_err());
        assert!(one.grant().is_none(), "elsewhere: {elsewhere}");
        assert!(make(&store).build().unwrap().load().await.unwrap().is_none());
        assert_eq!(ended(&peer).len(), 2, "what came after the logout is ended too");
    }
}

/// C17.4: nothing is lost without the store, so a store that fails stops nobody who needs no person.
#[tokio::test]
async fn c17_4_without_a_store() {
    let (peer, make) = machine().await;
    let store = Faulty::default();
    store.set_down(true);
    let one = make(&store).build().unwrap();
    let first = one.access_token().await.unwrap();
    let second = one.recover(Some(&first)).await.unwrap();
    assert_ne!(first, second);
    assert_eq!(one.access_token().await.unwrap(), second);
    assert_eq!(peer.count("/token"), 2);
    // The newest is what a logout ends, stored or not.
    store.set_down(false);
    one.logout().await.unwrap();
    assert!(contains(&ended(&peer), &second));
}

/// What may pass is tried again; a wrong key for sealed tokens, or a value that is too large, does not pass.
#[test]
fn store_failures_that_pass() {
    let fails = |error: StoreError| RefreshError::Store(Arc::new(error)).is_retryable();
    let io = |kind: std::io::ErrorKind| StoreError::Io {
        action: "write",
        path: "tokens".into(),
        source: kind.into(),
    };
    assert!(fails(StoreError::Conflict));
    assert!(fails(StoreError::Backend("the database is away".into())));
    assert!(fails(io(std::io::ErrorKind::StorageFull)));
    assert!(!fails(io(std::io::ErrorKind::PermissionDenied)));
    assert!(!fails(StoreError::TooLarge { place: "a grant".into(), limit_bytes: 2560 }));
}

/// The same for the first token of all, when there is nothing yet that a logout could take away.
#[tokio::test]
async fn c15_5_a_first_unattended_token_under_way() {
    let (peer, make) = machine().await;
    let store = Faulty::default();
    let one = make(&store).build().unwrap();
    let gate = Arc::new(Semaphore::new(0));
    peer.change(|script| script.hold("/token", &gate));
    let first = tokio::spawn({
        let one = one.clone();
        async move { one.access_token().await }
    });
    while peer.count("/token") == 0 {
        tokio::task::yield_now().await;
    }
    one.logout().await.unwrap();
    gate.add_permits(1);
    assert!(first.await.unwrap().is_err());
    assert_eq!(ended(&peer).len(), 1);
    assert!(make(&store).build().unwrap().load().await.unwrap().is_none(), "nor does it come back later");
}

/// A login that could not be stored does not come back after a logout, although a renewal holds on to it at that moment;
/// neither does what the renewal gets.
#[tokio::test]
async fn c15_5_a_login_on_a_full_disk_while_it_is_renewed() {
    let peer = revoking_peer().await;
    let store = Faulty::default();
    let one = manager(&peer, &store);
    fill_at_redemption(&peer, &store);
    let token = login(&one).await.unwrap().access_token().clone();
    let gate = Arc::new(Semaphore::new(0));
    peer.clear();
    peer.change(|script| script.hold("/token", &gate));
    let renewal = tokio::spawn({
        let (one, token) = (one.clone(), token.clone());
        async move { one.recover(Some(&token)).await }
    });
    while peer.count("/token") == 0 {
        tokio::task::yield_now().await;
    }
    store.set_full(false);
    // The server does not take part, so that the renewal goes through.
    peer.change(|script| script.revocation = false);
    assert!(matches!(one.logout().await.unwrap().access_token, Revocation::NotOffered));
    peer.change(|script| script.revocation = true);
    gate.add_permits(1);
    assert!(renewal.await.unwrap().is_err());
    one.settle().await.unwrap();
    assert!(one.grant().is_none());
    assert!(manager(&peer, &store).load().await.unwrap().is_none());
    let ended = ended(&peer);
    assert!(ended.len() == 1 && !contains(&ended, &token), "what the renewal got: {ended:?}");
}

/// What a store that can only be read keeps is not forgotten, and stays in use.
#[tokio::test]
async fn c15_5_a_store_that_keeps_the_grant() {
    let peer = revoking_peer().await;
    let store = Faulty::default();
    let one = manager(&peer, &store);
    let token = login(&one).await.unwrap().access_token().clone();
    store.set_full(true);
    assert!(one.logout().await.is_err());
    assert_eq!((one.access_token().await.unwrap(), peer.count("/revoke")), (token, 0));
}

/// A grant that has ended in a store that can only be read: the next login is asked for all the same.
#[tokio::test]
async fn c14_6_an_ended_grant_that_cannot_be_removed() {
    let peer = revoking_peer().await;
    let store = Faulty::default();
    let one = manager(&peer, &store);
    let token = login(&one).await.unwrap().access_token().clone();
    store.set_full(true);
    peer.revoke_everything();
    let error = one.recover(Some(&token)).await.unwrap_err();
    assert!(error.needs_authorization(), "{error:?}");
    assert!(one.grant().is_none());
}
