//! C1, C11, C13: requests that log in by themselves.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::join_all;
use http::{Method, Request, StatusCode};
use http_body_util::Full;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use mcp_oauth_client::{
    AuthorizationLayer, AuthorizationManager, AuthorizationReason, AuthorizationRequired, Authorized,
    BoxError, CallbackError, Error, LoginObstacle,
};
use mcp_oauth_core::{Challenges, ScopeSet};
use testkit::oauth::{OAuthPeer, Reply};
use tokio::sync::Semaphore;
use tower::{Layer as _, ServiceExt as _};

use crate::support::{Person, builder, manager, policy};

type Http = Authorized<Client<HttpConnector, Full<Bytes>>>;

fn client(manager: &AuthorizationManager) -> Http {
    AuthorizationLayer::new(manager.clone())
        .interactive(Person::default().interaction())
        .layer(Client::builder(TokioExecutor::new()).build_http())
}

async fn send(client: &Http, method: Method, url: &str) -> Result<StatusCode, BoxError> {
    let request = Request::builder().method(method).uri(url).body(Full::from("{\"a\":1}"))?;
    Ok(client.clone().oneshot(request).await?.status())
}

async fn post(client: &Http, peer: &OAuthPeer) -> Result<StatusCode, BoxError> {
    send(client, Method::POST, &peer.mcp_url()).await
}

fn obstacle(outcome: Result<StatusCode, BoxError>) -> LoginObstacle {
    let error = outcome.unwrap_err();
    let required = AuthorizationRequired::find(&*error).expect("an authorization is required");
    required.obstacle.clone().expect("an obstacle")
}

/// C1.2, C1.6, C13.1: the first challenge may come on any request, and any request may begin the login; from then on each
/// carries the token, whatever its method.
#[tokio::test]
async fn c1_6_any_request_logs_in() {
    for method in [Method::POST, Method::GET, Method::DELETE] {
        let peer = OAuthPeer::start(|script| script.challenge_scope = Some("mcp:basic".into())).await;
        let manager = manager(&peer);
        let client = client(&manager);
        assert_eq!(send(&client, method.clone(), &peer.mcp_url()).await.unwrap(), 200);
        let paths = peer.paths();
        assert_eq!((paths.first(), paths.last()), (Some(&"/mcp".to_owned()), Some(&"/mcp".to_owned())));
        assert_eq!(peer.count("/authorize"), 1);
        for next in [Method::GET, Method::POST, Method::DELETE] {
            peer.clear();
            assert_eq!(send(&client, next, &format!("{}/x?session=1", peer.mcp_url())).await.unwrap(), 200);
            let seen = peer.seen().remove(0);
            assert!(seen.header("authorization").unwrap().starts_with("Bearer access-"), "C13.1");
            assert_eq!(seen.query, [("session".to_owned(), "1".to_owned())], "C13.2");
            assert_eq!(seen.body, "{\"a\":1}");
        }
    }
}

/// C1.7, C11.1, C11.2, C11.3: a step-up within the request: a login, no refresh, with the union of the scopes.
#[tokio::test]
async fn c11_1_step_up() {
    let peer = OAuthPeer::start(|script| script.challenge_scope = Some("mcp:basic".into())).await;
    let manager = manager(&peer);
    let client = client(&manager);
    assert_eq!(post(&client, &peer).await.unwrap(), 200);
    peer.change(|script| script.required_scope = Some("mcp:write".into()));
    peer.clear();
    assert_eq!(post(&client, &peer).await.unwrap(), 200);
    let asked = peer.seen_at("/authorize")[0].parameter("scope").unwrap();
    assert_eq!(ScopeSet::parse(&asked).unwrap(), ScopeSet::parse("mcp:basic mcp:write").unwrap());
    let token = &peer.seen_at("/token")[0];
    assert_eq!(token.parameter("grant_type").as_deref(), Some("authorization_code"), "C11.3");
    assert_eq!(peer.count("/mcp"), 2);
}

/// C11.2: scopes of a grant that has ended meanwhile are asked for again.
#[tokio::test]
async fn c11_2_union_after_the_grant_ended() {
    let peer = OAuthPeer::start(|script| script.challenge_scope = Some("mcp:basic".into())).await;
    let manager = manager(&peer);
    let client = client(&manager);
    post(&client, &peer).await.unwrap();
    peer.change(|script| script.challenge_scope = Some("mcp:other".into()));
    peer.revoke_everything();
    peer.clear();
    assert_eq!(post(&client, &peer).await.unwrap(), 200);
    let asked = peer.seen_at("/authorize")[0].parameter("scope").unwrap();
    assert_eq!(ScopeSet::parse(&asked).unwrap(), ScopeSet::parse("mcp:basic mcp:other").unwrap());
}

/// C11.4, C11.5: a server that is never content: one login and one step-up, and from then on nobody is asked.
#[tokio::test]
async fn c11_4_always_403() {
    let peer = OAuthPeer::start(|script| {
        script.intercept(|seen| {
            let named = seen.path == "/mcp" && seen.header("authorization").is_some();
            let line = "Bearer error=\"insufficient_scope\", scope=\"mcp:never\"";
            named.then(|| Reply::status(403).with_header("www-authenticate", line))
        });
    })
    .await;
    let manager = manager(&peer);
    let client = client(&manager);
    assert!(matches!(obstacle(post(&client, &peer).await), LoginObstacle::OfNoUse));
    assert_eq!(peer.count("/authorize"), 2);
    assert_eq!(peer.count("/mcp"), 3);
    for _ in 0..5 {
        assert!(matches!(obstacle(post(&client, &peer).await), LoginObstacle::RefusedLately { .. }));
    }
    assert_eq!(peer.count("/authorize"), 2);
}

/// C13.5, C11.4: a server that always says 401: one login for the request; the next request begins none.
#[tokio::test]
async fn c13_5_always_401() {
    let peer = OAuthPeer::start(|_| {}).await;
    let manager = manager(&peer);
    let client = client(&manager);
    post(&client, &peer).await.unwrap();
    peer.change(|script| {
        script.reply("/mcp", Reply::status(401));
    });
    peer.clear();
    assert!(matches!(obstacle(post(&client, &peer).await), LoginObstacle::OfNoUse));
    assert_eq!((peer.count("/authorize"), peer.count("/mcp")), (1, 3));
    let mut sent: Vec<_> =
        peer.seen_at("/mcp").iter().map(|seen| seen.header("authorization").unwrap().to_owned()).collect();
    sent.dedup();
    assert_eq!(sent.len(), 3, "never the same token twice");
    assert!(matches!(obstacle(post(&client, &peer).await), LoginObstacle::RefusedLately { .. }));
    assert_eq!(peer.count("/authorize"), 1);
}

/// C11.4: each step-up for something else is allowed, up to a number.
#[tokio::test]
async fn c11_4_a_limit_for_all_operations() {
    let count = Arc::new(AtomicUsize::new(0));
    let peer = OAuthPeer::start(|script| {
        let count = Arc::clone(&count);
        script.intercept(move |seen| {
            let named = seen.path == "/mcp" && seen.header("authorization").is_some();
            named.then(|| {
                let count = count.fetch_add(1, Ordering::SeqCst);
                let line = format!("Bearer error=\"insufficient_scope\", scope=\"s{count}\"");
                Reply::status(403).with_header("www-authenticate", &line)
            })
        });
    })
    .await;
    let mut policy = policy();
    policy.limits.logins = 4;
    let manager = builder(&peer).policy(policy).build().unwrap();
    let client = client(&manager);
    let mut last = None;
    for _ in 0..10 {
        last = Some(obstacle(post(&client, &peer).await));
    }
    assert!(matches!(last, Some(LoginObstacle::TooMany { limit: 4 })), "{last:?}");
    assert_eq!(peer.count("/authorize"), 4);
}

/// C11.5: a person who refused is left alone, until the application asks them.
#[tokio::test]
async fn c11_5_a_refusal_is_remembered() {
    let peer = OAuthPeer::start(|script| script.refuse_login = Some("access_denied".into())).await;
    let manager = manager(&peer);
    let client = client(&manager);
    let LoginObstacle::Failed(error) = obstacle(post(&client, &peer).await) else { panic!("a failure") };
    assert!(matches!(*error, Error::Callback(CallbackError::Refused(_))));
    peer.change(|script| script.refuse_login = None);
    assert!(matches!(obstacle(post(&client, &peer).await), LoginObstacle::RefusedLately { .. }));
    assert_eq!(peer.count("/authorize"), 1);
    manager.authorize(&Person::default().interaction(), &Challenges::default()).await.unwrap();
    assert_eq!(post(&client, &peer).await.unwrap(), 200);
    // And is asked again, once something is needed again.
    peer.revoke_everything();
    assert_eq!(post(&client, &peer).await.unwrap(), 200);
    assert_eq!(peer.count("/authorize"), 3);
}

/// C11.5: for a while only.
#[tokio::test]
async fn c11_5_a_refusal_is_forgotten() {
    let peer = OAuthPeer::start(|script| script.refuse_login = Some("access_denied".into())).await;
    let mut policy = policy();
    policy.limits.refusal_memory = Duration::ZERO;
    let manager = builder(&peer).policy(policy).build().unwrap();
    let client = client(&manager);
    obstacle(post(&client, &peer).await);
    peer.change(|script| script.refuse_login = None);
    assert_eq!(post(&client, &peer).await.unwrap(), 200);
}

/// C11.6: the application is asked before a person is asked once more, not before the first time; what it says is
/// remembered.
#[tokio::test]
async fn c11_6_the_application_is_asked_first() {
    let peer = OAuthPeer::start(|script| script.challenge_scope = Some("mcp:basic".into())).await;
    let manager = manager(&peer);
    let (asked, agrees) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(true)));
    let client: Http = {
        let (asked, agrees) = (Arc::clone(&asked), Arc::clone(&agrees));
        AuthorizationLayer::new(manager.clone())
            .interactive(Person::default().interaction())
            .confirm(move |occasion| {
                asked.fetch_add(1, Ordering::SeqCst);
                assert_eq!(occasion.reason, AuthorizationReason::InsufficientScope);
                assert!(occasion.scopes.contains("mcp:basic") && !occasion.needed.contains("mcp:basic"));
                assert_eq!(occasion.operation, "POST /mcp");
                let agrees = agrees.load(Ordering::SeqCst);
                Box::pin(async move { agrees })
            })
            .layer(Client::builder(TokioExecutor::new()).build_http())
    };
    assert_eq!(post(&client, &peer).await.unwrap(), 200);
    assert_eq!(asked.load(Ordering::SeqCst), 0);
    peer.change(|script| script.required_scope = Some("mcp:write".into()));
    assert_eq!(post(&client, &peer).await.unwrap(), 200);
    assert_eq!((asked.load(Ordering::SeqCst), peer.count("/authorize")), (1, 2));
    peer.change(|script| script.required_scope = Some("mcp:admin".into()));
    agrees.store(false, Ordering::SeqCst);
    assert!(matches!(obstacle(post(&client, &peer).await), LoginObstacle::Declined));
    assert!(matches!(obstacle(post(&client, &peer).await), LoginObstacle::RefusedLately { .. }));
    assert_eq!((asked.load(Ordering::SeqCst), peer.count("/authorize")), (2, 2));
}

/// C11.6: whatever the order in which the layer is told of it, and of the person.
#[tokio::test]
async fn c11_6_in_any_order() {
    type Order = fn(AuthorizationLayer, Arc<AtomicUsize>) -> AuthorizationLayer;
    fn confirmed(layer: AuthorizationLayer, asked: Arc<AtomicUsize>) -> AuthorizationLayer {
        layer.confirm(move |_| {
            asked.fetch_add(1, Ordering::SeqCst);
            Box::pin(async { false })
        })
    }
    fn attended(layer: AuthorizationLayer) -> AuthorizationLayer {
        layer.interactive(Person::default().interaction())
    }
    let orders: [Order; 3] = [
        |layer, asked| confirmed(attended(layer), asked),
        |layer, asked| attended(confirmed(layer, asked)),
        |layer, asked| attended(confirmed(attended(layer), asked)),
    ];
    for order in orders {
        let peer = OAuthPeer::start(|_| {}).await;
        let manager = manager(&peer);
        let asked = Arc::new(AtomicUsize::new(0));
        let client: Http = order(AuthorizationLayer::new(manager), Arc::clone(&asked))
            .layer(Client::builder(TokioExecutor::new()).build_http());
        assert_eq!(post(&client, &peer).await.unwrap(), 200);
        peer.change(|script| script.required_scope = Some("mcp:write".into()));
        assert!(matches!(obstacle(post(&client, &peer).await), LoginObstacle::Declined));
        assert_eq!((asked.load(Ordering::SeqCst), peer.count("/authorize")), (1, 1));
    }
}

/// Requests that need the same login share it, its success and its failure.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn c11_4_one_login_for_many_requests() {
    for refused in [false, true] {
        let peer = OAuthPeer::start(|_| {}).await;
        let gate = Arc::new(Semaphore::new(0));
        peer.change(|script| {
            script.hold("/token", &gate);
            if refused {
                script.refuse_login = Some("access_denied".into());
            }
        });
        let manager = manager(&peer);
        let client = client(&manager);
        let requests = (0..32).map(|_| {
            let (client, url) = (client.clone(), peer.mcp_url());
            tokio::spawn(async move { send(&client, Method::POST, &url).await })
        });
        let requests: Vec<_> = requests.collect();
        while peer.count("/mcp") < 32 {
            tokio::task::yield_now().await;
        }
        gate.add_permits(1);
        for outcome in join_all(requests).await {
            assert_eq!(outcome.unwrap().is_ok(), !refused);
        }
        assert_eq!(peer.count("/authorize"), 1);
    }
}

/// A request that is given up does not end the login: the person may be half through it.
#[tokio::test]
async fn a_login_outlives_its_request() {
    let peer = OAuthPeer::start(|_| {}).await;
    let gate = Arc::new(Semaphore::new(0));
    peer.change(|script| script.hold("/token", &gate));
    let manager = manager(&peer);
    let request = tokio::spawn({
        let (client, url) = (client(&manager), peer.mcp_url());
        async move { send(&client, Method::POST, &url).await }
    });
    while peer.count("/token") == 0 {
        tokio::task::yield_now().await;
    }
    request.abort();
    gate.add_permits(1);
    while manager.grant().is_none() {
        tokio::task::yield_now().await;
    }
    assert_eq!(post(&client(&manager), &peer).await.unwrap(), 200);
    assert_eq!(peer.count("/authorize"), 1);
}

/// An outage during the login asks nobody and is not remembered.
#[tokio::test]
async fn an_outage_is_not_remembered() {
    let peer = OAuthPeer::start(|_| {}).await;
    peer.change(|script| {
        script.reply("/register", Reply::status(503));
    });
    let manager = manager(&peer);
    let client = client(&manager);
    let error = post(&client, &peer).await.unwrap_err();
    assert!(AuthorizationRequired::find(&*error).unwrap().is_retryable());
    peer.change(|script| *script = testkit::oauth::Script::default());
    assert_eq!(post(&client, &peer).await.unwrap(), 200);
}
