use mcp_oauth_core::SystemEntropy;

use super::*;
use crate::store::contract::{key, value};
use crate::{CredentialStore as _, SealingKey, SealingKeys, StoreKey};

struct Home {
    directory: tempfile::TempDir,
    keys: SealingKeys,
}

impl Home {
    fn new() -> Self {
        let keys = SealingKeys::new(SealingKey::generate(&SystemEntropy));
        Self { directory: tempfile::tempdir().unwrap(), keys }
    }

    fn plain(&self) -> FileStore {
        FileStore::open(self.directory.path()).unwrap()
    }

    fn sealed(&self) -> SealedStore<FileStore> {
        SealedStore::new(self.plain(), self.keys.clone())
    }

    /// As a program opens it at its start.
    fn start(&self) -> SealedStore<FileStore> {
        self.sealed().take_over().unwrap()
    }

    async fn plant(&self, at: &str) {
        let before = self.plain().load(&key(at)).await.unwrap().map(|there| there.version());
        self.plain().replace(&key(at), Some(value("planted")), before).await.unwrap();
    }
}

async fn is_refused(store: &SealedStore<FileStore>, key: &StoreKey) -> bool {
    let error = store.load(key).await.unwrap_err();
    assert!(!error.is_retryable());
    matches!(error, StoreError::Sealed { source: UnsealError::NotSealed, .. })
}

/// C15.1: the first start with a key seals all that is there; what is planted later does not open, in that run and in
/// later ones, also in place of what was sealed.
#[tokio::test]
async fn c15_1_plain_values_are_taken_over_once() {
    let home = Home::new();
    home.plant("one").await;
    home.plant("two").await;
    let first = home.start();
    for sealed in ["one", "two"] {
        assert_eq!(home.sealed().load(&key(sealed)).await.unwrap(), Some(value("planted")));
        assert_ne!(home.plain().load(&key(sealed)).await.unwrap(), Some(value("planted")));
    }
    home.plant("one").await;
    home.plant("three").await;
    for store in [&first, &home.start()] {
        assert!(is_refused(store, &key("one")).await && is_refused(store, &key("three")).await);
        assert_eq!(store.load(&key("two")).await.unwrap(), Some(value("planted")));
    }
}

/// C15.1: a directory that was empty at first is done too, and it stays so without its marker or with a made-up one, as
/// long as anything sealed is left.
#[tokio::test]
async fn c15_1_the_marker_is_no_way_in() {
    let home = Home::new();
    home.start();
    home.plant("me").await;
    assert!(is_refused(&home.start(), &key("me")).await, "empty at first");

    home.start().replace(&key("mine"), Some(value("mine")), None).await.unwrap();
    let marker = home.directory.path().join("sealed.json");
    std::fs::remove_file(&marker).unwrap();
    assert!(is_refused(&home.start(), &key("me")).await, "without a marker");

    let planted = home.plain().load(&key("me")).await.unwrap().unwrap();
    let left = vec![Unsealed { name: key("me").name(), version: planted.version().0 }];
    std::fs::write(&marker, written(&Marker { left }).expose()).unwrap();
    assert!(is_refused(&home.start(), &key("me")).await, "a list of somebody's own");
}

/// A crash in the middle: the next start seals the rest of what was found, and nothing that came later.
#[tokio::test]
async fn c15_1_a_crash_leaves_the_rest_to_the_next_start() {
    let home = Home::new();
    home.plant("one").await;
    home.plant("two").await;
    let store = home.sealed();
    let marker = Marker { left: store.unsealed().unwrap() };
    assert_eq!(marker.left.len(), 2);
    store.inner.swap_named(MARKER, Some(&store.sealed(MARKER, &written(&marker))), None).unwrap();
    store.seal_one(&marker.left[0]).unwrap();
    home.plant("three").await;

    let store = home.start();
    for found in ["one", "two"] {
        assert_eq!(store.load(&key(found)).await.unwrap(), Some(value("planted")));
    }
    assert!(is_refused(&store, &key("three")).await);
}
