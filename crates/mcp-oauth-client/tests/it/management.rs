//! C6.8, C12.9 and RFC 7592: registrations that are refused, forgotten, changed and ended.

use mcp_oauth_client::{Error, ManagementError, MemoryStore, RegistrationError};
use mcp_oauth_core::{Challenges, ClientMetadata, RedirectUri};
use serde_json::{Value, json};
use std::sync::Arc;
use testkit::oauth::{OAuthPeer, Reply};
use tokio::sync::Semaphore;

use crate::support::{Person, builder, login, manager, only};

async fn free_port() -> u16 {
    tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port()
}

fn refuse(error: &str, description: &str) -> Reply {
    Reply::json(400, &json!({ "error": error, "error_description": description }))
}

/// Refuses registrations that `is_bad` says are, with this error.
async fn picky(error: &'static str, description: &'static str, is_bad: fn(&Value) -> bool) -> OAuthPeer {
    OAuthPeer::start(|script| {
        script.intercept(move |seen| {
            (seen.path == "/register" && is_bad(&seen.json())).then(|| refuse(error, description))
        });
    })
    .await
}

/// C6.8: a server that takes no number gets the name, and the login goes on with it.
#[tokio::test]
async fn c6_8_another_redirect_uri() {
    let has_number = |body: &Value| body["redirect_uris"].to_string().contains("127.0.0.1");
    let peer = picky("invalid_redirect_uri", "IP addresses are not allowed", has_number).await;
    login(&manager(&peer)).await.unwrap();
    assert_eq!(peer.count("/register"), 2);
    let sent = only(&peer, "/token").parameter("redirect_uri").unwrap();
    assert!(sent.starts_with("http://localhost:"), "{sent}");
}

/// C6.8: a server that takes no native applications on this address gets the other type.
#[tokio::test]
async fn c6_8_another_application_type() {
    let is_native = |body: &Value| body["application_type"] == "native";
    let peer =
        picky("invalid_client_metadata", "Application_Type native is not supported here", is_native).await;
    login(&manager(&peer)).await.unwrap();
    let types: Vec<_> =
        peer.seen_at("/register").iter().map(|seen| seen.json()["application_type"].clone()).collect();
    assert_eq!(types, ["native", "web"]);
}

/// C6.8: the number of proposals is bounded, and what the server said first is told.
#[tokio::test]
async fn c6_8_bounded() {
    let peer = picky("invalid_redirect_uri", "never", |_| true).await;
    let error = login(&manager(&peer)).await.unwrap_err();
    let Error::Registration(RegistrationError::Refused(refusal)) = error else { panic!("{error:?}") };
    assert_eq!(refusal.to_string(), "invalid_redirect_uri: never");
    assert_eq!(peer.count("/register"), 3);
    let peer = picky("invalid_software_statement", "no", |_| true).await;
    login(&manager(&peer)).await.unwrap_err();
    assert_eq!(peer.count("/register"), 1);
}

/// C12.9: a stored registration that the server forgot is replaced within the same login, once.
#[tokio::test]
async fn c12_9_registers_anew_once() {
    let peer = OAuthPeer::start(|_| {}).await;
    let manager = manager(&peer);
    let redirect_uri = RedirectUri::loopback(free_port().await);
    let again = async || {
        let interaction = Person::default().interaction().redirect_uri(redirect_uri.clone());
        manager.authorize(&interaction, &Challenges::default()).await
    };
    again().await.unwrap();
    peer.change(|script| {
        let known = std::sync::atomic::AtomicBool::new(false);
        script.intercept(move |seen| {
            if seen.path == "/register" {
                known.store(true, std::sync::atomic::Ordering::SeqCst);
            }
            let forgot = seen.path == "/token" && !known.load(std::sync::atomic::Ordering::SeqCst);
            forgot.then(|| Reply::json(401, &json!({ "error": "invalid_client" })))
        });
    });
    again().await.unwrap();
    assert_eq!(peer.count("/register"), 2);
}

/// C12.9: never a loop: a server that knows nobody ends the login after one new registration.
#[tokio::test]
async fn c12_9_never_loops() {
    let peer = OAuthPeer::start(|_| {}).await;
    let manager = manager(&peer);
    let redirect_uri = RedirectUri::loopback(free_port().await);
    let again = async || {
        let interaction = Person::default().interaction().redirect_uri(redirect_uri.clone());
        manager.authorize(&interaction, &Challenges::default()).await
    };
    again().await.unwrap();
    peer.change(|script| {
        script.reply("/token", Reply::json(401, &json!({ "error": "invalid_client" })));
    });
    assert!(matches!(again().await, Err(Error::Token(_))));
    assert_eq!((peer.count("/register"), peer.count("/authorize")), (2, 3));
    // The new one was no better, so it is not kept either.
    assert!(matches!(again().await, Err(Error::Token(_))));
    assert_eq!((peer.count("/register"), peer.count("/authorize")), (3, 4));
}

/// C12.9: a registration with more redirect URIs than the one in use is forgotten all the same.
#[tokio::test]
async fn c12_9_forgotten_with_several_redirect_uris() {
    let peer = OAuthPeer::start(|_| {}).await;
    let mut metadata = ClientMetadata::default();
    metadata.redirect_uris = vec![RedirectUri::loopback(3030)];
    let manager = builder(&peer).client_metadata(metadata).build().unwrap();
    let redirect_uri = RedirectUri::loopback(free_port().await);
    let interaction = || Person::default().interaction().redirect_uri(redirect_uri.clone());
    let grant = manager.authorize(&interaction(), &Challenges::default()).await.unwrap();
    peer.forget_clients();
    assert!(manager.recover(Some(grant.access_token())).await.unwrap_err().needs_authorization());
    manager.authorize(&interaction(), &Challenges::default()).await.unwrap();
    assert_eq!((peer.count("/register"), peer.count("/authorize")), (2, 2), "it is not tried once more");
}

async fn managed(change: impl FnOnce(&mut testkit::oauth::Script)) -> OAuthPeer {
    OAuthPeer::start(|script| {
        script.managed_registrations = true;
        change(script);
    })
    .await
}

/// RFC 7592 §2.1, §2.2: reading and changing, each with the token of the answer before. What is not known here is sent
/// back as it was.
#[tokio::test]
async fn registrations_are_read_and_changed() {
    let peer = managed(|script| script.registration_patch = json!({ "x_tenant": "blue" })).await;
    peer.change(|script| script.management_patch = json!({ "x_tenant": "blue" }));
    let store = MemoryStore::new();
    let manager = builder(&peer).store(store.clone()).build().unwrap();
    login(&manager).await.unwrap();
    let mut registration = manager.client_registration().await.unwrap().expect("one that can be managed");
    let mut metadata = registration.read().await.unwrap().metadata;
    assert_eq!(metadata.client_name.as_deref(), Some("a test"));
    metadata.client_name = Some("another name".into());
    metadata.client_uri = Some("https://app.test".into());
    let changed = registration.update(&metadata).await.unwrap();
    assert_eq!(changed.metadata.client_name.as_deref(), Some("another name"));
    let sent = peer.seen().into_iter().find(|seen| seen.method == "PUT").unwrap().json();
    assert_eq!((&sent["x_tenant"], &sent["client_uri"]), (&json!("blue"), &json!("https://app.test")));

    // The token that the last answer gave is the one that was kept.
    let again = builder(&peer).store(store).build().unwrap();
    let mut registration = again.client_registration().await.unwrap().expect("the same");
    assert_eq!(registration.read().await.unwrap().metadata.client_uri.as_deref(), Some("https://app.test"));
}

/// RFC 7592 §3: whoever waits for a change may go away: the token that the server gave with its answer, by then the only
/// one that works, is kept.
#[tokio::test]
async fn a_caller_that_leaves_loses_no_registration() {
    let peer = managed(|_| {}).await;
    let manager = manager(&peer);
    login(&manager).await.unwrap();
    let mut registration = manager.client_registration().await.unwrap().expect("one that can be managed");
    let metadata = registration.read().await.unwrap().metadata;
    let gate = Arc::new(Semaphore::new(1));
    peer.change(|script| script.hold("/register/", &gate));
    let caller = tokio::spawn(async move { registration.update(&metadata).await });
    while !peer.seen().iter().any(|seen| seen.method == "PUT") {
        tokio::task::yield_now().await;
    }
    caller.abort();
    assert!(caller.await.unwrap_err().is_cancelled());
    gate.add_permits(2);
    manager.settle().await.unwrap();
    let mut again = manager.client_registration().await.unwrap().expect("the same");
    again.read().await.unwrap();
}

/// RFC 7592 §3: a secret that the server replaces is used from then on, by the grant too.
#[tokio::test]
async fn a_replaced_secret_is_used() {
    let peer = managed(|script| {
        script.metadata_patch = json!({ "token_endpoint_auth_methods_supported": ["client_secret_basic"] });
        script.management_patch = json!({ "client_secret": "a new one", "client_secret_expires_at": 0 });
    })
    .await;
    let store = MemoryStore::new();
    let manager = builder(&peer).store(store.clone()).build().unwrap();
    let grant = login(&manager).await.unwrap();
    manager.client_registration().await.unwrap().expect("one").read().await.unwrap();
    manager.recover(Some(grant.access_token())).await.unwrap();
    let again = builder(&peer).store(store).build().unwrap();
    let grant = again.load().await.unwrap().unwrap();
    again.recover(Some(grant.access_token())).await.unwrap();
}

/// RFC 7592 §3: a new token without an address is for the address that is known.
#[tokio::test]
async fn a_new_token_for_the_same_address() {
    let peer = managed(|script| script.management_patch = json!({ "registration_client_uri": null })).await;
    let manager = manager(&peer);
    login(&manager).await.unwrap();
    for _ in 0..2 {
        let mut registration = manager.client_registration().await.unwrap().expect("one");
        registration.read().await.unwrap();
        registration.read().await.unwrap();
    }
}

/// RFC 7592 §3: an answer that this client cannot follow has brought the only token that works all the same.
#[tokio::test]
async fn a_change_that_cannot_be_followed_loses_no_token() {
    let peer = managed(|_| {}).await;
    let manager = manager(&peer);
    login(&manager).await.unwrap();
    let mut registration = manager.client_registration().await.unwrap().expect("one");
    peer.change(|script| {
        script.management_patch = json!({ "token_endpoint_auth_method": "tls_client_auth" });
    });
    let error = registration.read().await.unwrap_err();
    assert!(matches!(error, Error::Registration(RegistrationError::AuthMethod { .. })), "{error:?}");
    peer.change(|script| script.management_patch = json!({ "token_endpoint_auth_method": "none" }));
    registration.read().await.unwrap();
    let forgotten = manager.forget().await.unwrap();
    assert!(matches!(forgotten.registration, Some(Ok(()))), "{forgotten:?}");
}

/// C6.8: a registration whose redirect URI was taken away is not used for it, and no login hangs on it.
#[tokio::test]
async fn c6_8_a_redirect_uri_that_was_taken_away() {
    let peer = managed(|_| {}).await;
    let manager = manager(&peer);
    let redirect_uri = RedirectUri::loopback(free_port().await);
    let again = async || {
        let interaction = Person::default().interaction().redirect_uri(redirect_uri.clone());
        manager.authorize(&interaction, &Challenges::default()).await.unwrap()
    };
    again().await;
    let mut registration = manager.client_registration().await.unwrap().expect("one");
    let mut metadata = registration.read().await.unwrap().metadata;
    metadata.redirect_uris = vec![RedirectUri::parse("https://app.test/callback").unwrap()];
    registration.update(&metadata).await.unwrap();
    again().await;
    assert_eq!(peer.count("/register"), 2);
    again().await;
    assert_eq!(peer.count("/register"), 2);
}

/// RFC 7592 §2.1: a token that is good for nothing may mean that the registration goes on, so it is not said to have ended.
#[tokio::test]
async fn forget_does_not_claim_what_it_does_not_know() {
    let peer = managed(|_| {}).await;
    let manager = manager(&peer);
    login(&manager).await.unwrap();
    peer.change(|script| {
        script.intercept(|seen| (seen.method == "DELETE").then(|| Reply::status(401)));
    });
    let forgotten = manager.forget().await.unwrap();
    assert!(matches!(forgotten.registration, Some(Err(ManagementError::Unknown))), "{forgotten:?}");
}

/// An answer about another client is not taken over.
#[tokio::test]
async fn an_answer_about_another_client_is_refused() {
    let peer = managed(|script| script.management_patch = json!({ "client_id": "someone else" })).await;
    let manager = manager(&peer);
    login(&manager).await.unwrap();
    let error = manager.client_registration().await.unwrap().expect("one").read().await.unwrap_err();
    assert!(matches!(error, Error::Management(ManagementError::OtherClient { .. })), "{error:?}");
}

/// RFC 7592 §2.1: a server that knows the registration no longer, or does not let clients change it.
#[tokio::test]
async fn management_errors() {
    let peer = managed(|_| {}).await;
    let manager = manager(&peer);
    login(&manager).await.unwrap();
    let mut registration = manager.client_registration().await.unwrap().expect("one");
    for (status, body) in [
        (401, json!({})),
        (403, json!({})),
        (400, json!({ "error": "invalid_redirect_uri" })),
        (503, json!({})),
    ] {
        peer.change(|script| *script = testkit::oauth::Script::default());
        peer.change(|script| {
            script.intercept(move |seen| {
                seen.path.starts_with("/register/").then(|| Reply::json(status, &body))
            });
        });
        let error = registration.read().await.unwrap_err();
        let Error::Management(found) = &error else { panic!("{error:?}") };
        let right = match status {
            401 => matches!(found, ManagementError::Unknown),
            403 => matches!(found, ManagementError::NotAllowed { .. }),
            400 => matches!(found, ManagementError::Refused(_)),
            _ => matches!(found, ManagementError::Unexpected { .. }),
        };
        assert!(right && error.is_retryable() == (status == 503), "{error:?}");
    }
}

/// RFC 7592 §2.3: `forget` ends the registration and everything kept of it; one that cannot be ended there is still
/// forgotten here.
#[tokio::test]
async fn forget_ends_the_registration() {
    let peer = managed(|script| script.revocation = true).await;
    let manager = manager(&peer);
    login(&manager).await.unwrap();
    let forgotten = manager.forget().await.unwrap();
    assert!(matches!(forgotten.registration, Some(Ok(()))));
    assert_eq!(peer.seen().iter().filter(|seen| seen.method == "DELETE").count(), 1);
    assert!(manager.grant().is_none() && manager.client_registration().await.unwrap().is_none());

    let redirect_uri = RedirectUri::loopback(free_port().await);
    let again = async || {
        let interaction = Person::default().interaction().redirect_uri(redirect_uri.clone());
        manager.authorize(&interaction, &Challenges::default()).await.unwrap()
    };
    again().await;
    peer.change(|script| {
        script.intercept(|seen| (seen.method == "DELETE").then(|| Reply::status(500)));
    });
    let forgotten = manager.forget().await.unwrap();
    assert!(matches!(forgotten.registration, Some(Err(ManagementError::Unexpected { .. }))));
    peer.clear();
    again().await;
    assert_eq!(peer.count("/register"), 1, "nothing of it was kept here");
}

/// C15.1: grants are kept without the token that manages the registration.
#[tokio::test]
async fn c15_1_grants_do_not_hold_the_management_token() {
    let peer = managed(|_| {}).await;
    let directory = tempfile::tempdir().unwrap();
    let store = mcp_oauth_client::FileStore::open(directory.path()).unwrap();
    let manager = builder(&peer).store(store).build().unwrap();
    login(&manager).await.unwrap();
    for file in std::fs::read_dir(directory.path()).unwrap() {
        let path = file.unwrap().path();
        let holds = std::fs::read_to_string(&path).unwrap_or_default().contains("management-");
        let is_client = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("client-"));
        assert!(!holds || is_client, "{}", path.display());
    }
}
