//! C11.5: what holds up, or is held against, requests that wait for a login.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::{Request, StatusCode};
use http_body_util::Full;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use mcp_oauth_client::{
    AuthorizationLayer, AuthorizationManager, AuthorizationRequired, Authorized, BoxError, BrowserLoopback,
    CallbackError, Error, Grant, Interaction, InteractionError, LoginObstacle, Prompt, Rendezvous,
};
use mcp_oauth_core::RedirectUri;
use testkit::oauth::{OAuthPeer, Reply, Script};
use tokio::sync::Semaphore;
use tower::{Layer as _, ServiceExt as _};

use crate::support::{Person, builder, manager, policy};

type Http = Authorized<Client<HttpConnector, Full<Bytes>>>;

fn layer(manager: &AuthorizationManager) -> AuthorizationLayer {
    AuthorizationLayer::new(manager.clone()).interactive(Person::default().interaction())
}

fn http(layer: &AuthorizationLayer) -> Http {
    layer.layer(Client::builder(TokioExecutor::new()).build_http())
}

async fn post(client: &Http, url: &str) -> Result<StatusCode, BoxError> {
    let request = Request::post(url).body(Full::from("{}"))?;
    Ok(client.clone().oneshot(request).await?.status())
}

/// A server that is down when the code is redeemed has refused nothing: the next request asks the person again.
#[tokio::test]
async fn c11_5_an_outage_after_the_person_agreed() {
    let peer = OAuthPeer::start(|_| {}).await;
    peer.change(|script| {
        script.reply("/token", Reply::status(503));
    });
    let client = http(&layer(&manager(&peer)));
    let error = post(&client, &peer.mcp_url()).await.unwrap_err();
    assert!(AuthorizationRequired::find(&*error).unwrap().is_retryable());
    peer.change(|script| *script = Script::default());
    assert_eq!(post(&client, &peer.mcp_url()).await.unwrap(), 200);
    assert_eq!(peer.count("/authorize"), 2);
}

/// C11.6: an application that never says whether it agrees has declined; the request ends.
#[tokio::test]
async fn c11_6_an_application_that_never_answers() {
    let peer = OAuthPeer::start(|_| {}).await;
    let mut policy = policy();
    policy.limits.session_lifetime = Duration::from_millis(500);
    let manager = builder(&peer).policy(policy).build().unwrap();
    let client = http(&layer(&manager).confirm(|_| Box::pin(std::future::pending())));
    assert_eq!(post(&client, &peer.mcp_url()).await.unwrap(), 200);
    peer.change(|script| script.required_scope = Some("mcp:write".into()));
    let url = peer.mcp_url();
    let request = tokio::time::timeout(Duration::from_secs(20), post(&client, &url));
    let error = request.await.expect("an end").unwrap_err();
    let obstacle = AuthorizationRequired::find(&*error).unwrap().obstacle.clone();
    assert!(matches!(obstacle, Some(LoginObstacle::Declined)), "{obstacle:?}");
}

/// Somebody who is told at length how their login ended.
struct LongWords {
    inner: BrowserLoopback,
    end: Arc<Semaphore>,
}

struct Long {
    inner: Box<dyn Rendezvous>,
    end: Arc<Semaphore>,
}

impl Interaction for LongWords {
    fn prepare<'a>(
        &'a self,
        registered: &'a [RedirectUri],
    ) -> BoxFuture<'a, Result<Box<dyn Rendezvous>, InteractionError>> {
        Box::pin(async move {
            let inner = self.inner.prepare(registered).await?;
            Ok(Box::new(Long { inner, end: Arc::clone(&self.end) }) as Box<dyn Rendezvous>)
        })
    }
}

impl Rendezvous for Long {
    fn redirect_uri(&self) -> RedirectUri {
        self.inner.redirect_uri()
    }

    fn answer<'a>(&'a mut self, prompt: &'a Prompt) -> BoxFuture<'a, Result<String, InteractionError>> {
        self.inner.answer(prompt)
    }

    fn reject(&mut self, reason: &CallbackError) -> bool {
        self.inner.reject(reason)
    }

    fn conclude<'a>(self: Box<Self>, outcome: Result<&'a Grant, &'a Error>) -> BoxFuture<'a, ()>
    where
        Self: 'a,
    {
        Box::pin(async move {
            if let Ok(permit) = self.end.acquire().await {
                permit.forget();
            }
            self.inner.conclude(outcome).await;
        })
    }
}

/// A token that is refused while its login still says its last words: the login brings nothing new, so there is another one.
#[tokio::test]
async fn a_login_that_gave_the_refused_token_is_not_joined() {
    let peer = OAuthPeer::start(|script| script.refresh_tokens = false).await;
    let manager = manager(&peer);
    let end = Arc::new(Semaphore::new(0));
    let person = LongWords { inner: Person::default().interaction(), end: Arc::clone(&end) };
    let client = http(&AuthorizationLayer::new(manager.clone()).interactive(person));
    let start = || {
        let (client, url) = (client.clone(), peer.mcp_url());
        tokio::spawn(async move { post(&client, &url).await })
    };
    let first = start();
    while manager.grant().is_none() {
        tokio::task::yield_now().await;
    }
    peer.revoke_everything();
    peer.clear();
    let second = start();
    while peer.count("/mcp") == 0 {
        tokio::task::yield_now().await;
    }
    // The refusal is on its way to the request, which then finds the login not ended.
    for _ in 0..1000 {
        tokio::task::yield_now().await;
    }
    end.add_permits(100);
    assert_eq!(second.await.unwrap().unwrap(), 200);
    assert_eq!(peer.count("/authorize"), 1);
    // The first one has had its login.
    assert!(first.await.unwrap().is_err());
}
