//! C17.10 to C17.12, C1.8: proofs with requests for tokens that are bound to a key of the client.

mod downgrade;
mod keys;

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
