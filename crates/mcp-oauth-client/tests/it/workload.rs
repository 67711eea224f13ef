//! C17.15 to C17.17: workload identity federation.

use std::sync::{Arc, Mutex};

use futures_util::future::BoxFuture;
use mcp_oauth_client::{
    AssertionFile, AssertionSource, AuthorizationManager, BoxError, ClientOrigin, Error, GrantKind,
    PreregisteredClient, RefreshError, TokenError, UnattendedError, WorkloadIdentity,
};
use mcp_oauth_core::{Assertion, ClientId, OAuthErrorCode, ScopeSet};
use serde_json::json;
use testkit::oauth::{OAuthPeer, Reply, TestKey};

use crate::support::{builder, only};

/// A server that trusts a platform, and knows no clients.
async fn platform() -> (OAuthPeer, TestKey) {
    let peer = OAuthPeer::start(|script| {
        script.metadata_patch = json!({
            "registration_endpoint": null,
            "grant_types_supported": ["urn:ietf:params:oauth:grant-type:jwt-bearer"],
            "token_endpoint_auth_methods_supported": ["none"],
        });
    })
    .await;
    let key = TestKey::generate("ES256");
    peer.trust(&key);
    (peer, key)
}

fn assertion(key: &TestKey, audience: &str, number: u32) -> Assertion {
    let claims = json!({
        "iss": "https://platform.test", "sub": "spiffe://test/workload", "aud": audience,
        "jti": number.to_string(), "exp": 4_102_444_800_u64,
    });
    Assertion::parse(key.sign("JWT", &claims)).unwrap()
}

/// The platform's newest assertion, which tests replace.
#[derive(Clone)]
struct Newest(Arc<Mutex<Assertion>>);

impl Newest {
    fn new(assertion: Assertion) -> Self {
        Self(Arc::new(Mutex::new(assertion)))
    }

    fn replace(&self, assertion: Assertion) {
        *self.0.lock().unwrap() = assertion;
    }
}

impl AssertionSource for Newest {
    fn assertion(&self) -> BoxFuture<'_, Result<Assertion, BoxError>> {
        let newest = self.0.lock().unwrap().clone();
        Box::pin(async { Ok(newest) })
    }
}

fn manager(peer: &OAuthPeer, source: impl AssertionSource) -> AuthorizationManager {
    builder(peer).workload_identity(WorkloadIdentity::new(source)).build().unwrap()
}

async fn failed(manager: &AuthorizationManager) -> Arc<UnattendedError> {
    match manager.access_token().await.unwrap_err() {
        Error::Refresh(RefreshError::Unattended(error)) => error,
        other => panic!("{other:?}"),
    }
}

/// C17.15: the assertion and the resource, and nothing that a client would send.
#[tokio::test]
async fn c17_15_request() {
    let (peer, key) = platform().await;
    let manager = manager(&peer, Newest::new(assertion(&key, &peer.issuer(), 1)));
    manager.access_token().await.unwrap();
    let request = only(&peer, "/token");
    let names: Vec<_> = request.form().into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["grant_type", "assertion", "resource"]);
    let grant_type = request.parameter("grant_type");
    assert_eq!(grant_type.as_deref(), Some("urn:ietf:params:oauth:grant-type:jwt-bearer"));
    assert_eq!(request.parameter("resource"), Some(peer.mcp_url()));
    assert_eq!(request.header("authorization"), None);
    assert_eq!((peer.count("/register"), peer.count("/authorize")), (0, 0));
    let grant = manager.grant().unwrap();
    assert_eq!(grant.kind(), GrantKind::WorkloadIdentity);
    assert_eq!(grant.client().origin(), ClientOrigin::Unregistered);
}

/// C17.15: a client id that a server wants all the same is sent.
#[tokio::test]
async fn c17_15_with_a_client_id() {
    let (peer, key) = platform().await;
    peer.add_client("workload", None, "none");
    let workload = WorkloadIdentity::new(Newest::new(assertion(&key, &peer.issuer(), 1)));
    let client = PreregisteredClient::new(ClientId::parse("workload").unwrap());
    let manager = builder(&peer).preregistered(client).workload_identity(workload).build().unwrap();
    manager.access_token().await.unwrap();
    assert_eq!(only(&peer, "/token").parameter("client_id").as_deref(), Some("workload"));
}

/// C17.16: after a refusal nothing is tried again, no other grant is tried, and the same assertion is not shown to the
/// server again. A new one is.
#[tokio::test]
async fn c17_16_refused_once() {
    let (peer, key) = platform().await;
    let source = Newest::new(assertion(&key, "https://wrong.test", 1));
    let manager = manager(&peer, source.clone());
    let error = failed(&manager).await;
    assert_eq!(error.code(), Some(&OAuthErrorCode::InvalidGrant));
    assert!(matches!(*error, UnattendedError::Token(TokenError::Refused(_))) && !error.is_retryable());
    for _ in 0..3 {
        assert!(matches!(*failed(&manager).await, UnattendedError::AssertionRefused { .. }));
    }
    assert_eq!((peer.count("/token"), peer.count("/authorize"), peer.count("/register")), (1, 0, 0));
    source.replace(assertion(&key, &peer.issuer(), 2));
    manager.access_token().await.unwrap();
    assert_eq!(peer.count("/token"), 2);
}

/// C17.16: each refusal of the suite's list is final; a server that is down is not a refusal.
#[tokio::test]
async fn c17_16_each_refusal_is_final() {
    for code in ["invalid_grant", "invalid_scope", "unauthorized_client"] {
        let (peer, key) = platform().await;
        peer.change(|script| {
            script.reply("/token", Reply::json(400, &json!({ "error": code })));
        });
        let workload = WorkloadIdentity::new(Newest::new(assertion(&key, &peer.issuer(), 1)));
        let scopes = ScopeSet::parse("a b").unwrap();
        let manager = builder(&peer).scopes(scopes).workload_identity(workload).build().unwrap();
        assert_eq!(failed(&manager).await.code(), Some(&OAuthErrorCode::from(code)));
        assert!(matches!(*failed(&manager).await, UnattendedError::AssertionRefused { .. }), "{code}");
        assert_eq!(peer.count("/token"), 1, "{code}");
    }
    let (peer, key) = platform().await;
    peer.change(|script| {
        script.reply("/token", Reply::status(503));
    });
    let manager = manager(&peer, Newest::new(assertion(&key, &peer.issuer(), 1)));
    for round in 1..=2 {
        assert!(failed(&manager).await.is_retryable());
        assert_eq!(peer.count("/token"), round);
    }
}

/// C17.17: the file is read for every request, since the platform replaces it; its lines may end as they like.
#[tokio::test]
async fn c17_17_from_a_file() {
    let (peer, key) = platform().await;
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("token");
    let manager = manager(&peer, AssertionFile::new(&path));
    assert!(matches!(*failed(&manager).await, UnattendedError::Assertion(_)), "there is none yet");
    let one = assertion(&key, &peer.issuer(), 1);
    std::fs::write(&path, format!("{}\n", one.expose())).unwrap();
    let first = manager.access_token().await.unwrap();
    let two = assertion(&key, &peer.issuer(), 2);
    std::fs::write(&path, format!("\r\n{}\r\n", two.expose())).unwrap();
    manager.recover(Some(&first)).await.unwrap();
    let sent: Vec<_> = peer.seen_at("/token").iter().filter_map(|seen| seen.parameter("assertion")).collect();
    assert_eq!(sent, [one.expose(), two.expose()]);
    // A file that cannot be an assertion is not sent, however large it is.
    let large = "a".repeat(usize::try_from(AssertionFile::LIMIT).unwrap() + 1);
    for text in ["", "two words", &large] {
        std::fs::write(&path, text).unwrap();
        let again = manager.recover(Some(manager.grant().unwrap().access_token())).await.unwrap_err();
        let Error::Refresh(RefreshError::Unattended(error)) = again else { panic!("{again:?}") };
        assert!(matches!(*error, UnattendedError::Assertion(_)));
        assert!(!format!("{error} {error:?}").contains("two words"));
    }
    assert_eq!(peer.count("/token"), 2);
}
