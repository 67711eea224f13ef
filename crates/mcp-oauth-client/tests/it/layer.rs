//! C1, C11, C13: requests of any HTTP client.

use bytes::Bytes;
use http::{Request, StatusCode};
use http_body_util::Full;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use mcp_oauth_client::{
    AuthorizationLayer, AuthorizationManager, AuthorizationReason, AuthorizationRequired, Authorized,
    BoxError, Error,
};
use mcp_oauth_core::{Challenges, ScopeSet};
use testkit::oauth::{Challenge, OAuthPeer, Reply};
use tower::{Layer as _, ServiceExt as _};

use crate::support::{Person, login, manager};

type Http = Authorized<Client<HttpConnector, Full<Bytes>>>;

fn client(manager: &AuthorizationManager) -> Http {
    AuthorizationLayer::new(manager.clone()).layer(Client::builder(TokioExecutor::new()).build_http())
}

async fn post(client: &Http, url: &str) -> Result<StatusCode, BoxError> {
    let request = Request::post(url).body(Full::from("{\"a\":1}"))?;
    Ok(client.clone().oneshot(request).await?.status())
}

fn required(outcome: Result<StatusCode, BoxError>) -> AuthorizationRequired {
    AuthorizationRequired::find(&*outcome.unwrap_err()).expect("an authorization is required").clone()
}

/// C1.2, C1.6, C13.1: 401, login, and from then on the token with every request.
#[tokio::test]
async fn c1_2_challenge_login_token() {
    let peer = OAuthPeer::start(|script| script.challenge_scope = Some("mcp:basic".into())).await;
    let manager = manager(&peer);
    let client = client(&manager);
    let wanted = required(post(&client, &peer.mcp_url()).await);
    assert_eq!(wanted.reason, AuthorizationReason::Unauthorized);
    assert_eq!(wanted.scopes, ScopeSet::parse("mcp:basic").unwrap());
    manager.authorize(&Person::default().interaction(), &wanted.challenges).await.unwrap();
    for path in ["", "/messages?session=1"] {
        assert_eq!(post(&client, &format!("{}{path}", peer.mcp_url())).await.unwrap(), 200);
    }
    let last = peer.seen().pop().unwrap();
    assert!(last.header("authorization").unwrap().starts_with("Bearer access-"));
    assert_eq!(last.body, "{\"a\":1}");
    assert_eq!(last.query, [("session".to_owned(), "1".to_owned())], "C13.2");
}

/// An error of the layer stays findable in whatever wraps it.
#[tokio::test]
async fn the_typed_error_is_found_in_the_chain() {
    #[derive(Debug)]
    struct Wrapped(BoxError);
    impl std::fmt::Display for Wrapped {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("the transport failed")
        }
    }
    impl std::error::Error for Wrapped {
        fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
            Some(&*self.0)
        }
    }
    let peer = OAuthPeer::start(|_| {}).await;
    let error = post(&client(&manager(&peer)), &peer.mcp_url()).await.unwrap_err();
    assert!(AuthorizationRequired::find(&Wrapped(error)).is_some());
}

/// A server that wants no token gets none and answers as it likes.
#[tokio::test]
async fn a_server_without_protection() {
    let peer = OAuthPeer::start(|script| {
        script.reply("/mcp", Reply::status(204));
    })
    .await;
    assert_eq!(post(&client(&manager(&peer)), &peer.mcp_url()).await.unwrap(), 204);
    assert_eq!(peer.seen()[0].header("authorization"), None);
}

/// C1.9, C14.8: a token that the server no longer takes is renewed, and the request repeated, whole.
#[tokio::test]
async fn c1_9_renews_and_repeats() {
    let peer = OAuthPeer::start(|_| {}).await;
    let manager = manager(&peer);
    let client = client(&manager);
    login(&manager).await.unwrap();
    peer.expire_access_tokens();
    peer.clear();
    assert_eq!(post(&client, &peer.mcp_url()).await.unwrap(), 200);
    let metadata = "/.well-known/oauth-protected-resource/mcp"; // C7.2
    assert_eq!(peer.paths(), ["/mcp", metadata, "/token", "/mcp"]);
    assert!(peer.seen_at("/mcp").iter().all(|seen| seen.body == "{\"a\":1}"));
}

/// C13.5: a server that always says 401: one renewal, one repetition, then a person.
#[tokio::test]
async fn c13_5_always_401() {
    let peer = OAuthPeer::start(|_| {}).await;
    let manager = manager(&peer);
    let client = client(&manager);
    login(&manager).await.unwrap();
    peer.change(|script| {
        script.reply("/mcp", Reply::status(401));
    });
    peer.clear();
    let wanted = required(post(&client, &peer.mcp_url()).await);
    assert_eq!(wanted.reason, AuthorizationReason::Unauthorized);
    let metadata = "/.well-known/oauth-protected-resource/mcp"; // C7.2
    assert_eq!(peer.paths(), ["/mcp", metadata, "/token", "/mcp"]);
    let sent: Vec<_> =
        peer.seen_at("/mcp").iter().map(|seen| seen.header("authorization").map(str::to_owned)).collect();
    assert_ne!(sent[0], sent[1], "never the same token twice");
}

/// A bare 401 of an old server asks for a person too.
#[tokio::test]
async fn c5_3_bare_401() {
    let peer = OAuthPeer::start(|script| script.challenge = Challenge::Silent).await;
    let wanted = required(post(&client(&manager(&peer)), &peer.mcp_url()).await);
    assert!(wanted.challenges.is_empty());
}

/// C1.7, C11.1, C11.2, C11.3: more scopes: a typed error with the union, and a login that asks for it.
#[tokio::test]
async fn c11_2_insufficient_scope() {
    let peer = OAuthPeer::start(|script| script.challenge_scope = Some("mcp:basic".into())).await;
    let manager = manager(&peer);
    let client = client(&manager);
    let person = Person::default();
    let first = required(post(&client, &peer.mcp_url()).await);
    manager.authorize(&person.interaction(), &first.challenges).await.unwrap();
    peer.change(|script| script.required_scope = Some("mcp:write".into()));
    peer.clear();
    let wanted = required(post(&client, &peer.mcp_url()).await);
    assert_eq!(wanted.reason, AuthorizationReason::InsufficientScope);
    assert_eq!(wanted.scopes, ScopeSet::parse("mcp:basic mcp:write").unwrap());
    assert_eq!(peer.paths(), ["/mcp"], "no refresh: it could not widen the scope");
    manager.authorize(&person.interaction(), &wanted.challenges).await.unwrap();
    let asked = peer.seen_at("/authorize")[0].parameter("scope").unwrap();
    assert_eq!(ScopeSet::parse(&asked).unwrap(), wanted.scopes);
    assert_eq!(post(&client, &peer.mcp_url()).await.unwrap(), 200);
}

/// C1.7: a 403 without `insufficient_scope` is an ordinary answer.
#[tokio::test]
async fn c1_7_ordinary_403() {
    let peer = OAuthPeer::start(|script| {
        let reply = Reply::status(403).with_header("www-authenticate", "Bearer error=\"invalid_token\"");
        script.reply("/mcp", reply);
    })
    .await;
    assert_eq!(post(&client(&manager(&peer)), &peer.mcp_url()).await.unwrap(), 403);
}

/// C13.3: a token goes nowhere but to its own server.
#[tokio::test]
async fn c13_3_no_tokens_elsewhere() {
    let peer = OAuthPeer::start(|_| {}).await;
    let other = OAuthPeer::start(|_| {}).await;
    let manager = manager(&peer);
    login(&manager).await.unwrap();
    assert_eq!(post(&client(&manager), &other.mcp_url()).await.unwrap(), 401);
    assert_eq!(other.seen()[0].header("authorization"), None);
}

/// A token endpoint that is down is an error that passes, not a reason to bother a person.
#[tokio::test]
async fn an_outage_is_not_a_login() {
    let peer = OAuthPeer::start(|_| {}).await;
    let manager = manager(&peer);
    login(&manager).await.unwrap();
    peer.expire_access_tokens();
    peer.change(|script| {
        script.reply("/token", Reply::status(502));
    });
    let error = post(&client(&manager), &peer.mcp_url()).await.unwrap_err();
    assert!(AuthorizationRequired::find(&*error).is_none());
    let error = Error::from(error.downcast::<mcp_oauth_client::RefreshError>().unwrap().as_ref().clone());
    assert!(error.is_retryable());
}

/// Two who want a login at the same time: one person is asked once.
#[tokio::test]
async fn one_login_for_two() {
    let peer = OAuthPeer::start(|_| {}).await;
    let manager = manager(&peer);
    let person = Person::default();
    let (interaction, challenges) = (person.interaction(), Challenges::default());
    let (one, two) = tokio::join!(
        manager.authorize(&interaction, &challenges),
        manager.authorize(&interaction, &challenges)
    );
    assert_eq!(one.unwrap().access_token(), two.unwrap().access_token());
    assert_eq!(peer.count("/authorize"), 1);
}
