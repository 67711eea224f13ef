//! C17.1 to C17.4, C6.14: client credentials, and clients that authenticate by a key.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use futures_util::future::{BoxFuture, join_all};
use http::{Request, StatusCode};
use http_body_util::Full;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use mcp_oauth_client::{
    AssertionSigner, AuthorizationLayer, AuthorizationManager, AuthorizationRequired, BoxError, BuildError,
    ClientKey, Error, FileStore, GrantKind, LoginObstacle, PreregisteredClient, PrivateKey, RefreshError,
    RegistrationError, TokenError, UnattendedError,
};
use mcp_oauth_core::{
    Challenges, ClientId, ClientSecret, Clock as _, FakeClock, Issuer, OAuthErrorCode, RedirectUri,
    SigningAlgorithm,
};
use serde_json::json;
use testkit::oauth::{Challenge, OAuthPeer, ResourcePlace, Seen, TestKey};
use tokio::sync::Semaphore;
use tower::{Layer as _, ServiceExt as _};

use crate::support::{Person, builder, login, only, with_clock};

/// Hostile to encoders.
const ID: &str = "machine!+ID 1";
const SECRET: &str = "s3cr3t:+%&=";

fn with_secret() -> PreregisteredClient {
    PreregisteredClient::new(ClientId::parse(ID).unwrap()).with_secret(ClientSecret::parse(SECRET).unwrap())
}

fn with_key(key: &TestKey, algorithm: SigningAlgorithm) -> PreregisteredClient {
    let key = PrivateKey::from_pem(key.pem().as_bytes(), algorithm).unwrap();
    PreregisteredClient::new(ClientId::parse(ID).unwrap()).with_key(ClientKey::new(key))
}

/// A server that offers client credentials and no code flow at all: no authorization endpoint, no PKCE.
async fn machine_peer(method: &str) -> OAuthPeer {
    let method = method.to_owned();
    OAuthPeer::start(|script| {
        script.metadata_patch = json!({
            "authorization_endpoint": null,
            "response_types_supported": [],
            "code_challenge_methods_supported": null,
            "grant_types_supported": ["client_credentials"],
            "token_endpoint_auth_methods_supported": [method],
            "token_endpoint_auth_signing_alg_values_supported": ["ES256", "ES384", "RS256", "PS256", "EdDSA"],
        });
    })
    .await
}

fn unattended(error: Error) -> Arc<UnattendedError> {
    match error {
        Error::Refresh(RefreshError::Unattended(error)) => error,
        other => panic!("{other:?}"),
    }
}

async fn request(manager: &AuthorizationManager, peer: &OAuthPeer) -> Result<StatusCode, BoxError> {
    let client = Client::builder(TokioExecutor::new()).build_http();
    let client = AuthorizationLayer::new(manager.clone()).layer(client);
    let request = Request::post(peer.mcp_url()).body(Full::<Bytes>::default())?;
    Ok(client.oneshot(request).await?.status())
}

/// C17.1, C6.14: by secret, each way against a server that takes that one only. Resource and scope are sent; nobody is
/// registered, and no browser is needed.
#[tokio::test]
async fn c17_1_with_a_secret() {
    for method in ["client_secret_basic", "client_secret_post"] {
        let peer = machine_peer(method).await;
        peer.add_client(ID, Some(SECRET), method);
        peer.change(|script| script.challenge_scope = Some("mcp:read".into()));
        let manager = builder(&peer).preregistered(with_secret()).client_credentials().build().unwrap();
        assert_eq!(request(&manager, &peer).await.unwrap(), StatusCode::OK);
        let asked = only(&peer, "/token");
        assert_eq!(asked.parameter("grant_type").as_deref(), Some("client_credentials"));
        assert_eq!(asked.parameter("resource"), Some(peer.mcp_url()));
        assert_eq!(asked.parameter("scope").as_deref(), Some("mcp:read"), "C9.1: the challenge's");
        assert!(asked.query.is_empty());
        assert_eq!((peer.count("/register"), peer.count("/authorize")), (0, 0), "C6.14");
        let grant = manager.grant().unwrap();
        assert_eq!(grant.kind(), GrantKind::ClientCredentials);
        assert_eq!(grant.client().client_id().as_str(), ID);
    }
}

/// C17.2, C17.3, C12.3: by key, with every algorithm. The peer verifies signature, audience, issuer, subject, lifetime and
/// the use of the id with another implementation, and refuses a `client_id` parameter.
#[tokio::test]
async fn c17_2_with_a_key() {
    for algorithm in SigningAlgorithm::ALL {
        let peer = machine_peer("private_key_jwt").await;
        let key = TestKey::generate(algorithm.as_str());
        peer.add_key_client(ID, &key);
        let client = with_key(&key, algorithm);
        let manager = builder(&peer).preregistered(client).client_credentials().build().unwrap();
        let first = manager.access_token().await.unwrap();
        assert_ne!(manager.recover(Some(&first)).await.unwrap(), first, "a new assertion is taken, too");
        let asked = peer.seen_at("/token");
        let claims: Vec<_> = asked.iter().map(|seen| claims(&key, seen)).collect();
        for claims in &claims {
            assert_eq!((&claims["iss"], &claims["sub"]), (&json!(ID), &json!(ID)));
            assert_eq!(claims["aud"], json!(peer.issuer()), "C17.2: the issuer, not the token endpoint");
        }
        assert_ne!(claims[0]["jti"], claims[1]["jti"]);
        for seen in asked {
            assert_eq!(seen.parameter("client_id"), None, "C17.3");
            assert_eq!(seen.parameter("client_secret"), None);
            assert_eq!(seen.header("authorization"), None);
        }
    }
}

fn claims(key: &TestKey, seen: &Seen) -> serde_json::Value {
    key.verify(&seen.parameter("client_assertion").unwrap()).unwrap().1
}

/// C17.2: times by the clock that was passed in, and another audience only where it was asked for.
#[tokio::test]
async fn c17_2_times_and_audience() {
    let peer = machine_peer("private_key_jwt").await;
    let key = TestKey::generate("ES256");
    peer.add_key_client(ID, &key);
    let (builder, clock) = with_clock(&peer);
    let private = PrivateKey::from_pem(key.pem().as_bytes(), SigningAlgorithm::Es256).unwrap();
    let token_endpoint = format!("{}/token", peer.issuer());
    let key_for = ClientKey::new(private.with_key_id("k1")).with_audience(token_endpoint.clone());
    let client = PreregisteredClient::new(ClientId::parse(ID).unwrap()).with_key(key_for);
    let manager = builder.preregistered(client).client_credentials().build().unwrap();
    // This peer wants its issuer.
    let error = unattended(manager.access_token().await.unwrap_err());
    assert_eq!(error.code(), Some(&OAuthErrorCode::InvalidClient));
    let seen = only(&peer, "/token");
    let claims = claims(&key, &seen);
    let now = clock.now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
    assert_eq!(claims["aud"], json!(token_endpoint));
    assert_eq!((&claims["iat"], &claims["exp"]), (&json!(now), &json!(now + 60)));
    let header = seen.parameter("client_assertion").unwrap();
    let header = jsonwebtoken::decode_header(header).unwrap();
    assert_eq!(header.kid.as_deref(), Some("k1"));
}

/// C12.3: a server that says which algorithms it checks is not asked with another one, and a key is not exchanged for a
/// weaker proof.
#[tokio::test]
async fn c12_3_algorithms_of_the_server() {
    let peer = machine_peer("private_key_jwt").await;
    peer.change(|script| {
        script.metadata_patch["token_endpoint_auth_signing_alg_values_supported"] = json!(["RS256"]);
    });
    let key = TestKey::generate("ES256");
    peer.add_key_client(ID, &key);
    let client = with_key(&key, SigningAlgorithm::Es256).with_secret(ClientSecret::parse(SECRET).unwrap());
    let manager = builder(&peer).preregistered(client).client_credentials().build().unwrap();
    let error = unattended(manager.access_token().await.unwrap_err());
    assert!(matches!(
        *error,
        UnattendedError::Registration(RegistrationError::SigningAlgorithm {
            algorithm: SigningAlgorithm::Es256
        })
    ));
    assert_eq!(peer.count("/token"), 0);
}

/// C12.3: a person's login by a client with a key, and its refresh after a new start: the store holds no key.
#[tokio::test]
async fn c12_3_logins_with_a_key() {
    let peer = OAuthPeer::start(|script| {
        script.metadata_patch = json!({ "token_endpoint_auth_methods_supported": ["private_key_jwt"] });
    })
    .await;
    let key = TestKey::generate("ES384");
    peer.add_key_client(ID, &key);
    let directory = tempfile::tempdir().unwrap();
    let start = || {
        let client = with_key(&key, SigningAlgorithm::Es384);
        builder(&peer)
            .preregistered(client)
            .store(FileStore::open(directory.path()).unwrap())
            .build()
            .unwrap()
    };
    login(&start()).await.unwrap();
    let again = start();
    let token = again.access_token().await.unwrap();
    assert_ne!(again.recover(Some(&token)).await.unwrap(), token);
    assert_eq!(peer.count("/authorize"), 1);
    let secret: String = key.pem().lines().filter(|line| !line.starts_with('-')).collect();
    for entry in directory.path().read_dir().unwrap() {
        let text = std::fs::read_to_string(entry.unwrap().path()).unwrap_or_default();
        assert!(!text.contains(&secret[..40]));
    }
}

/// C6.5, C12.3: a client with a metadata document whose `jwks` has the key.
#[tokio::test]
async fn c12_3_metadata_documents_with_a_key() {
    const DOCUMENT: &str = "https://app.test/client.json";
    let peer = machine_peer("private_key_jwt").await;
    peer.change(|script| script.metadata_patch["client_id_metadata_document_supported"] = true.into());
    let key = TestKey::generate("ES256");
    peer.add_key_client(DOCUMENT, &key);
    let private = PrivateKey::from_pem(key.pem().as_bytes(), SigningAlgorithm::Es256).unwrap();
    let manager = builder(&peer)
        .client_id_metadata_document(DOCUMENT)
        .metadata_document_key(ClientKey::new(private))
        .client_credentials()
        .build()
        .unwrap();
    manager.access_token().await.unwrap();
    assert_eq!(claims(&key, &only(&peer, "/token"))["sub"], json!(DOCUMENT));
}

/// A signer that is elsewhere: it is asked for each request, and its failure is told as what it is.
#[tokio::test]
async fn c17_2_a_signer_that_fails() {
    struct Locked;
    impl AssertionSigner for Locked {
        fn algorithm(&self) -> SigningAlgorithm {
            SigningAlgorithm::Es256
        }
        fn key_id(&self) -> Option<&str> {
            None
        }
        fn sign<'a>(&'a self, _: &'a [u8]) -> BoxFuture<'a, Result<Vec<u8>, BoxError>> {
            Box::pin(async { Err("the smart card is not there".into()) })
        }
    }
    let peer = machine_peer("private_key_jwt").await;
    let client = PreregisteredClient::new(ClientId::parse(ID).unwrap()).with_key(ClientKey::new(Locked));
    let manager = builder(&peer).preregistered(client).client_credentials().build().unwrap();
    let error = unattended(manager.access_token().await.unwrap_err());
    assert!(matches!(*error, UnattendedError::Token(TokenError::Assertion(_))), "{error:?}");
    assert_eq!(peer.count("/token"), 0);
}

async fn machine() -> (OAuthPeer, AuthorizationManager, FakeClock) {
    let peer = machine_peer("client_secret_basic").await;
    peer.add_client(ID, Some(SECRET), "client_secret_basic");
    let (builder, clock) = with_clock(&peer);
    let manager = builder.preregistered(with_secret()).client_credentials().build().unwrap();
    (peer, manager, clock)
}

/// C17.4: asked for anew before the expiry, with nothing else asked; a refresh token, if the server gives one, is not used.
#[tokio::test]
async fn c17_4_again_before_the_expiry() {
    let (peer, manager, clock) = machine().await;
    let first = manager.access_token().await.unwrap();
    peer.clear();
    clock.advance(Duration::from_secs(3500));
    assert_eq!(manager.access_token().await.unwrap(), first);
    clock.advance(Duration::from_secs(50));
    assert_ne!(manager.access_token().await.unwrap(), first);
    assert_eq!(peer.paths(), ["/token"]);
    let asked = only(&peer, "/token");
    assert_eq!(asked.parameter("grant_type").as_deref(), Some("client_credentials"));
    assert_eq!(asked.parameter("refresh_token"), None);
    // And after it.
    clock.advance(Duration::from_secs(10_000));
    manager.access_token().await.unwrap();
    assert_eq!(peer.count("/token"), 2);
}

/// C17.4, C14.7: however many wait for the first token or the next one, one request is made.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn c17_4_one_request_for_many() {
    let (peer, manager, _clock) = machine().await;
    for round in 1..=2 {
        let gate = Arc::new(Semaphore::new(0));
        peer.change(|script| script.hold("/token", &gate));
        let rejected = manager.grant().map(|grant| grant.access_token().clone());
        let callers: Vec<_> = (0..64)
            .map(|_| {
                let (manager, rejected) = (manager.clone(), rejected.clone());
                tokio::spawn(async move { manager.recover(rejected.as_ref()).await.unwrap() })
            })
            .collect();
        tokio::task::yield_now().await;
        gate.add_permits(1);
        let tokens = join_all(callers).await;
        let first = tokens[0].as_ref().unwrap();
        assert!(tokens.iter().all(|token| token.as_ref().unwrap() == first));
        assert_eq!(peer.count("/token"), round);
    }
}

/// C17.4: processes with one store make one request, and a new start makes none.
#[tokio::test]
async fn c17_4_one_request_for_many_processes() {
    let peer = machine_peer("client_secret_basic").await;
    peer.add_client(ID, Some(SECRET), "client_secret_basic");
    let directory = tempfile::tempdir().unwrap();
    let process = || {
        let store = FileStore::open(directory.path()).unwrap();
        builder(&peer).preregistered(with_secret()).client_credentials().store(store).build().unwrap()
    };
    let processes: Vec<_> = (0..4).map(|_| process()).collect();
    let tokens = join_all(processes.iter().map(AuthorizationManager::access_token)).await;
    let first = tokens[0].as_ref().unwrap();
    assert!(tokens.iter().all(|token| token.as_ref().unwrap() == first));
    assert_eq!(peer.count("/token"), 1);
    assert_eq!(process().access_token().await.unwrap(), *first);
    assert_eq!(peer.count("/token"), 1);
}

/// What a person granted is not used in the program's own name, nor the other way round.
#[tokio::test]
async fn a_stored_grant_of_another_kind_is_not_used() {
    let peer = OAuthPeer::start(|_| {}).await;
    peer.add_client(ID, Some(SECRET), "client_secret_basic");
    let directory = tempfile::tempdir().unwrap();
    let store = || FileStore::open(directory.path()).unwrap();
    let person = builder(&peer).preregistered(with_secret()).store(store()).build().unwrap();
    let of_person = login(&person).await.unwrap();
    let start = || builder(&peer).preregistered(with_secret()).client_credentials().store(store()).build();
    let own = start().unwrap().access_token().await;
    assert!(matches!(*unattended(own.unwrap_err()), UnattendedError::NotOffered { .. }));
    peer.change(|script| script.metadata_patch["grant_types_supported"] = json!(null));
    assert_ne!(start().unwrap().access_token().await.unwrap(), *of_person.access_token());
}

/// A request is carried through a 401 to the first token, through another 401 to the next one, and the metadata that only
/// the challenge tells of is found.
#[tokio::test]
async fn c17_1_requests_take_care_of_themselves() {
    let peer = machine_peer("client_secret_basic").await;
    peer.add_client(ID, Some(SECRET), "client_secret_basic");
    peer.change(|script| script.resource_place = ResourcePlace::At("/only/the/challenge/knows".into()));
    let manager = builder(&peer).preregistered(with_secret()).client_credentials().build().unwrap();
    assert_eq!(request(&manager, &peer).await.unwrap(), StatusCode::OK);
    assert_eq!(
        peer.paths(),
        ["/mcp", "/only/the/challenge/knows", "/.well-known/oauth-authorization-server", "/token", "/mcp"]
    );
    peer.expire_access_tokens();
    assert_eq!(request(&manager, &peer).await.unwrap(), StatusCode::OK);
    assert_eq!(peer.count("/token"), 2);
}

/// C1.3: so it is for who asks for a token before any request was made.
#[tokio::test]
async fn c1_3_the_first_token_of_a_server_whose_challenge_alone_knows() {
    let peer = machine_peer("client_secret_basic").await;
    peer.add_client(ID, Some(SECRET), "client_secret_basic");
    peer.change(|script| script.resource_place = ResourcePlace::At("/only/the/challenge/knows".into()));
    let manager = builder(&peer).preregistered(with_secret()).client_credentials().build().unwrap();
    manager.access_token().await.unwrap();
    assert_eq!(peer.count("/only/the/challenge/knows"), 1);
}

/// C13.5: a server that is never content gets two tokens and no more, and no person is asked.
#[tokio::test]
async fn c13_5_always_401() {
    let (peer, manager, _clock) = machine().await;
    peer.change(|script| {
        script.reply("/mcp", testkit::oauth::Reply::status(401).with_header("www-authenticate", "Bearer"));
    });
    let error = request(&manager, &peer).await.unwrap_err();
    let required = AuthorizationRequired::find(&*error).unwrap();
    assert!(matches!(required.obstacle, Some(LoginObstacle::OfNoUse)));
    assert_eq!((peer.count("/mcp"), peer.count("/token")), (2, 1));
    assert_eq!(peer.count("/authorize"), 0);
}

/// C11.1, C11.2: more scopes are asked for once, together with those from before.
#[tokio::test]
async fn c11_1_more_scopes_once() {
    let (peer, manager, _clock) = machine().await;
    peer.change(|script| script.challenge_scope = Some("read".into()));
    assert_eq!(request(&manager, &peer).await.unwrap(), StatusCode::OK);
    peer.change(|script| script.required_scope = Some("write".into()));
    assert_eq!(request(&manager, &peer).await.unwrap(), StatusCode::OK);
    let asked: Vec<_> = peer.seen_at("/token").iter().filter_map(|seen| seen.parameter("scope")).collect();
    assert_eq!(asked, ["read", "read write"]);
    // A server that grants less than it wants itself.
    peer.change(|script| {
        script.required_scope = Some("admin".into());
        script.granted_scope = Some("read".into());
    });
    peer.clear();
    let error = request(&manager, &peer).await.unwrap_err();
    assert!(AuthorizationRequired::find(&*error).is_some());
    assert_eq!((peer.count("/mcp"), peer.count("/token"), peer.count("/authorize")), (2, 1, 0));
}

/// C17.7: nobody is ever sent to the authorization endpoint, even if the application tries.
#[tokio::test]
async fn no_login_by_hand() {
    let (peer, manager, _clock) = machine().await;
    let grant = manager.authorize(&Person::default().interaction(), &Challenges::default()).await.unwrap();
    assert_eq!(grant.kind(), GrantKind::ClientCredentials);
    let begun = manager.begin(&Challenges::default(), RedirectUri::loopback(3030)).await;
    assert!(matches!(begun, Err(Error::NoLogin)));
    assert_eq!(peer.count("/authorize"), 0);
}

/// C17.1: what cannot work is refused when the manager is built, or before anything is sent.
#[tokio::test]
async fn c17_1_refused_beforehand() {
    let peer = OAuthPeer::start(|_| {}).await;
    let public = PreregisteredClient::new(ClientId::parse(ID).unwrap());
    for builder in [builder(&peer), builder(&peer).preregistered(public)] {
        assert!(matches!(builder.client_credentials().build(), Err(BuildError::NoClient)));
    }
    // C7.4: a client of another server.
    let elsewhere = with_secret().at_issuer(Issuer::parse("https://other.test").unwrap());
    let manager = builder(&peer).preregistered(elsewhere).client_credentials().build().unwrap();
    peer.change(|script| script.metadata_patch["grant_types_supported"] = json!(["client_credentials"]));
    let error = unattended(manager.access_token().await.unwrap_err());
    assert!(matches!(*error, UnattendedError::Registration(RegistrationError::OtherIssuer { .. })));
    assert_eq!(peer.count("/token"), 0);
}

/// C12.8: each refusal keeps its code, none but those that pass by themselves is worth another try, and none means that a
/// person should log in.
#[tokio::test]
async fn c12_8_refusals() {
    for code in [
        "invalid_request",
        "invalid_client",
        "invalid_grant",
        "unauthorized_client",
        "unsupported_grant_type",
        "invalid_scope",
        "invalid_target",
        "temporarily_unavailable",
    ] {
        let (peer, manager, _clock) = machine().await;
        let body = json!({ "error": code, "error_description": "why", "error_uri": "https://as.test/e" });
        peer.change(|script| {
            script.reply("/token", testkit::oauth::Reply::json(400, &body));
        });
        let error = manager.access_token().await.unwrap_err();
        assert!(!error.needs_authorization(), "{code}");
        assert_eq!(error.is_retryable(), code == "temporarily_unavailable", "{code}");
        let error = unattended(error);
        assert_eq!(error.code(), Some(&OAuthErrorCode::from(code)));
        let UnattendedError::Token(TokenError::Refused(refusal)) = &*error else { panic!("{error:?}") };
        assert_eq!((refusal.description(), refusal.uri()), (Some("why"), Some("https://as.test/e")));
        assert_eq!(peer.count("/token"), 1);
    }
}

/// C2.10, C3.7: nothing is assumed for who publishes nothing: the default endpoints of 2025-03-26 are for people.
#[tokio::test]
async fn c3_7_no_default_endpoints() {
    let peer = machine_peer("client_secret_basic").await;
    peer.change(|script| {
        script.challenge = Challenge::Bare;
        script.resource_place = ResourcePlace::Nowhere;
        script.metadata_place = testkit::oauth::MetadataPlace::Nowhere;
        script.same_origin = true;
    });
    let manager = builder(&peer).preregistered(with_secret()).client_credentials().build().unwrap();
    let error = unattended(manager.access_token().await.unwrap_err());
    assert!(matches!(*error, UnattendedError::Discovery(_)));
    assert_eq!(peer.count("/token"), 0);
}
