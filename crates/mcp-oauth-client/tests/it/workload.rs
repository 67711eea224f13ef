//! C17.15 to C17.17: workload identity federation.

use std::sync::{Arc, Mutex};

use futures_util::future::BoxFuture;
use mcp_oauth_client::{
    AssertionAudience, AssertionFile, AssertionSource, AuthorizationManager, BoxError, ClientOrigin, Error,
    GrantKind, PreregisteredClient, RefreshError, TokenError, UnattendedError, WorkloadIdentity,
};
use mcp_oauth_core::{Assertion, ClientId, Issuer, OAuthErrorCode, ScopeSet};
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
    fn assertion<'a>(&'a self, _: &'a AssertionAudience) -> BoxFuture<'a, Result<Assertion, BoxError>> {
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
    let source = Newest::new(assertion(&TestKey::generate("ES256"), &peer.issuer(), 1));
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

fn with_claims(key: &TestKey, audience: serde_json::Value) -> Assertion {
    let mut claims =
        json!({ "iss": "https://platform.test", "sub": "me", "jti": "1", "exp": 4_102_444_800_u64 });
    claims["aud"] = audience;
    Assertion::parse(key.sign("JWT", &claims)).unwrap()
}

/// C17.15, C7.4: an assertion for somebody else is not shown to whoever the MCP server names, who could use it there; the
/// error says what it would have to be for.
#[tokio::test]
async fn c17_15_an_assertion_for_somebody_else() {
    let (peer, key) = platform().await;
    for audience in [
        json!("https://real.test"),
        json!(format!("{}.evil.test", peer.issuer())),
        json!(["https://real.test", "https://other.test/token"]),
        json!([]),
        json!(5),
    ] {
        let error = failed(&manager(&peer, Newest::new(with_claims(&key, audience.clone())))).await;
        let UnattendedError::AssertionAudience { wanted, found } = &*error else { panic!("{error:?}") };
        assert_eq!(wanted.issuer.as_str(), peer.issuer());
        assert_eq!(wanted.token_endpoint.as_str(), format!("{}/token", peer.issuer()));
        assert_eq!(found.is_empty(), !audience.is_string() && audience.get(0).is_none(), "{audience}");
        let shown = error.to_string();
        assert!(shown.contains(&peer.issuer()) && !error.is_retryable(), "{shown}");
    }
    assert_eq!(peer.count("/token"), 0);
    let endpoint = format!("{}/token", peer.issuer());
    for audience in [json!(format!("{}/", peer.issuer())), json!(["https://real.test", endpoint])] {
        // The peer takes its issuer as it is and nothing else. That it was asked is what counts.
        let error = failed(&manager(&peer, Newest::new(with_claims(&key, audience)))).await;
        assert_eq!(error.code(), Some(&OAuthErrorCode::InvalidGrant));
    }
    assert_eq!(peer.count("/token"), 2);
}

/// C17.15: what does not say whom it is for is shown to the authorization server that is configured, and to no other.
#[tokio::test]
async fn c17_15_assertions_without_an_audience() {
    let (peer, key) = platform().await;
    let opaque = Assertion::parse("an-opaque-assertion").unwrap();
    for assertion in [opaque, with_claims(&key, json!(null))] {
        let source = Newest::new(assertion.clone());
        peer.clear();
        let error = failed(&manager(&peer, source.clone())).await;
        assert!(
            matches!(&*error, UnattendedError::AssertionForAnybody { issuer } if *issuer == *peer.issuer())
        );
        assert_eq!(peer.count("/token"), 0);
        let here = Issuer::parse(&peer.issuer()).unwrap();
        let workload = WorkloadIdentity::new(source);
        let at_home = [
            builder(&peer).workload_identity(workload.clone().at_issuer(here.clone())),
            builder(&peer).workload_identity(workload.clone()).authorization_server(here),
        ];
        for builder in at_home {
            failed(&builder.build().unwrap()).await;
        }
        let sent: Vec<_> =
            peer.seen_at("/token").iter().filter_map(|seen| seen.parameter("assertion")).collect();
        // The second time, the very same assertion was refused already.
        assert_eq!(sent, [assertion.expose()]);
    }
}

/// C7.4: for another server than the configured one, the source is not even asked.
#[tokio::test]
async fn c7_4_assertions_stay_where_they_belong() {
    let (peer, key) = platform().await;
    let real = Issuer::parse("https://real.test").unwrap();
    let own = assertion(&key, &peer.issuer(), 1);
    let workload = || {
        let own = own.clone();
        WorkloadIdentity::new(
            move |_: &AssertionAudience| -> BoxFuture<'static, Result<Assertion, BoxError>> {
                assert!(own.expose().is_empty(), "the source was asked");
                Box::pin(async { Err("never".into()) })
            },
        )
    };
    for builder in [
        builder(&peer).workload_identity(workload().at_issuer(real.clone())),
        builder(&peer).workload_identity(workload()).authorization_server(real.clone()),
    ] {
        let error = failed(&builder.build().unwrap()).await;
        let UnattendedError::AssertionIssuer { configured, found } = &*error else { panic!("{error:?}") };
        assert_eq!((configured.as_str(), found.as_str()), ("https://real.test", &*peer.issuer()));
    }
    assert_eq!(peer.count("/token"), 0);
}

/// C17.15: a server that wants an audience of its own gets it, if it is the configured one.
#[tokio::test]
async fn c17_15_an_audience_of_its_own() {
    let (peer, key) = platform().await;
    let named = with_claims(&key, json!("api://exchange"));
    let workload = || WorkloadIdentity::new(Newest::new(named.clone())).with_audience("api://exchange");
    let anywhere = builder(&peer).workload_identity(workload()).build().unwrap();
    assert!(matches!(*failed(&anywhere).await, UnattendedError::AssertionAudience { .. }));
    assert_eq!(peer.count("/token"), 0);
    let here = Issuer::parse(&peer.issuer()).unwrap();
    let at_home = builder(&peer).workload_identity(workload().at_issuer(here)).build().unwrap();
    // The peer itself knows its issuer only.
    assert_eq!(failed(&at_home).await.code(), Some(&OAuthErrorCode::InvalidGrant));
    assert_eq!(only(&peer, "/token").parameter("assertion").as_deref(), Some(named.expose()));
}

/// C17.17: a source is told whom its assertion is for, so that a platform can make one for it; after a change of the
/// authorization server, the next one is for the next server (C7.2).
#[tokio::test]
async fn c17_17_made_for_the_server() {
    let (peer, key) = platform().await;
    let (other, _) = platform().await;
    other.trust(&key);
    let platform = key.clone();
    let source = move |server: &AssertionAudience| -> BoxFuture<'static, Result<Assertion, BoxError>> {
        assert!(server.token_endpoint.as_str().starts_with(server.issuer.as_str()));
        let made = assertion(&platform, server.issuer.as_str(), 1);
        Box::pin(async { Ok(made) })
    };
    let manager = manager(&peer, source);
    let token = manager.access_token().await.unwrap();
    let issuer = other.issuer();
    peer.change(|script| script.resource_patch = json!({ "authorization_servers": [issuer] }));
    manager.recover(Some(&token)).await.unwrap();
    for server in [&peer, &other] {
        let sent = only(server, "/token").parameter("assertion").unwrap();
        assert_eq!(key.verify(&sent).unwrap().1["aud"], json!(server.issuer()));
    }
}
