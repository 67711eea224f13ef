//! RFC 9126: requests that are pushed.

use std::time::Duration;

use mcp_oauth_client::{AuthorizationManager, Error, PreregisteredClient, PushError, PushedRequests};
use mcp_oauth_core::{Challenges, ClientId, ClientSecret, RedirectUri};
use serde_json::json;
use testkit::oauth::{OAuthPeer, Reply, Script};

use crate::support::{Person, builder, login, manager, only, policy, with_clock};

async fn requiring(change: impl FnOnce(&mut Script)) -> OAuthPeer {
    OAuthPeer::start(|script| {
        script.pushed_requests = true;
        script.metadata_patch = json!({ "require_pushed_authorization_requests": true });
        change(script);
    })
    .await
}

async fn refused(manager: &AuthorizationManager) -> PushError {
    match login(manager).await.unwrap_err() {
        Error::Push(error) => error,
        other => panic!("{other:?}"),
    }
}

/// RFC 9126 §2.1, §4: where the server takes nothing else, the whole request is pushed, and the browser carries the
/// reference and the client's id only.
#[tokio::test]
async fn pushed_where_required() {
    for method in ["none", "client_secret_basic", "client_secret_post"] {
        let peer = requiring(|script| {
            script.metadata_patch["token_endpoint_auth_methods_supported"] = json!([method]);
        })
        .await;
        login(&manager(&peer)).await.unwrap();
        let pushed = only(&peer, "/par");
        for name in ["client_id", "redirect_uri", "state", "code_challenge", "resource", "response_type"] {
            assert!(pushed.parameter(name).is_some(), "{method}: {name}, once");
        }
        let carried: Vec<_> = only(&peer, "/authorize").query.into_iter().map(|(name, _)| name).collect();
        assert_eq!(carried, ["client_id", "request_uri"], "{method}");
        assert_eq!(pushed.parameter("request_uri"), None);
    }
}

/// Where the server only offers it, the policy decides.
#[tokio::test]
async fn pushed_where_offered() {
    let peer = OAuthPeer::start(|script| script.pushed_requests = true).await;
    login(&manager(&peer)).await.unwrap();
    assert_eq!(peer.count("/par"), 0);
    let mut policy = policy();
    policy.pushed_requests = PushedRequests::WhereOffered;
    login(&builder(&peer).policy(policy.clone()).build().unwrap()).await.unwrap();
    assert_eq!(peer.count("/par"), 1);
    let peer = OAuthPeer::start(|_| {}).await;
    login(&builder(&peer).policy(policy).build().unwrap()).await.unwrap();
}

/// Each way it can fail has its error, and no person is asked anything.
#[tokio::test]
async fn errors() {
    let with = async |reply: Reply| {
        let peer = requiring(|script| {
            script.reply("/par", reply);
        })
        .await;
        let error = refused(&manager(&peer)).await;
        assert_eq!(peer.count("/authorize"), 0, "{error:?}");
        error
    };
    let refusal = Reply::json(400, &json!({ "error": "invalid_scope", "error_description": "no such" }));
    let PushError::Refused(refusal) = with(refusal).await else { panic!("a refusal") };
    assert_eq!(refusal.to_string(), "invalid_scope: no such");
    assert!(with(Reply::status(503)).await.is_retryable());
    assert!(matches!(with(Reply::redirect(307, "/elsewhere")).await, PushError::Unexpected { .. }), "C12.5");
    for unusable in [
        json!({}),
        json!({ "request_uri": "urn:x", "expires_in": 0 }),
        json!({ "request_uri": "", "expires_in": 60 }),
        json!({ "request_uri": "urn: x", "expires_in": 60 }),
        json!({ "request_uri": "x".repeat(4096), "expires_in": 60 }),
        json!({ "request_uri": "urn:x" }),
    ] {
        assert!(matches!(with(Reply::json(201, &unusable)).await, PushError::Malformed), "{unusable}");
    }
    let nowhere = requiring(|script| {
        script.metadata_patch["pushed_authorization_request_endpoint"] = json!(null);
    })
    .await;
    assert!(matches!(refused(&manager(&nowhere)).await, PushError::NoEndpoint));
    let strange = requiring(|script| {
        script.metadata_patch["pushed_authorization_request_endpoint"] = json!("http://evil.test/par");
    })
    .await;
    assert!(matches!(refused(&manager(&strange)).await, PushError::Endpoint(_)), "C3.11");
}

/// RFC 9126 §2.2: how long the reference is good for is told to whoever shows the address.
#[tokio::test]
async fn lifetime_of_the_reference() {
    let peer = requiring(|_| {}).await;
    let (builder, clock) = with_clock(&peer);
    let manager = builder.build().unwrap();
    let session = manager.begin(&Challenges::default(), RedirectUri::loopback(3030)).await.unwrap();
    let now = mcp_oauth_core::Clock::now(&clock);
    assert_eq!(session.open_before(), Some(now + Duration::from_secs(60)));
    assert!(session.expires_at() > now + Duration::from_secs(60), "the answer may take longer");
}

/// C12.9: a server that forgot the client says so before the person is asked: it is registered anew, once.
#[tokio::test]
async fn c12_9_forgotten_client() {
    let peer = requiring(|_| {}).await;
    let manager = manager(&peer);
    let port = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    let again = async || {
        let interaction = Person::default().interaction().redirect_uri(RedirectUri::loopback(port));
        manager.authorize(&interaction, &Challenges::default()).await
    };
    again().await.unwrap();
    peer.forget_clients();
    again().await.unwrap();
    assert_eq!((peer.count("/register"), peer.count("/authorize"), peer.count("/par")), (2, 2, 3));
    peer.change(|script| {
        script.reply("/par", Reply::json(401, &json!({ "error": "invalid_client" })));
    });
    peer.clear();
    assert!(matches!(again().await, Err(Error::Push(PushError::Refused(_)))));
    assert_eq!((peer.count("/register"), peer.count("/par")), (1, 2));
}

/// What is configured by hand is pushed with its own proof.
#[tokio::test]
async fn with_a_client_registered_by_hand() {
    let peer = requiring(|_| {}).await;
    peer.add_client("by hand", Some("s3cr3t"), "client_secret_basic");
    let client = PreregisteredClient::new(ClientId::parse("by hand").unwrap())
        .with_secret(ClientSecret::parse("s3cr3t").unwrap());
    login(&builder(&peer).preregistered(client).build().unwrap()).await.unwrap();
    assert!(only(&peer, "/par").header("authorization").is_some_and(|value| value.starts_with("Basic ")));
}
