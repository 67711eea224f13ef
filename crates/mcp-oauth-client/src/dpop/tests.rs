use std::sync::Arc;

use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
use http::{HeaderMap, HeaderValue, Method, Uri};
use mcp_oauth_core::{
    AccessToken, AuthorizationServerMetadata, Challenges, Clock as _, ExpectedProof, FakeClock, Issuer,
    KeyMaterial, PublicJwk, ReceivedProof, SigningAlgorithm, SystemEntropy,
};

use super::*;
use crate::{DpopPolicy, ProtectedResource};

fn check(key: &PublicJwk, _: SigningAlgorithm, message: &[u8], signature: &[u8]) -> bool {
    let KeyMaterial::Ec { x, y, .. } = key.material() else { return false };
    let point = [&[4], x, y].concat();
    UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).verify(message, signature).is_ok()
}

/// C14.9, C17.14: a key comes back from its record and signs as before; the record of another key does not pass for it.
#[tokio::test]
async fn c14_9_a_key_survives_its_record() {
    let key = BindingKey::generate().unwrap();
    let json = serde_json::to_string(&key.to_record()).unwrap();
    let again = BindingKey::restore(serde_json::from_str(&json).unwrap(), None).unwrap();
    assert_eq!(again.thumbprint(), key.thumbprint());
    let signature = again.sign(b"message").await.unwrap();
    assert!(check(key.public(), SigningAlgorithm::Es256, b"message", &signature));
    assert_ne!(BindingKey::generate().unwrap().thumbprint(), key.thumbprint());

    // The private half of one key with the public half of another.
    let other = serde_json::to_value(BindingKey::generate().unwrap().to_record()).unwrap();
    let mut mixed: serde_json::Value = serde_json::from_str(&json).unwrap();
    mixed["software"]["d"] = other["software"]["d"].clone();
    assert!(BindingKey::restore(serde_json::from_value(mixed).unwrap(), None).is_none());
}

/// C17.14: nothing prints the private half.
#[test]
fn c17_14_debug_shows_no_key() {
    let key = BindingKey::generate().unwrap();
    let record = serde_json::to_value(key.to_record()).unwrap();
    let secret = record["software"]["d"].as_str().unwrap();
    assert_eq!(secret.len(), 43);
    let shown = format!("{key:?} {:?}", Binding { key: key.clone(), insists: true });
    assert!(!shown.contains(secret) && shown.contains(key.thumbprint().as_str()), "{shown}");
}

/// C17.14: the application's key is recognized by its thumbprint, and is not in the record.
#[tokio::test]
async fn c17_14_a_key_of_the_application() {
    let signer = || -> Arc<dyn DpopSigner> { Arc::new(software::SoftwareKey::generate().unwrap()) };
    let (mine, another) = (signer(), signer());
    let key = BindingKey::of_signer(&mine);
    let record = serde_json::to_value(key.to_record()).unwrap();
    assert_eq!(record["signer"], key.thumbprint().as_str());
    let restore = |signer| BindingKey::restore(serde_json::from_value(record.clone()).unwrap(), signer);
    assert!(restore(Some(&mine)).is_some());
    assert!(restore(Some(&another)).is_none() && restore(None).is_none());
}

/// C17.10, C17.12: every proof is new, for its request and token, and carries the nonce of its server.
#[tokio::test]
async fn c17_10_proofs_for_requests() {
    let clock = FakeClock::default();
    let prover = Prover::new(Arc::new(clock.clone()), Arc::new(SystemEntropy), 2);
    let key = BindingKey::generate().unwrap();
    let uri = Uri::from_static("https://h.test/mcp?a=b");
    let token = AccessToken::parse("t0ken").unwrap();
    let mut answer = HeaderMap::new();
    answer.insert("dpop-nonce", HeaderValue::from_static("n1"));
    assert_eq!(prover.nonce(&uri), None);
    prover.learn(&uri, &answer);
    let nonce = prover.nonce(&Uri::from_static("https://H.test:443/other")).unwrap();
    assert_eq!(prover.nonce(&Uri::from_static("https://h.test:8443/mcp")), None, "another origin");

    let mut ids = Vec::new();
    for _ in 0..2 {
        let mut headers = HeaderMap::new();
        headers.insert("dpop", HeaderValue::from_static("an old one"));
        prover.prove(&key, &Method::POST, &uri, Some(&token), Some(&nonce), &mut headers).await.unwrap();
        assert!(headers["dpop"].is_sensitive());
        let expected = ExpectedProof {
            method: &Method::POST,
            uri: &uri,
            token: Some(&token),
            key: Some(key.thumbprint()),
            nonce: Some(&nonce),
            now: clock.now(),
            tolerance: std::time::Duration::ZERO,
        };
        let proof = ReceivedProof::from_headers(&headers).unwrap().unwrap();
        ids.push(proof.verify(&expected, check).unwrap().id().to_owned());
    }
    assert_ne!(ids[0], ids[1]);
}

/// C17.12: nonces of a bounded number of servers, the last of each.
#[test]
fn c17_12_nonces_are_bounded() {
    let prover = Prover::new(Arc::new(FakeClock::default()), Arc::new(SystemEntropy), 2);
    let uri = |number: usize| format!("https://h{number}.test/").parse::<Uri>().unwrap();
    let learn = |number: usize, nonce: &str| {
        let mut answer = HeaderMap::new();
        answer.insert("dpop-nonce", HeaderValue::from_str(nonce).unwrap());
        prover.learn(&uri(number), &answer);
    };
    learn(1, "a");
    learn(2, "b");
    learn(1, "c");
    learn(3, "d");
    let known = |number| prover.nonce(&uri(number)).map(|nonce| nonce.as_str().to_owned());
    assert_eq!((known(1).as_deref(), known(2), known(3).as_deref()), (Some("c"), None, Some("d")));
    learn(1, "not a nonce");
    assert_eq!(known(1).as_deref(), Some("c"));
}

fn challenges(line: &str) -> Challenges {
    let mut headers = HeaderMap::new();
    headers.insert("www-authenticate", HeaderValue::from_str(line).unwrap());
    Challenges::from_headers(&headers)
}

/// Whether tokens are bound, and whether bearer tokens would do.
fn choice(policy: DpopPolicy, challenge: &str, server: Option<&[&str]>) -> Result<Option<bool>, DpopError> {
    choice_after(policy, challenge, server, false)
}

fn choice_after(
    policy: DpopPolicy,
    challenge: &str,
    server: Option<&[&str]>,
    was_bound: bool,
) -> Result<Option<bool>, DpopError> {
    let resource = ProtectedResource::for_tests(None);
    let mut metadata = AuthorizationServerMetadata::new(Issuer::parse("https://as.test").unwrap());
    metadata.dpop_signing_alg_values_supported =
        server.map(|list| list.iter().map(|name| (*name).to_owned()).collect());
    let challenges = challenges(challenge);
    let signals = Signals { challenges: &challenges, resource: &resource, server: &metadata, was_bound };
    let keys = Keys { policy, signer: None };
    Ok(keys.choose(&signals)?.map(|binding| binding.insists))
}

/// C17.13, C1.8: when tokens are bound.
#[test]
fn c17_13_when_tokens_are_bound() {
    use DpopPolicy::{Off, Required, WhenOffered};
    let es256: Option<&[&str]> = Some(&["RS256", "ES256"]);
    let other: Option<&[&str]> = Some(&["EdDSA"]);
    let (only_dpop, both) = ("DPoP algs=\"ES256\"", "Bearer, DPoP");
    for (policy, challenge, server, bound) in [
        (Off, only_dpop, es256, None),
        (WhenOffered, "Bearer", es256, None),
        (WhenOffered, both, es256, Some(false)),
        (WhenOffered, both, None, None),
        (WhenOffered, both, other, None),
        (WhenOffered, "Bearer, DPoP algs=\"EdDSA\"", es256, None),
        (WhenOffered, only_dpop, es256, Some(true)),
        (WhenOffered, only_dpop, None, Some(true)),
        (Required, "Bearer", es256, Some(true)),
        (Required, both, None, Some(true)),
    ] {
        assert_eq!(choice(policy, challenge, server).unwrap(), bound, "{policy:?} {challenge} {server:?}");
    }
    assert!(matches!(choice(Required, "Bearer", None), Err(DpopError::NotOffered { .. })));
    // A later challenge need not say again what the first one said.
    for (policy, challenge, bound) in
        [(WhenOffered, "Bearer", Some(true)), (WhenOffered, both, Some(true)), (Off, both, None)]
    {
        assert_eq!(choice_after(policy, challenge, es256, true).unwrap(), bound, "{policy:?} {challenge}");
    }
    for (policy, challenge, server) in [
        (Required, both, other),
        (WhenOffered, only_dpop, other),
        (WhenOffered, "DPoP algs=\"EdDSA\"", es256),
    ] {
        assert!(matches!(choice(policy, challenge, server), Err(DpopError::Algorithm { .. })));
    }
}
