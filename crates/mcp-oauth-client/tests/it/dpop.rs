//! C14.9, C17.10 to C17.14, C1.8: tokens that are bound to a key of the client.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::{Method, Request, StatusCode, Uri};
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use mcp_oauth_client::{
    AuthorizationLayer, AuthorizationManager, AuthorizationRequired, Authorized, BoxError, DpopError,
    DpopPolicy, DpopSigner, Error, LoginObstacle, MemoryStore, Policy, TokenError,
};
use mcp_oauth_core::{DpopProof, EllipticCurve, PublicJwk, SigningAlgorithm};
use serde_json::{Value, json};
use testkit::oauth::{Dpop, OAuthPeer, Reply, Script, Seen};
use tower::{Layer as _, ServiceExt as _};

use crate::support::{Person, builder, login, manager, only, policy};

type Http = Authorized<Client<HttpConnector, Full<Bytes>>>;

fn client(manager: &AuthorizationManager) -> Http {
    AuthorizationLayer::new(manager.clone())
        .interactive(Person::default().interaction())
        .layer(Client::builder(TokioExecutor::new()).build_http())
}

async fn post(manager: &AuthorizationManager, peer: &OAuthPeer) -> Result<StatusCode, BoxError> {
    let request = Request::post(format!("{}?session=1", peer.mcp_url())).body(Full::from("{}"))?;
    Ok(client(manager).oneshot(request).await?.status())
}

fn failure(outcome: Result<StatusCode, BoxError>) -> Arc<Error> {
    let error = outcome.unwrap_err();
    match &AuthorizationRequired::find(&*error).expect("a login was needed").obstacle {
        Some(LoginObstacle::Failed(error)) => Arc::clone(error),
        other => panic!("{other:?}"),
    }
}

async fn peer(change: impl FnOnce(&mut Dpop)) -> OAuthPeer {
    let mut dpop = Dpop::default();
    change(&mut dpop);
    OAuthPeer::start(|script| script.dpop = Some(dpop)).await
}

fn nonces(dpop: &mut Dpop) {
    dpop.authority_nonce = Some("the-authority's-nonce".into());
    dpop.resource_nonce = Some("the-resource's-nonce".into());
}

fn dpop(script: &mut Script) -> &mut Dpop {
    script.dpop.as_mut().unwrap()
}

fn with_policy(policy_of: DpopPolicy) -> Policy {
    let mut policy = policy();
    policy.dpop = policy_of;
    policy
}

/// Header and claims of a request's proof.
fn proof(seen: &Seen) -> (Value, Value) {
    let mut parts = seen.header("dpop").expect("a proof").split('.');
    let mut next = || {
        let part = URL_SAFE_NO_PAD.decode(parts.next().unwrap()).unwrap();
        serde_json::from_slice(&part).unwrap()
    };
    (next(), next())
}

/// C1.8, C17.10, C17.11: a server with no other challenge than `DPoP`: the code is bound, the token is, and every request
/// has a proof of its own. The peer checks each.
#[tokio::test]
async fn c17_11_a_proof_with_every_request() {
    let peer = peer(|_| {}).await;
    let manager = manager(&peer);
    for _ in 0..3 {
        assert_eq!(post(&manager, &peer).await.unwrap(), 200);
    }
    let grant = manager.grant().unwrap();
    let key = grant.dpop_key().unwrap().as_str();
    assert_eq!(peer.seen_at("/authorize")[0].parameter("dpop_jkt").as_deref(), Some(key), "RFC 9449 §10");
    let (header, claims) = proof(&only(&peer, "/token"));
    assert_eq!((&header["typ"], &header["alg"]), (&json!("dpop+jwt"), &json!("ES256")));
    assert_eq!(claims["htu"], format!("{}/token", peer.issuer()));
    assert!(claims.get("ath").is_none() && claims.get("nonce").is_none());
    let mut ids: Vec<_> =
        peer.seen().iter().filter(|seen| seen.header("dpop").is_some()).map(proof).collect();
    assert_eq!(ids.len(), 4, "the token request and three calls");
    ids.sort_by_key(|(_, claims)| claims["jti"].to_string());
    ids.dedup_by_key(|(_, claims)| claims["jti"].to_string());
    assert_eq!(ids.len(), 4);
    let sent = peer.seen_at("/mcp").pop().unwrap();
    assert!(sent.header("authorization").unwrap().starts_with("DPoP access-"));
    assert_eq!(proof(&sent).1["htu"], peer.mcp_url(), "without the query");
    assert_eq!(peer.count("/register"), 1);
    assert_eq!(peer.seen_at("/register")[0].json().get("dpop_bound_access_tokens"), None);
}

/// C17.12: both servers want their nonces: each asks once, and gets them at once from then on, until they change.
#[tokio::test]
async fn c17_12_nonces() {
    let peer = peer(nonces).await;
    let manager = manager(&peer);
    assert_eq!(post(&manager, &peer).await.unwrap(), 200);
    assert_eq!(peer.count("/token"), 2, "without and with the nonce");
    // The resource said its nonce with its first challenge.
    assert_eq!(peer.count("/mcp"), 2);
    peer.clear();
    assert_eq!(post(&manager, &peer).await.unwrap(), 200);
    assert_eq!(peer.paths(), ["/mcp"]);

    peer.change(|script| dpop(script).resource_nonce = Some("another".into()));
    peer.clear();
    assert_eq!(post(&manager, &peer).await.unwrap(), 200);
    let sent = peer.seen_at("/mcp");
    assert_eq!(peer.paths(), ["/mcp", "/mcp"], "no renewal, no login");
    let [(_, first), (_, second)] = [proof(&sent[0]), proof(&sent[1])];
    assert_eq!((&first["nonce"], &second["nonce"]), (&json!("the-resource's-nonce"), &json!("another")));
    assert_ne!(first["jti"], second["jti"]);
    assert_eq!(sent[0].header("authorization"), sent[1].header("authorization"));

    // The authorization server's changes too, while the token has to be renewed.
    peer.change(|script| dpop(script).authority_nonce = Some("a-third".into()));
    peer.expire_access_tokens();
    peer.clear();
    assert_eq!(post(&manager, &peer).await.unwrap(), 200);
    assert_eq!((peer.count("/token"), peer.count("/authorize")), (2, 0));
}

/// C17.12: a nonce that comes with a good answer is taken over, so that nothing is refused for it.
#[tokio::test]
async fn c17_12_the_next_nonce_comes_with_an_answer() {
    let peer = peer(nonces).await;
    let manager = manager(&peer);
    post(&manager, &peer).await.unwrap();
    peer.change(|script| {
        script.intercept(|seen| {
            let good = seen.path == "/mcp" && seen.header("dpop").is_some();
            good.then(|| Reply::status(204).with_header("DPoP-Nonce", "next"))
        });
    });
    peer.clear();
    for expected in ["the-resource's-nonce", "next"] {
        assert_eq!(post(&manager, &peer).await.unwrap(), 204);
        assert_eq!(proof(peer.seen_at("/mcp").last().unwrap()).1["nonce"], expected);
    }
}

/// C17.12: a server that is never content gets two proofs, and its answer is what the caller sees: no login would help.
#[tokio::test]
async fn c17_12_nonces_without_end() {
    let peer = peer(|_| {}).await;
    let manager = manager(&peer);
    post(&manager, &peer).await.unwrap();
    for error in ["use_dpop_nonce", "invalid_dpop_proof"] {
        let count = Arc::new(std::sync::atomic::AtomicUsize::new(0));
        peer.change(|script| {
            script.intercept(move |seen| {
                let number = count.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
                (seen.path == "/mcp").then(|| {
                    Reply::status(401)
                        .with_header("www-authenticate", &format!("DPoP error=\"{error}\""))
                        .with_header("dpop-nonce", &format!("{error}-{number}"))
                })
            });
        });
        peer.clear();
        assert_eq!(post(&manager, &peer).await.unwrap(), 401);
        assert_eq!(peer.paths(), ["/mcp", "/mcp"], "{error}");
        peer.change(|script| {
            *script = Script::default();
            script.dpop = Some(Dpop::default());
        });
    }
    // At the token endpoint, too.
    peer.change(|script| {
        let refusal = Reply::json(400, &json!({ "error": "use_dpop_nonce" }));
        script.reply("/token", refusal.with_header("dpop-nonce", "always-this"));
    });
    peer.expire_access_tokens();
    peer.clear();
    assert!(manager.recover(Some(manager.grant().unwrap().access_token())).await.is_err());
    assert_eq!(peer.count("/token"), 2);
}

/// C17.12: the wish for a nonce is understood at the token endpoint however it is said: in the body, or in a challenge.
#[tokio::test]
async fn c17_12_a_nonce_wanted_by_a_challenge() {
    let peer = peer(|_| {}).await;
    let manager = manager(&peer);
    post(&manager, &peer).await.unwrap();
    peer.change(|script| {
        script.intercept(|seen| {
            let bare = seen.path == "/token" && proof(seen).1["nonce"].is_null();
            bare.then(|| {
                Reply::status(401)
                    .with_header("www-authenticate", "DPoP error=\"use_dpop_nonce\"")
                    .with_header("dpop-nonce", "this")
            })
        });
    });
    peer.expire_access_tokens();
    peer.clear();
    manager.recover(Some(manager.grant().unwrap().access_token())).await.unwrap();
    assert_eq!(peer.count("/token"), 2);
}

/// C14.9, C17.14: the key is kept with its grant, so that after a restart tokens can be used and renewed.
#[tokio::test]
async fn c14_9_the_key_survives_a_restart() {
    let peer = peer(nonces).await;
    let store = MemoryStore::new();
    let start = || builder(&peer).store(store.clone()).build().unwrap();
    let before = start();
    post(&before, &peer).await.unwrap();
    let key = before.grant().unwrap().dpop_key().unwrap().clone();
    drop(before);

    let after = start();
    peer.clear();
    assert_eq!(post(&after, &peer).await.unwrap(), 200);
    assert_eq!(after.grant().unwrap().dpop_key(), Some(&key));
    peer.expire_access_tokens();
    assert_eq!(post(&after, &peer).await.unwrap(), 200);
    assert_eq!(after.grant().unwrap().dpop_key(), Some(&key), "renewed with the same key");
    assert_eq!(peer.count("/authorize"), 0);
    assert_eq!(proof(&peer.seen_at("/token")[0]).0["jwk"], proof(&peer.seen_at("/mcp")[0]).0["jwk"]);
}

/// A key of the application's own, as in hardware.
struct OwnKey {
    pair: aws_lc_rs::signature::EcdsaKeyPair,
    public: PublicJwk,
    broken: bool,
}

impl OwnKey {
    fn new() -> Self {
        use aws_lc_rs::signature::KeyPair as _;
        let algorithm = &aws_lc_rs::signature::ECDSA_P256_SHA256_FIXED_SIGNING;
        let pair = aws_lc_rs::signature::EcdsaKeyPair::generate(algorithm).unwrap();
        let public = PublicJwk::ec(EllipticCurve::P256, pair.public_key().as_ref()).unwrap();
        Self { pair, public, broken: false }
    }
}

impl DpopSigner for OwnKey {
    fn algorithm(&self) -> SigningAlgorithm {
        SigningAlgorithm::Es256
    }

    fn public_key(&self) -> &PublicJwk {
        &self.public
    }

    fn sign<'a>(&'a self, message: &'a [u8]) -> BoxFuture<'a, Result<Vec<u8>, BoxError>> {
        Box::pin(async move {
            if self.broken {
                return Err("the module is locked".into());
            }
            let random = aws_lc_rs::rand::SystemRandom::new();
            Ok(self.pair.sign(&random, message)?.as_ref().to_vec())
        })
    }
}

/// C17.14: the application's own key; a grant of another key is of no use, and is not tried.
#[tokio::test]
async fn c17_14_a_key_in_hardware() {
    let peer = peer(nonces).await;
    let (store, key) = (MemoryStore::new(), Arc::new(OwnKey::new()));
    let start = |key: Arc<OwnKey>| builder(&peer).store(store.clone()).dpop_signer(key).build().unwrap();
    let manager = start(Arc::clone(&key));
    assert_eq!(post(&manager, &peer).await.unwrap(), 200);
    assert_eq!(manager.grant().unwrap().dpop_key(), Some(&key.public.thumbprint()));
    peer.clear();
    assert_eq!(post(&start(key), &peer).await.unwrap(), 200);
    assert_eq!(peer.count("/authorize"), 0);
    assert!(start(Arc::new(OwnKey::new())).load().await.unwrap().is_none());
    assert!(builder(&peer).store(store.clone()).build().unwrap().load().await.unwrap().is_none());
}

/// C17.14: a key store that is locked is an error that passes, not a reason for a login.
#[tokio::test]
async fn c17_14_a_locked_key_asks_nobody() {
    let peer = peer(|_| {}).await;
    let key = OwnKey { broken: true, ..OwnKey::new() };
    let manager = builder(&peer).dpop_signer(key).build().unwrap();
    let error = failure(post(&manager, &peer).await);
    assert!(matches!(&*error, Error::Token(TokenError::Dpop(DpopError::Sign(_)))) && error.is_retryable());
    assert_eq!(peer.count("/token"), 0);
}

/// C14.9: a stolen refresh token is of no use: not with an old proof, not without any, and not with a good proof of another
/// key.
#[tokio::test]
async fn c14_9_a_refresh_with_another_key() {
    let peer = peer(|_| {}).await;
    let manager = manager(&peer);
    post(&manager, &peer).await.unwrap();
    let stolen = peer.secrets().into_iter().find(|secret| secret.starts_with("refresh-")).unwrap();
    let login = only(&peer, "/token");
    let client_id = login.parameter("client_id").unwrap();
    let form = [
        ("grant_type", "refresh_token"),
        ("refresh_token", &stolen),
        ("client_id", &client_id),
        ("resource", &peer.mcp_url()),
    ];
    let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
    let endpoint: Uri = format!("{}/token", peer.issuer()).parse().unwrap();
    let key = OwnKey::new();
    let now = std::time::SystemTime::UNIX_EPOCH;
    let good = DpopProof::new(&Method::POST, &endpoint)
        .write(SigningAlgorithm::Es256, &key.public, "an-id-that-was-never-used", now)
        .unwrap();
    let signature = key.sign(good.message()).await.unwrap();
    let good = good.with_signature(&signature);
    let http: Client<HttpConnector, Full<Bytes>> = Client::builder(TokioExecutor::new()).build_http();
    for (proof, error) in [
        (Some(login.header("dpop").unwrap()), "invalid_dpop_proof"),
        (None, "invalid_dpop_proof"),
        (Some(good.as_str()), "invalid_grant"),
    ] {
        let mut request =
            Request::post(&endpoint).header("content-type", "application/x-www-form-urlencoded");
        if let Some(proof) = proof {
            request = request.header("dpop", proof);
        }
        let answer = http.request(request.body(Full::from(body.clone())).unwrap()).await.unwrap();
        assert_eq!(answer.status(), 400);
        let body = answer.into_body().collect().await.unwrap().to_bytes();
        assert_eq!(serde_json::from_slice::<Value>(&body).unwrap()["error"], error);
    }
    peer.expire_access_tokens();
    peer.clear();
    assert_eq!(post(&manager, &peer).await.unwrap(), 200);
    assert_eq!((peer.count("/token"), peer.count("/authorize")), (1, 0), "the owner's works");
}

/// C17.10: the proof of one request is of no use for another, nor twice.
#[tokio::test]
async fn c17_10_a_replayed_proof_is_refused() {
    let peer = peer(|_| {}).await;
    let manager = manager(&peer);
    post(&manager, &peer).await.unwrap();
    let seen = peer.seen_at("/mcp").pop().unwrap();
    let http: Client<HttpConnector, Full<Bytes>> = Client::builder(TokioExecutor::new()).build_http();
    let mut again = Request::post(peer.mcp_url()).body(Full::<Bytes>::default()).unwrap();
    again.headers_mut().insert("authorization", seen.headers["authorization"].clone());
    again.headers_mut().insert("dpop", seen.headers["dpop"].clone());
    let answer = http.request(again).await.unwrap();
    assert_eq!(answer.status(), 401);
    let challenge = answer.headers()["www-authenticate"].to_str().unwrap();
    assert!(challenge.contains("invalid_dpop_proof"), "{challenge}");
}

/// C17.13: no way back to bearer tokens: not at the login where the MCP server takes no others, and not at a renewal.
#[tokio::test]
async fn c17_13_no_downgrade() {
    let bearer = json!({ "token_type": "Bearer" });
    let peer = peer(|_| {}).await;
    peer.change(|script| script.token_patch = bearer.clone());
    let refused = manager(&peer);
    let error = failure(post(&refused, &peer).await);
    assert!(matches!(*error, Error::Token(TokenError::NotBound)), "{error:?}");

    peer.change(|script| script.token_patch = json!({}));
    let manager = builder(&peer).build().unwrap();
    post(&manager, &peer).await.unwrap();
    peer.change(|script| {
        script.token_patch = bearer;
        dpop(script).bearer_too = true;
    });
    let error = manager.recover(Some(manager.grant().unwrap().access_token())).await.unwrap_err();
    assert!(matches!(&error, Error::Refresh(mcp_oauth_client::RefreshError::Token(error))
        if matches!(**error, TokenError::NotBound)));
}

/// C17.13: what the policy decides where the MCP server takes both kinds.
#[tokio::test]
async fn c17_13_policies() {
    let peer = peer(|dpop| dpop.bearer_too = true).await;
    let with = |policy| builder(&peer).policy(with_policy(policy)).build().unwrap();

    let off = with(DpopPolicy::Off);
    assert_eq!(post(&off, &peer).await.unwrap(), 200);
    assert!(off.grant().unwrap().dpop_key().is_none());
    assert!(peer.seen().iter().all(|seen| seen.header("dpop").is_none()));

    let store = MemoryStore::new();
    let offered = builder(&peer).store(store.clone()).build().unwrap();
    assert_eq!(post(&offered, &peer).await.unwrap(), 200);
    assert!(offered.grant().unwrap().dpop_key().is_some());
    let off = builder(&peer).store(store).policy(with_policy(DpopPolicy::Off)).build().unwrap();
    assert!(off.load().await.unwrap().is_none(), "a bound grant of before");

    // RFC 9449 §5: the client may go on with a bearer token, where one will do.
    peer.change(|script| script.token_patch = json!({ "token_type": "Bearer" }));
    let offered = with(DpopPolicy::WhenOffered);
    assert_eq!(post(&offered, &peer).await.unwrap(), 200);
    assert!(offered.grant().unwrap().dpop_key().is_none());
    let error = failure(post(&with(DpopPolicy::Required), &peer).await);
    assert!(matches!(*error, Error::Token(TokenError::NotBound)));
    let registration = peer.seen_at("/register").pop().unwrap().json();
    assert_eq!(registration["dpop_bound_access_tokens"], true);

    // A token of a type that was not asked for.
    peer.change(|script| script.token_patch = json!({ "token_type": "DPoP" }));
    assert!(matches!(
        *failure(post(&with(DpopPolicy::Off), &peer).await),
        Error::Token(TokenError::TokenType(_))
    ));
}

/// C17.13: servers that do not bind tokens: as before, unless the policy wants it.
#[tokio::test]
async fn c17_13_required_where_it_is_not_offered() {
    let peer = OAuthPeer::start(|_| {}).await;
    let store = MemoryStore::new();
    let with = |policy| builder(&peer).store(store.clone()).policy(with_policy(policy)).build().unwrap();
    assert_eq!(post(&with(DpopPolicy::WhenOffered), &peer).await.unwrap(), 200);
    // A bearer token of before is not used.
    let required = with(DpopPolicy::Required);
    peer.clear();
    let error = failure(post(&required, &peer).await);
    assert!(matches!(*error, Error::Dpop(DpopError::NotOffered { .. })), "{error:?}");
    assert!(peer.seen().iter().all(|seen| seen.header("authorization").is_none()));
    assert_eq!(peer.count("/authorize"), 0);

    // Only algorithms that the key is not for.
    peer.change(|script| {
        script.metadata_patch = json!({ "dpop_signing_alg_values_supported": ["EdDSA", "none"] });
    });
    let error = failure(post(&with(DpopPolicy::Required), &peer).await);
    assert!(matches!(*error, Error::Dpop(DpopError::Algorithm { .. })), "{error:?}");
}

/// C17.13: the metadata of the MCP server says it, and no challenge was seen before the login.
#[tokio::test]
async fn c17_13_the_metadata_demands_it() {
    let peer = peer(|_| {}).await;
    let no_signal = manager(&peer);
    // Without a challenge and without metadata nobody can know.
    assert!(matches!(login(&no_signal).await, Err(Error::Token(_))));
    peer.change(|script| script.resource_patch = json!({ "dpop_bound_access_tokens_required": true }));
    let grant = login(&manager(&peer)).await.unwrap();
    assert!(grant.dpop_key().is_some());
}

/// A clock that is wrong is told.
#[tokio::test]
async fn c17_10_a_wrong_clock_is_told() {
    let peer = peer(|_| {}).await;
    peer.change(|script| {
        let refusal = Reply::json(400, &json!({ "error": "invalid_dpop_proof" }));
        script.reply("/token", refusal.with_header("date", "Thu, 01 Jan 2026 00:10:00 GMT"));
    });
    let manager = builder(&peer).clock(mcp_oauth_core::FakeClock::default()).build().unwrap();
    let error = failure(post(&manager, &peer).await);
    let Error::Token(refused @ TokenError::ProofRefused { clock_ahead: Some(-600), .. }) = &*error else {
        panic!("{error:?}")
    };
    assert!(refused.is_retryable(), "no login would mend it");
    assert!(refused.to_string().ends_with("this machine's clock is 600 s behind the server's"), "{refused}");
}

/// A program that does without the layer.
#[tokio::test]
async fn c17_11_requests_by_hand() {
    let peer = peer(nonces).await;
    let manager = manager(&peer);
    post(&manager, &peer).await.unwrap();
    peer.change(|script| dpop(script).resource_nonce = Some("another".into()));
    let http: Client<HttpConnector, Full<Bytes>> = Client::builder(TokioExecutor::new()).build_http();
    for expected in [401, 200] {
        let mut request = Request::get(peer.mcp_url()).body(Full::<Bytes>::default()).unwrap();
        manager.present(&mut request).await.unwrap();
        assert!(
            request.headers()["authorization"].is_sensitive() && request.headers()["dpop"].is_sensitive()
        );
        let uri = request.uri().clone();
        let answer = http.request(request).await.unwrap();
        manager.heed(&uri, answer.headers());
        assert_eq!(answer.status(), expected);
    }
    let mut elsewhere = Request::get("http://127.0.0.1:1/mcp").body(()).unwrap();
    manager.present(&mut elsewhere).await.unwrap();
    assert!(elsewhere.headers().is_empty(), "C13.3");
}

/// C17.11, C13.3: no proof goes anywhere but to the MCP server and its authorization server.
#[tokio::test]
async fn c17_11_no_proofs_elsewhere() {
    let (peer, other) = (peer(|_| {}).await, peer(|_| {}).await);
    let manager = manager(&peer);
    post(&manager, &peer).await.unwrap();
    let request = Request::post(other.mcp_url()).body(Full::from("{}")).unwrap();
    assert_eq!(client(&manager).oneshot(request).await.unwrap().status(), 401);
    assert!(other.seen().iter().all(|seen| seen.header("dpop").is_none()));
}
