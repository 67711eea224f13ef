//! C13: the small client.

use std::sync::Arc;

use http::Method;
use mcp_oauth_client::{AuthorizationRequired, AuthorizedHttpClient, LoginObstacle, RequestError};
use serde_json::{Value, json};
use testkit::oauth::{OAuthPeer, Reply, Script};

use crate::support::{Person, builder, login, manager, policy};

async fn logged_in(change: impl FnOnce(&mut Script)) -> (OAuthPeer, AuthorizedHttpClient) {
    let peer = OAuthPeer::start(change).await;
    let manager = Arc::new(manager(&peer));
    login(&manager).await.unwrap();
    peer.clear();
    let client = AuthorizedHttpClient::new(manager, None);
    (peer, client)
}

/// C13.1, C13.2: the steps of the guide.
#[tokio::test]
async fn c13_1_every_method_carries_the_token() {
    let (peer, client) = logged_in(|_| {}).await;
    let url = peer.mcp_url();
    let answer = client.get(&url).await.unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.json::<Value>().await.unwrap(), json!({ "ok": true }));
    client.post(&url).json(&json!({ "a": 1 })).header("x-more", "yes").send().await.unwrap();
    client.request(Method::DELETE, format!("{url}/x?y=1#part")).await.unwrap();
    for seen in peer.seen() {
        assert!(seen.header("authorization").unwrap().starts_with("Bearer access-"));
        assert!(!seen.query.iter().any(|(_, value)| value.contains("access-")));
    }
    let [_, post, delete] = peer.seen().try_into().unwrap();
    assert_eq!((post.json(), post.header("x-more")), (json!({ "a": 1 }), Some("yes")));
    assert_eq!(post.header("content-type"), Some("application/json"));
    assert_eq!((delete.method, delete.query), (Method::DELETE, vec![("y".to_owned(), "1".to_owned())]));
}

/// C13.3: redirects are followed at the origin, and those that leave it are the answer.
#[tokio::test]
async fn c13_3_redirects() {
    let other = OAuthPeer::start(|_| {}).await;
    let away = other.mcp_url();
    let (peer, client) = logged_in(|script| {
        script.reply("/near", Reply::redirect(307, "/mcp/there"));
        script.reply("/far", Reply::redirect(307, &away));
        script.reply("/round", Reply::redirect(302, "/round"));
        script.reply("/script", Reply::redirect(302, "javascript:alert(1)"));
    })
    .await;
    let at = |path: &str| format!("{}{path}", peer.resource_origin());
    let answer = client.post(at("/near")).body("{}").await.unwrap();
    assert_eq!((answer.status().as_u16(), answer.url().path()), (200, "/mcp/there"));
    assert_eq!(peer.seen_at("/mcp/there")[0].body, "{}");
    assert!(peer.seen_at("/mcp/there")[0].header("authorization").is_some());
    assert_eq!(client.get(at("/far")).await.unwrap().status(), 307);
    assert_eq!(client.get(at("/script")).await.unwrap().status(), 302);
    assert_eq!(other.seen().len(), 0);
    let error = client.get(at("/round")).await.unwrap_err();
    assert!(matches!(error, RequestError::TooManyRedirects { limit: 3 }));
    assert_eq!(peer.count("/round"), 4);
    assert_eq!(client.post(at("/round")).await.unwrap().status(), 302, "what it would become is a GET");
}

/// C13.3: other servers see no token.
#[tokio::test]
async fn c13_3_elsewhere() {
    let (_peer, client) = logged_in(|_| {}).await;
    let other = OAuthPeer::start(|_| {}).await;
    assert_eq!(client.get(other.mcp_url()).await.unwrap().status(), 401);
    assert_eq!(other.seen()[0].header("authorization"), None);
}

/// Each failure by its type.
#[tokio::test]
async fn errors_say_what_helps() {
    let peer = OAuthPeer::start(|script| {
        script.reply("/text", Reply::status(500).with_body("text/plain", "sorry"));
        script.reply("/large", Reply::status(200).with_body("text/plain", vec![b'x'; 2000]));
    })
    .await;
    let mut policy = policy();
    policy.limits.resource_bytes = 1000;
    let manager = builder(&peer).policy(policy).build().unwrap();
    let client = AuthorizedHttpClient::new(&manager, None);
    let at = |path: &str| format!("{}{path}", peer.resource_origin());
    let error = client.get(peer.mcp_url()).await.unwrap_err();
    assert!(error.needs_authorization() && AuthorizationRequired::find(&error).is_some());
    assert!(matches!(client.get("no address").await, Err(RequestError::Url(_))));
    assert!(matches!(client.get(at("/x")).header("a b", "c").await, Err(RequestError::Request(_))));
    let text = client.get(at("/text")).await.unwrap();
    assert_eq!(text.text(), "sorry");
    assert!(matches!(text.json::<Value>().await, Err(RequestError::Json { status, .. }) if status == 500));
    assert!(matches!(client.get(at("/large")).await, Err(RequestError::Http(_))));
    let nobody = client.get("http://127.0.0.1:1/").await.unwrap_err();
    assert!(nobody.is_retryable() && !nobody.needs_authorization());
    // And with a person at hand.
    let client = client.interactive(Person::default().interaction());
    assert_eq!(client.get(peer.mcp_url()).await.unwrap().status(), 200);
}

/// C11.6: the application is asked before a person is asked once more, and not before the first time.
#[tokio::test]
async fn c11_6_the_application_is_asked_first() {
    let peer = OAuthPeer::start(|_| {}).await;
    let client = AuthorizedHttpClient::new(manager(&peer), None)
        .confirm(|_| Box::pin(async { false }))
        .interactive(Person::default().interaction());
    assert_eq!(client.get(peer.mcp_url()).await.unwrap().status(), 200);
    peer.change(|script| script.required_scope = Some("mcp:write".into()));
    let error = client.get(peer.mcp_url()).await.unwrap_err();
    let RequestError::Authorization(required) = error else { panic!("{error:?}") };
    assert!(matches!(required.obstacle, Some(LoginObstacle::Declined)));
    assert_eq!(peer.count("/authorize"), 1);
}
