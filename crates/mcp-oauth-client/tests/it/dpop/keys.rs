//! C14.9, C17.14: the key.

use super::*;

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
