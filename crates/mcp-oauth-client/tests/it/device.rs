//! RFC 8628: logins on another device.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::{Request, Response, StatusCode};
use http_body_util::Full;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use mcp_oauth_client::{
    AuthorizationLayer, AuthorizationManager, AuthorizationManagerBuilder, BoxError, ConnectionRules,
    DeviceError, DeviceLogin, DevicePrompt, Error, GrantKind, HttpClient, HttpError, MemoryStore,
    PreregisteredClient, RegistrationError, TokenError,
};
use mcp_oauth_core::{Challenges, ClientId, OAuthErrorCode};
use serde_json::{Value, json};
use testkit::oauth::OAuthPeer;
use tokio::sync::Semaphore;
use tokio::time::Instant;
use tower::{Layer as _, ServiceExt as _};

use crate::support::{builder, only, policy};

const ID: &str = "tv";

fn client() -> PreregisteredClient {
    PreregisteredClient::new(ClientId::parse(ID).unwrap())
}

/// What the person saw.
#[derive(Clone, Default)]
struct Screen(Arc<Mutex<Vec<DevicePrompt>>>);

impl Screen {
    fn login(&self) -> DeviceLogin {
        let shown = Arc::clone(&self.0);
        DeviceLogin::announced(move |prompt| shown.lock().unwrap().push(prompt.clone()))
    }

    fn shown(&self) -> Vec<DevicePrompt> {
        self.0.lock().unwrap().clone()
    }
}

/// A server with this login and without redirects, and a manager that asks it quickly.
async fn device_peer() -> (OAuthPeer, AuthorizationManager) {
    let peer = OAuthPeer::start(|script| {
        script.challenge_scope = Some("mcp:read".into());
        script.device_patch = json!({ "interval": 0 });
    })
    .await;
    let endpoint = format!("{}/device_authorization", peer.issuer());
    peer.change(|script| {
        script.metadata_patch = json!({
            "authorization_endpoint": null,
            "response_types_supported": [],
            "code_challenge_methods_supported": null,
            "device_authorization_endpoint": endpoint,
        });
    });
    peer.add_client(ID, None, "none");
    let manager = quick(&peer).preregistered(client()).build().unwrap();
    (peer, manager)
}

fn quick(peer: &OAuthPeer) -> AuthorizationManagerBuilder {
    let mut policy = policy();
    policy.limits.device_interval = Duration::from_millis(1);
    builder(peer).policy(policy)
}

/// A whole login that a request begins: the code is shown, the person takes a while, the grant is renewed later without
/// them, and more scopes are asked for by another code.
#[tokio::test]
async fn requests_log_in_by_a_code() {
    let (peer, manager) = device_peer().await;
    peer.change(|script| script.device_polls = vec!["authorization_pending", "authorization_pending"]);
    let screen = Screen::default();
    let http = Client::builder(TokioExecutor::new()).build_http();
    let client = AuthorizationLayer::new(manager.clone()).interactive(screen.login()).layer(http);
    let request = || Request::post(peer.mcp_url()).body(Full::<Bytes>::default()).unwrap();
    assert_eq!(client.clone().oneshot(request()).await.unwrap().status(), StatusCode::OK);

    let prompt = screen.shown().remove(0);
    assert!(prompt.user_code.starts_with("WDJB-"));
    assert_eq!(prompt.verification_uri.as_str(), format!("{}/device", peer.issuer()));
    assert!(prompt.verification_uri_complete.unwrap().as_str().ends_with(&prompt.user_code));
    assert_eq!(prompt.issuer.as_str(), peer.issuer());
    assert_eq!(prompt.scopes.to_string(), "mcp:read");
    let begun = only(&peer, "/device_authorization");
    assert_eq!(begun.parameter("client_id").as_deref(), Some(ID));
    assert_eq!(begun.parameter("scope").as_deref(), Some("mcp:read"));
    assert_eq!(begun.parameter("resource"), Some(peer.mcp_url()));
    let asked = peer.seen_at("/token");
    assert_eq!(asked.len(), 3);
    for seen in &asked {
        let grant_type = seen.parameter("grant_type");
        assert_eq!(grant_type.as_deref(), Some("urn:ietf:params:oauth:grant-type:device_code"));
        assert_eq!(seen.parameter("resource"), Some(peer.mcp_url()), "C12.1");
    }
    assert_eq!(manager.grant().unwrap().kind(), GrantKind::Login);
    assert_eq!(peer.count("/authorize"), 0);

    // C14: the refresh token does the rest.
    peer.expire_access_tokens();
    assert_eq!(client.clone().oneshot(request()).await.unwrap().status(), StatusCode::OK);
    assert_eq!(
        peer.seen_at("/token").last().unwrap().parameter("grant_type").as_deref(),
        Some("refresh_token")
    );
    assert_eq!(screen.shown().len(), 1);
    // C11.2: a step-up asks for the union.
    peer.change(|script| script.required_scope = Some("mcp:write".into()));
    assert_eq!(client.clone().oneshot(request()).await.unwrap().status(), StatusCode::OK);
    assert_eq!(screen.shown()[1].scopes.to_string(), "mcp:read mcp:write");
}

/// C15.6: the answer that brings the token is given once. Whoever waits for it may go away: the grant is there all the same,
/// and in the store.
#[tokio::test]
async fn c15_6_a_caller_that_leaves_loses_no_token() {
    let (peer, _) = device_peer().await;
    let store = MemoryStore::new();
    let build = || quick(&peer).preregistered(client()).store(store.clone()).build().unwrap();
    let manager = build();
    let gate = Arc::new(Semaphore::new(0));
    peer.change(|script| script.hold("/token", &gate));
    let caller = tokio::spawn({
        let manager = manager.clone();
        async move { manager.authorize(&Screen::default().login(), &Challenges::default()).await }
    });
    while peer.count("/token") == 0 {
        tokio::task::yield_now().await;
    }
    caller.abort();
    assert!(caller.await.unwrap_err().is_cancelled());
    gate.add_permits(1);
    manager.settle().await.unwrap();
    assert!(manager.grant().is_some());
    assert!(build().load().await.unwrap().is_some());
}

/// C6.1, C12.9: a client that nobody configured is registered, once, as one without redirects; where the server forgot it,
/// once more before the person sees a code.
#[tokio::test]
async fn c12_9_registers_by_itself() {
    let (peer, _) = device_peer().await;
    let store = MemoryStore::new();
    let login = async || {
        let manager = quick(&peer).store(store.clone()).build().unwrap();
        let screen = Screen::default();
        let grant = manager.authorize(&screen.login(), &Challenges::default()).await.unwrap();
        (grant.client().client_id().clone(), screen.shown().len())
    };
    let (first, _) = login().await;
    let said = only(&peer, "/register").json();
    assert_eq!(said["grant_types"], json!(["urn:ietf:params:oauth:grant-type:device_code", "refresh_token"]));
    assert_eq!((&said["response_types"], &said["application_type"]), (&json!([]), &json!("native")));
    assert!(said.get("redirect_uris").is_none());

    assert_eq!(login().await.0, first);
    assert_eq!(peer.count("/register"), 1);

    peer.forget_clients();
    let (second, shown) = login().await;
    assert_ne!(second, first);
    assert_eq!((peer.count("/register"), shown), (2, 1));
}

/// A server that never takes the client it has just registered is not asked for ever.
#[tokio::test]
async fn a_client_that_is_never_known() {
    let (peer, _) = device_peer().await;
    let nobody = quick(&peer).build().unwrap();
    peer.change(|script| script.device_polls = vec!["invalid_client"]);
    let (error, shown) = failed(&peer, &nobody).await;
    assert!(matches!(error, Error::Device(DeviceError::Token(_))));
    assert_eq!((shown, peer.count("/register"), peer.count("/token")), (1, 1, 1));
    // The next login begins with another client.
    peer.change(|script| script.device_polls.clear());
    nobody.authorize(&Screen::default().login(), &Challenges::default()).await.unwrap();
    assert_eq!(peer.count("/register"), 2);
}

async fn failed(peer: &OAuthPeer, manager: &AuthorizationManager) -> (Error, usize) {
    let screen = Screen::default();
    let error = manager.authorize(&screen.login(), &Challenges::default()).await.unwrap_err();
    assert_eq!(peer.count("/authorize"), 0);
    (error, screen.shown().len())
}

/// Each end that a login can come to has its own error, and none is asked about again.
#[tokio::test]
async fn each_end_has_its_error() {
    type Is = fn(&DeviceError) -> bool;
    let ends: [(&'static str, Is); 4] = [
        ("expired_token", |error| matches!(error, DeviceError::Expired)),
        ("access_denied", |error| matches!(error, DeviceError::Denied(_))),
        (
            "invalid_grant",
            |error| matches!(error, DeviceError::Token(error) if error.code() == Some(&OAuthErrorCode::InvalidGrant)),
        ),
        ("unauthorized_client", |error| matches!(error, DeviceError::Token(TokenError::Refused(_)))),
    ];
    for (code, is) in ends {
        let (peer, manager) = device_peer().await;
        peer.change(|script| script.device_polls = vec!["authorization_pending", code]);
        let (Error::Device(error), 1) = failed(&peer, &manager).await else { panic!("{code}") };
        assert!(is(&error) && !error.is_retryable(), "{error:?}");
        assert_eq!(peer.count("/token"), 2);
        assert!(manager.grant().is_none());
    }
}

/// What is wrong before there is a code: no such endpoint, no client, an answer that is none.
#[tokio::test]
async fn refused_before_a_code() {
    let (peer, manager) = device_peer().await;
    peer.change(|script| script.device_patch = json!({ "device_code": null }));
    let (error, shown) = failed(&peer, &manager).await;
    assert!(matches!(error, Error::Device(DeviceError::Request(TokenError::Malformed))));
    assert_eq!(shown, 0);
    peer.forget_clients();
    let (error, _) = failed(&peer, &manager).await;
    let Error::Device(DeviceError::Request(error)) = error else { panic!("{error:?}") };
    assert_eq!(error.code(), Some(&OAuthErrorCode::InvalidClient));
    peer.change(|script| script.metadata_patch["registration_endpoint"] = json!(null));
    let nobody = builder(&peer).build().unwrap();
    let (error, _) = failed(&peer, &nobody).await;
    assert!(matches!(error, Error::Registration(RegistrationError::NotOffered { .. })));
    peer.change(|script| script.metadata_patch["device_authorization_endpoint"] = json!(null));
    let (error, _) = failed(&peer, &manager).await;
    assert!(matches!(error, Error::Device(DeviceError::NotOffered { .. })));
    assert_eq!((peer.count("/token"), peer.count("/register")), (0, 0));
}

/// C16.2: a person is shown https, or http on loopback, and nothing else. A short form on another host is left out.
#[tokio::test]
async fn c16_2_only_safe_addresses_are_shown() {
    for (name, text) in [
        ("verification_uri", "javascript:alert(1)"),
        ("verification_uri", "http://as.test/device"),
        ("verification_uri", "https://me:pw@as.test/device"),
        ("verification_uri_complete", "file:///etc/passwd"),
    ] {
        let (peer, manager) = device_peer().await;
        peer.change(|script| script.device_patch[name] = text.into());
        let (error, shown) = failed(&peer, &manager).await;
        assert!(matches!(error, Error::Device(DeviceError::VerificationUri(_))), "{text}");
        assert_eq!((shown, peer.count("/token")), (0, 0));
    }
    let (peer, manager) = device_peer().await;
    peer.change(|script| script.device_patch["verification_uri_complete"] = "https://evil.test/d?c=1".into());
    let screen = Screen::default();
    manager.authorize(&screen.login(), &Challenges::default()).await.unwrap();
    assert_eq!(screen.shown()[0].verification_uri_complete, None);
}

/// A server in memory, so that time can be paused: the answers of the token endpoint, and when they were asked for.
#[derive(Clone)]
struct Paused {
    device: Value,
    polls: Arc<Mutex<Vec<Value>>>,
    asked: Arc<Mutex<Vec<Instant>>>,
}

impl Paused {
    fn new(device: Value, polls: &[Value]) -> Self {
        let polls = Arc::new(Mutex::new(polls.iter().rev().cloned().collect()));
        Self { device, polls, asked: Arc::default() }
    }

    fn manager(&self) -> AuthorizationManager {
        AuthorizationManager::builder("https://mcp.test/mcp")
            .preregistered(client())
            .http(self.clone())
            .build()
            .unwrap()
    }

    /// The seconds between one question and the next, the first counted from the login's start.
    async fn run(&self) -> (Result<(), Error>, Vec<u64>) {
        let mut before = Instant::now();
        let outcome = self.manager().authorize(&Screen::default().login(), &Challenges::default()).await;
        let asked = self.asked.lock().unwrap().clone();
        let gaps = asked.into_iter().map(|time| (time - std::mem::replace(&mut before, time)).as_secs());
        (outcome.map(drop), gaps.collect())
    }
}

impl HttpClient for Paused {
    fn send(
        &self,
        request: Request<Bytes>,
        _: ConnectionRules,
    ) -> BoxFuture<'_, Result<Response<Bytes>, HttpError>> {
        let answer = match request.uri().path() {
            "/.well-known/oauth-protected-resource/mcp" => {
                json!({ "resource": "https://mcp.test/mcp", "authorization_servers": ["https://as.test"] })
            }
            "/.well-known/oauth-authorization-server" => json!({
                "issuer": "https://as.test", "token_endpoint": "https://as.test/token",
                "device_authorization_endpoint": "https://as.test/device",
            }),
            "/device" => self.device.clone(),
            _ => {
                self.asked.lock().unwrap().push(Instant::now());
                self.polls.lock().unwrap().pop().unwrap_or(json!({ "error": "authorization_pending" }))
            }
        };
        Box::pin(async move {
            if answer == "broken" {
                let source: BoxError = "broken".into();
                return Err(HttpError::Transport { host: "as.test".into(), source });
            }
            let status = if answer.get("error").is_some() { 400 } else { 200 };
            let mut response = Response::new(Bytes::from(answer.to_string()));
            *response.status_mut() = StatusCode::from_u16(status).unwrap();
            Ok(response)
        })
    }
}

fn codes(interval: Value, expires_in: u64) -> Value {
    let mut codes = json!({
        "device_code": "d", "user_code": "WDJB-MJHT", "verification_uri": "https://as.test/d",
        "expires_in": expires_in,
    });
    if !interval.is_null() {
        codes["interval"] = interval;
    }
    codes
}

/// RFC 8628 §3.5: five seconds without an interval, the server's interval with one, five seconds more after each
/// `slow_down` and for good, twice as long after a broken connection.
#[tokio::test(start_paused = true)]
async fn how_often_is_asked() {
    let error = |code: &str| json!({ "error": code });
    let token = json!({ "access_token": "a", "token_type": "Bearer" });
    let pending = error("authorization_pending");
    let slow_down = error("slow_down");
    let server = Paused::new(
        codes(json!(null), 600),
        &[pending.clone(), slow_down.clone(), pending.clone(), token.clone()],
    );
    let (outcome, gaps) = server.run().await;
    outcome.unwrap();
    assert_eq!(gaps, [5, 5, 10, 10]);

    let server = Paused::new(codes(json!(7), 600), &[slow_down.clone(), slow_down, token.clone()]);
    let (outcome, gaps) = server.run().await;
    outcome.unwrap();
    assert_eq!(gaps, [7, 12, 17]);

    let server = Paused::new(
        codes(json!(5), 600),
        &[json!("broken"), error("temporarily_unavailable"), token.clone()],
    );
    let (outcome, gaps) = server.run().await;
    outcome.unwrap();
    assert_eq!(gaps, [5, 10, 20]);

    // A server that would be asked without a pause is not.
    let server = Paused::new(codes(json!(0), 600), &[pending, token]);
    let (outcome, gaps) = server.run().await;
    outcome.unwrap();
    assert_eq!(gaps, [1, 1]);
}

/// A code is not asked about after it has expired, nor longer than a login may take, whatever the server says.
#[tokio::test(start_paused = true)]
async fn no_longer_than_the_code_lives() {
    for (interval, expires_in, lasts, questions) in
        [(5, 12, 12, 2), (5, 1_000_000_000, 600, 119), (1_000_000_000, 600, 600, 0), (5, 0, 0, 0)]
    {
        let server = Paused::new(codes(json!(interval), expires_in), &[]);
        let start = Instant::now();
        let (outcome, gaps) = server.run().await;
        assert!(matches!(outcome, Err(Error::Device(DeviceError::Expired))));
        assert_eq!((start.elapsed().as_secs(), gaps.len()), (lasts, questions));
    }
}
