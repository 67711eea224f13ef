use std::sync::atomic::{AtomicU64, Ordering};

use mcp_oauth_core::Issuer;

use super::*;
use crate::store::contract::{self, key, value};
use crate::{FileStore, MemoryStore};

fn new_key() -> SealingKey {
    SealingKey::generate(&SystemEntropy)
}

fn sealed(inner: &MemoryStore, keys: &SealingKeys) -> SealedStore<MemoryStore> {
    SealedStore::new(inner.clone(), keys.clone())
}

async fn put(store: &impl CredentialStore, key: &StoreKey, value: SecretBytes) {
    let before = store.load(key).await.unwrap().map(|it| it.version());
    store.replace(key, Some(value), before).await.unwrap();
}

async fn envelope_of(inner: &MemoryStore, key: &StoreKey) -> serde_json::Value {
    serde_json::from_slice(inner.load(key).await.unwrap().unwrap().expose()).unwrap()
}

async fn problem(store: &impl CredentialStore, key: &StoreKey) -> UnsealError {
    let read = store.load(key).await.unwrap_err();
    assert!(!read.is_retryable());
    // Nobody overwrites what they could not read: not even who expects nothing there.
    for value in [None, Some(value("new"))] {
        let written = store.replace(key, value, None).await;
        assert!(matches!(written, Err(StoreError::Sealed { .. })), "{written:?}");
    }
    match read {
        StoreError::Sealed { key: name, source } if name == key.name() => source,
        other => panic!("{other:?}"),
    }
}

/// C14.7, C15.2, C15.6: sealing changes nothing of what a store does.
#[tokio::test(flavor = "multi_thread")]
async fn c15_6_a_sealed_store_holds_the_contract() {
    let keys = SealingKeys::new(new_key());
    let memory = MemoryStore::new();
    contract::hold(sealed(&memory, &keys), sealed(&memory, &keys)).await;
    let directory = tempfile::tempdir().unwrap();
    let files = || SealedStore::new(FileStore::open(directory.path()).unwrap(), keys.clone());
    contract::hold(files(), files()).await;
}

/// C15.1: nothing of a value is in what is kept, and the same value is never kept twice alike.
#[tokio::test]
async fn c15_1_what_is_kept_says_nothing() {
    let inner = MemoryStore::new();
    let store = sealed(&inner, &SealingKeys::new(new_key()));
    let mut seen = Vec::new();
    for _ in 0..3 {
        put(&store, &key("me"), value("s3cr3t")).await;
        let kept = inner.load(&key("me")).await.unwrap().unwrap();
        assert!(!String::from_utf8(kept.expose().to_vec()).unwrap().contains("s3cr3t"));
        assert!(!seen.contains(&kept));
        seen.push(kept);
    }
}

/// C15.1, C15.2: a sealed value opens only where it was put, only whole, and only with its key. Each failure says what it
/// is, and none is taken for an absent value.
#[tokio::test]
async fn c15_1_what_does_not_open_is_said() {
    let inner = MemoryStore::new();
    let keys = SealingKeys::new(new_key());
    let store = sealed(&inner, &keys);
    put(&store, &key("me"), value("mine")).await;

    let kept = inner.load(&key("me")).await.unwrap().unwrap();
    put(&inner, &key("you"), kept.clone()).await;
    assert!(matches!(problem(&store, &key("you")).await, UnsealError::Altered), "moved to another subject");
    let elsewhere =
        StoreKey::Client { issuer: Issuer::parse("https://as.test").unwrap(), redirect_uris: vec![] };
    put(&inner, &elsewhere, kept.clone()).await;
    assert!(matches!(problem(&store, &elsewhere).await, UnsealError::Altered), "moved to another kind");

    let stranger = sealed(&inner, &SealingKeys::new(new_key()));
    let id = keys.newest().id();
    assert!(
        matches!(problem(&stranger, &key("me")).await, UnsealError::UnknownKey { key_id } if key_id == id)
    );

    // Each byte of it counts.
    for at in 0..kept.expose().len() {
        let mut bytes = kept.expose().to_vec();
        bytes[at] ^= 1;
        put(&inner, &key("changed"), SecretBytes::new(bytes)).await;
        match store.load(&key("changed")).await {
            Err(StoreError::Sealed { .. }) => {}
            // Between the members, one blank is as good as another.
            Ok(opened) => assert_eq!(opened, Some(value("mine")), "at {at}"),
            Err(other) => panic!("{other:?}"),
        }
    }
    for length in [0, 1, kept.expose().len() / 2, kept.expose().len() - 1] {
        put(&inner, &key("cut"), SecretBytes::new(kept.expose()[..length].to_vec())).await;
        assert!(matches!(problem(&store, &key("cut")).await, UnsealError::Altered));
    }
    let newer = SecretBytes::new(br#"{"sealed":2,"new":true}"#.to_vec());
    put(&inner, &key("newer"), newer).await;
    assert!(matches!(problem(&store, &key("newer")).await, UnsealError::UnknownFormat { format: 2 }));
    put(&inner, &key("plain"), value("plain")).await;
    assert!(matches!(problem(&store, &key("plain")).await, UnsealError::NotSealed));
}

/// C15.1: the newest key seals, all open; what an older one sealed is sealed anew when it is touched, and then the older
/// one is needed no more.
#[tokio::test]
async fn c15_1_keys_change() {
    let inner = MemoryStore::new();
    let (old, new) = (new_key(), new_key());
    let before = sealed(&inner, &SealingKeys::new(old.clone()));
    put(&before, &key("read"), value("read")).await;
    put(&before, &key("written"), value("written")).await;

    let both = sealed(&inner, &SealingKeys::new(new.clone()).with_older(old.clone()));
    assert_eq!(both.load(&key("read")).await.unwrap(), Some(value("read")));
    both.replace(&key("written"), Some(value("again")), Some(value("written").version())).await.unwrap();
    for touched in [key("read"), key("written")] {
        assert_eq!(envelope_of(&inner, &touched).await["key"], new.id());
    }
    let after = sealed(&inner, &SealingKeys::new(new));
    assert_eq!(after.load(&key("read")).await.unwrap(), Some(value("read")));
    assert_eq!(after.load(&key("written")).await.unwrap(), Some(value("again")));
    assert!(matches!(problem(&before, &key("read")).await, UnsealError::UnknownKey { .. }));
}

/// Compare-and-swap goes by content: a reader that seals the same value anew in between is no conflict.
#[tokio::test]
async fn c15_6_sealed_anew_is_not_changed() {
    let inner = MemoryStore::new();
    let (old, new) = (new_key(), new_key());
    put(&sealed(&inner, &SealingKeys::new(old.clone())), &key("me"), value("one")).await;
    let keys = SealingKeys::new(new).with_older(old);
    let racing =
        SealedStore::new(Racing { inner: inner.clone(), other: sealed(&inner, &keys) }, keys.clone());
    racing.replace(&key("me"), Some(value("two")), Some(value("one").version())).await.unwrap();
    assert_eq!(sealed(&inner, &keys).load(&key("me")).await.unwrap(), Some(value("two")));
}

/// Lets another reader in before each write.
struct Racing {
    inner: MemoryStore,
    other: SealedStore<MemoryStore>,
}

impl CredentialStore for Racing {
    fn load<'a>(&'a self, key: &'a StoreKey) -> BoxFuture<'a, Result<Option<SecretBytes>, StoreError>> {
        self.inner.load(key)
    }

    fn replace<'a>(
        &'a self,
        key: &'a StoreKey,
        value: Option<SecretBytes>,
        expected: Option<Version>,
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(async move {
            self.other.load(key).await?;
            self.inner.replace(key, value, expected).await
        })
    }

    fn lease<'a>(
        &'a self,
        key: &'a StoreKey,
        ttl: Duration,
        wait: Duration,
    ) -> BoxFuture<'a, Result<Lease, StoreError>> {
        self.inner.lease(key, ttl, wait)
    }
}

/// Values from before there was a key: taken over if asked for, and sealed from then on.
#[tokio::test]
async fn unsealed_values_are_taken_over_on_request() {
    let inner = MemoryStore::new();
    let keys = SealingKeys::new(new_key());
    put(&inner, &key("me"), value("plain")).await;
    assert!(matches!(problem(&sealed(&inner, &keys), &key("me")).await, UnsealError::NotSealed));
    let accepting = sealed(&inner, &keys).accept_unsealed();
    assert_eq!(accepting.load(&key("me")).await.unwrap(), Some(value("plain")));
    assert_eq!(sealed(&inner, &keys).load(&key("me")).await.unwrap(), Some(value("plain")));
    // A sealed value that is broken is not a plain one.
    put(&inner, &key("me"), SecretBytes::new(b"{\"sealed\": 1, \"key".to_vec())).await;
    assert!(matches!(problem(&accepting, &key("me")).await, UnsealError::Altered));
}

/// A store that cannot be written to is still read, whatever key sealed what is in it.
#[tokio::test]
async fn reading_needs_no_writing() {
    struct ReadOnly(MemoryStore);
    impl CredentialStore for ReadOnly {
        fn load<'a>(&'a self, key: &'a StoreKey) -> BoxFuture<'a, Result<Option<SecretBytes>, StoreError>> {
            self.0.load(key)
        }
        fn replace<'a>(
            &'a self,
            _key: &'a StoreKey,
            _value: Option<SecretBytes>,
            _expected: Option<Version>,
        ) -> BoxFuture<'a, Result<(), StoreError>> {
            Box::pin(async { Err(StoreError::Backend("read only".into())) })
        }
        fn lease<'a>(
            &'a self,
            key: &'a StoreKey,
            ttl: Duration,
            wait: Duration,
        ) -> BoxFuture<'a, Result<Lease, StoreError>> {
            self.0.lease(key, ttl, wait)
        }
    }
    let inner = MemoryStore::new();
    let old = new_key();
    put(&sealed(&inner, &SealingKeys::new(old.clone())), &key("me"), value("x")).await;
    let store = SealedStore::new(ReadOnly(inner), SealingKeys::new(new_key()).with_older(old));
    assert_eq!(store.load(&key("me")).await.unwrap(), Some(value("x")));
}

/// Nonces are drawn, 192 bits for each value; another source of them can be put in.
#[tokio::test]
async fn nonces_come_from_the_entropy() {
    #[derive(Clone, Default)]
    struct Counting(Arc<AtomicU64>);
    impl Entropy for Counting {
        fn fill(&self, bytes: &mut [u8]) {
            assert_eq!(bytes.len(), 24);
            bytes.fill(0);
            bytes[..8].copy_from_slice(&self.0.fetch_add(1, Ordering::Relaxed).to_le_bytes());
        }
    }
    let inner = MemoryStore::new();
    let store = sealed(&inner, &SealingKeys::new(new_key())).entropy(Counting::default());
    put(&store, &key("me"), value("one")).await;
    let first = envelope_of(&inner, &key("me")).await["nonce"].clone();
    put(&store, &key("me"), value("two")).await;
    assert_ne!(envelope_of(&inner, &key("me")).await["nonce"], first);
}

/// The cipher and its use, against a value that was sealed by another implementation (`PyNaCl`'s libsodium).
#[tokio::test]
async fn opens_what_libsodium_sealed() {
    let inner = MemoryStore::new();
    let keys =
        SealingKeys::parse("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f").unwrap();
    assert_eq!(keys.newest().id(), VECTOR_ID);
    put(&inner, &key("me"), SecretBytes::new(VECTOR.as_bytes().to_vec())).await;
    assert_eq!(sealed(&inner, &keys).load(&key("me")).await.unwrap(), Some(value("from libsodium")));
}

const VECTOR_ID: &str = "b664e7d4df361238";
const VECTOR: &str = r#"{"sealed": 1, "key": "b664e7d4df361238", "nonce": "AAECAwQFBgcICQoLDA0ODxAREhMUFRYX", "value": "5eB7Guimr5QRIlShpnLEgSk0R8GUo3DJAmC1rm81pfNVtdlNiuwv/SQ="}"#;

/// C15.4: no key, no value.
#[test]
fn c15_4_debug_shows_no_key() {
    let key = new_key();
    let text = key.to_text();
    let store = SealedStore::new(MemoryStore::new(), SealingKeys::new(key.clone()).with_older(new_key()));
    let shown = format!("{key:?} {store:?} {:?}", SealingKey::parse("s3cr3t").unwrap_err());
    assert!(shown.contains(key.id()));
    assert!(!shown.contains(&*text) && !shown.contains("s3cr3t"), "{shown}");
}
