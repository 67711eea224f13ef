//! C11: more scopes where no person is asked. It costs nobody's patience, but it must end all the same.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use bytes::Bytes;
use futures_util::future::join_all;
use http::{Request, StatusCode};
use http_body_util::Full;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use mcp_oauth_client::{
    AuthorizationLayer, AuthorizationManager, AuthorizationRequired, BoxError, LoginObstacle,
    PreregisteredClient, RefreshError,
};
use mcp_oauth_core::{Challenges, ClientId, ClientSecret, OAuthErrorCode};
use serde_json::json;
use testkit::oauth::{OAuthPeer, Reply};
use tokio::sync::Semaphore;
use tower::{Layer as _, ServiceExt as _};

use crate::support::{Person, builder};

/// A program with a token that does for reading.
async fn machine() -> (OAuthPeer, AuthorizationManager) {
    let peer = OAuthPeer::start(|script| {
        script.metadata_patch = json!({ "grant_types_supported": ["client_credentials"] });
        script.challenge_scope = Some("read".into());
    })
    .await;
    peer.add_client("machine", Some("s3cr3t"), "client_secret_basic");
    let client = PreregisteredClient::new(ClientId::parse("machine").unwrap())
        .with_secret(ClientSecret::parse("s3cr3t").unwrap());
    let manager = builder(&peer).preregistered(client).client_credentials().build().unwrap();
    assert_eq!(request(&manager, &peer, "read_it").await.unwrap(), StatusCode::OK);
    peer.clear();
    (peer, manager)
}

async fn request(
    manager: &AuthorizationManager,
    peer: &OAuthPeer,
    tool: &str,
) -> Result<StatusCode, BoxError> {
    let client =
        AuthorizationLayer::new(manager.clone()).layer(Client::builder(TokioExecutor::new()).build_http());
    let request = Request::post(peer.mcp_url()).header("mcp-method", "tools/call").header("mcp-name", tool);
    Ok(client.oneshot(request.body(Full::<Bytes>::default())?).await?.status())
}

fn obstacle(error: &BoxError) -> LoginObstacle {
    AuthorizationRequired::find(&**error).unwrap().obstacle.clone().unwrap()
}

/// C11.4, C11.5: what did not help is not tried again for a while, whichever request needs it, alone or together with
/// more; other scopes are.
#[tokio::test]
async fn c11_5_what_did_not_help_is_remembered() {
    let (peer, manager) = machine().await;
    peer.change(|script| {
        script.required_scope = Some("admin".into());
        script.granted_scope = Some("read".into());
    });
    let first = request(&manager, &peer, "write_it").await.unwrap_err();
    assert!(matches!(obstacle(&first), LoginObstacle::OfNoUse), "{first:?}");
    assert_eq!((peer.count("/mcp"), peer.count("/token")), (2, 1));
    for tool in ["write_it", "another"] {
        let again = request(&manager, &peer, tool).await.unwrap_err();
        assert!(matches!(obstacle(&again), LoginObstacle::RefusedLately { .. }), "{again:?}");
    }
    peer.change(|script| script.required_scope = Some("admin more".into()));
    let more = request(&manager, &peer, "write_it").await.unwrap_err();
    assert!(matches!(obstacle(&more), LoginObstacle::RefusedLately { .. }), "{more:?}");
    assert_eq!(
        (peer.count("/mcp"), peer.count("/token")),
        (5, 1),
        "each was sent once and asked for nothing"
    );
    peer.change(|script| {
        script.required_scope = Some("write".into());
        script.granted_scope = None;
    });
    assert_eq!(request(&manager, &peer, "write_it").await.unwrap(), StatusCode::OK);
    // The application may well try: it knows what changed.
    peer.change(|script| {
        script.required_scope = Some("admin".into());
        script.granted_scope = Some("read".into());
    });
    manager.authorize(&Person::default().interaction(), &Challenges::default()).await.unwrap();
    peer.change(|script| script.granted_scope = None);
    assert_eq!(request(&manager, &peer, "write_it").await.unwrap(), StatusCode::OK);
}

/// C11.5: scopes that the authorization server does not give are not asked for again for a while; what passes by itself
/// is no refusal. The error is the server's.
#[tokio::test]
async fn c11_5_a_refusal_is_remembered() {
    let (peer, manager) = machine().await;
    peer.change(|script| {
        script.required_scope = Some("admin".into());
        let is_first = AtomicBool::new(true);
        script.intercept(move |seen| {
            let refusal = || Reply::json(400, &json!({ "error": "invalid_scope" }));
            let reply =
                || if is_first.swap(false, Ordering::SeqCst) { Reply::status(503) } else { refusal() };
            (seen.path == "/token").then(reply)
        });
    });
    let down = request(&manager, &peer, "write_it").await.unwrap_err();
    assert!(down.downcast_ref::<RefreshError>().is_some_and(RefreshError::is_retryable), "{down:?}");
    let refused = request(&manager, &peer, "write_it").await.unwrap_err();
    let Some(RefreshError::Unattended(refusal)) = refused.downcast_ref() else { panic!("{refused:?}") };
    assert_eq!(refusal.code(), Some(&OAuthErrorCode::InvalidScope));
    assert_eq!(peer.count("/token"), 2);
    let again = request(&manager, &peer, "write_it").await.unwrap_err();
    assert!(matches!(obstacle(&again), LoginObstacle::RefusedLately { .. }), "{again:?}");
    assert_eq!(peer.count("/token"), 2);
}

/// C11.4: a server that wants more every time, and is content for a moment, comes to the limit of an operation; one that
/// makes scopes up comes to the limit of all.
#[tokio::test]
async fn c11_4_step_ups_are_counted() {
    for makes_up in [false, true] {
        let (peer, manager) = machine().await;
        peer.change(|script| {
            let calls = AtomicU32::new(0);
            script.intercept(move |seen| {
                // Every first attempt is refused, every second one passes.
                let call = calls.fetch_add(u32::from(seen.path == "/mcp"), Ordering::SeqCst);
                let scope = if makes_up { format!("s{call}") } else { "write".to_owned() };
                let challenge = format!("Bearer error=\"insufficient_scope\", scope=\"{scope}\"");
                (seen.path == "/mcp" && call.is_multiple_of(2))
                    .then(|| Reply::status(403).with_header("www-authenticate", &challenge))
            });
        });
        let limits = manager.policy().limits;
        let limit = if makes_up { limits.logins } else { limits.logins_per_operation };
        for _ in 0..limit {
            assert_eq!(request(&manager, &peer, "write_it").await.unwrap(), StatusCode::OK);
        }
        let error = request(&manager, &peer, "write_it").await.unwrap_err();
        assert!(
            matches!(obstacle(&error), LoginObstacle::TooMany { limit: found } if found == limit),
            "{error:?}"
        );
        assert_eq!(peer.count("/token"), limit);
    }
}

/// C11.4, C14.7: requests that need the same at the same time are one step-up, and count as one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c11_4_many_requests_one_step_up() {
    let (peer, manager) = machine().await;
    let gate = Arc::new(Semaphore::new(0));
    peer.change(|script| {
        script.required_scope = Some("write".into());
        script.hold("/token", &gate);
    });
    let requests: Vec<_> = (0..16)
        .map(|_| {
            let (manager, url) = (manager.clone(), peer.mcp_url());
            tokio::spawn(async move {
                let client = Client::builder(TokioExecutor::new()).build_http();
                let client = AuthorizationLayer::new(manager).layer(client);
                let request = Request::post(url).body(Full::<Bytes>::default()).unwrap();
                client.oneshot(request).await.unwrap().status()
            })
        })
        .collect();
    while peer.count("/mcp") < 16 {
        tokio::task::yield_now().await;
    }
    gate.add_permits(16);
    assert!(join_all(requests).await.into_iter().all(|status| status.unwrap() == StatusCode::OK));
    assert_eq!(peer.count("/token"), 1);
    // And the limit is not used up.
    peer.change(|script| script.required_scope = Some("write more".into()));
    assert_eq!(request(&manager, &peer, "write_it").await.unwrap(), StatusCode::OK);
}
