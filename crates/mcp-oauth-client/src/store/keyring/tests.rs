use keyring_core::api::CredentialStoreApi as _;
use keyring_core::mock;

use super::*;
use crate::store::contract::{self, key, value};
use crate::{MemoryStore, SealedStore};

/// Two handles to one keyring that is not there, as two processes have them to a real one.
fn stores() -> (tempfile::TempDir, Arc<mock::Store>, KeyringStore, KeyringStore) {
    let directory = tempfile::tempdir().unwrap();
    let keyring = mock::Store::new().unwrap();
    let store = || {
        let locks = directory.path().join("locks");
        KeyringStore::with_keyring(Arc::<mock::Store>::clone(&keyring), "a test", locks).unwrap()
    };
    let (one, other) = (store(), store());
    (directory, keyring, one, other)
}

fn next_fails(keyring: &mock::Store, name: &str, error: keyring_core::Error) {
    let entry = keyring.build("a test", name, None).unwrap();
    entry.as_any().downcast_ref::<mock::Cred>().unwrap().set_error(error);
}

/// C14.7, C15.2, C15.6.
#[tokio::test(flavor = "multi_thread")]
async fn c15_6_a_keyring_holds_the_contract() {
    let (_directory, _keyring, one, other) = stores();
    contract::hold(one, other).await;
}

/// C15.3: one key in the keyring for all who ask, and the ones before it stay.
#[tokio::test]
async fn c15_3_sealing_keys_in_the_keyring() {
    let (_directory, _keyring, one, other) = stores();
    let first = one.sealing_keys().await.unwrap();
    assert_eq!(other.sealing_keys().await.unwrap().newest().id(), first.newest().id());
    let inner = MemoryStore::new();
    let before = SealedStore::new(inner.clone(), first.clone());
    before.replace(&key("me"), Some(value("x")), None).await.unwrap();

    let second = one.change_sealing_key().await.unwrap();
    assert_ne!(second.newest().id(), first.newest().id());
    assert_eq!(other.sealing_keys().await.unwrap().newest().id(), second.newest().id());
    let after = SealedStore::new(inner, other.sealing_keys().await.unwrap());
    assert_eq!(after.load(&key("me")).await.unwrap(), Some(value("x")));
}

/// C15.4: an entry that is not ours is said to be so, without what is in it.
#[tokio::test]
async fn c15_4_errors_without_what_is_kept() {
    let (_directory, keyring, store, _other) = stores();
    let name = key("me").name();
    let secret = || b"s3cr3t".to_vec();
    let platform = || "the bus is gone".into();
    for error in [
        keyring_core::Error::BadEncoding(secret()),
        keyring_core::Error::BadDataFormat(secret(), platform()),
        keyring_core::Error::Ambiguous(vec![keyring.build("a test", &name, None).unwrap()]),
        keyring_core::Error::NoStorageAccess(platform()),
        keyring_core::Error::PlatformFailure(platform()),
        keyring_core::Error::TooLong("user".to_owned(), 7),
    ] {
        keyring.build("a test", &name, None).unwrap().set_secret(b"s3cr3t").unwrap();
        next_fails(&keyring, &name, error);
        let shown = format!("{:?}", store.load(&key("me")).await.unwrap_err());
        assert!(!shown.contains("s3cr3t") && !shown.contains("115, 51"), "{shown}");
    }
    keyring.build("a test", SEALING_KEYS, None).unwrap().set_secret(b"s3cr3t").unwrap();
    let error = store.sealing_keys().await.unwrap_err();
    assert!(matches!(error, SealingKeyError::Text));
    let kept = keyring.build("a test", SEALING_KEYS, None).unwrap().get_secret().unwrap();
    assert_eq!(kept, b"s3cr3t", "it is left as it is");
    assert!(!format!("{store:?}").contains("s3cr3t"));
}

/// A failure is no absence, and a write that failed changed nothing.
#[tokio::test]
async fn failures_are_no_absence() {
    let (_directory, keyring, store, _other) = stores();
    store.replace(&key("me"), Some(value("old")), None).await.unwrap();
    let locked = || keyring_core::Error::NoStorageAccess("locked".into());
    next_fails(&keyring, &key("me").name(), locked());
    let read = store.load(&key("me")).await;
    assert!(matches!(read, Err(StoreError::Backend(_))), "{read:?}");
    next_fails(&keyring, &key("me").name(), locked());
    let written = store.replace(&key("me"), Some(value("new")), Some(value("old").version())).await;
    assert!(matches!(written, Err(StoreError::Backend(_))), "{written:?}");
    assert_eq!(store.load(&key("me")).await.unwrap(), Some(value("old")));
}

#[tokio::test]
async fn too_large_values_are_not_written() {
    let (_directory, _keyring, store, _other) = stores();
    let store = store.value_bytes(value("12").expose().len());
    store.replace(&key("me"), Some(value("12")), None).await.unwrap();
    let refused = store.replace(&key("me"), Some(value("123")), Some(value("12").version())).await;
    assert!(matches!(refused, Err(StoreError::TooLarge { .. })));
    assert_eq!(store.load(&key("me")).await.unwrap(), Some(value("12")));
}

/// C15.3: the keyring of the session that this runs in, if somebody asks for it: locks apart, two processes see one another's
/// entries.
#[cfg(feature = "keyring")]
#[tokio::test(flavor = "multi_thread")]
#[ignore = "writes to the keyring of whoever runs it"]
async fn c15_3_the_keyring_of_the_session() {
    let directory = tempfile::tempdir().unwrap();
    let service = format!("mcp-oauth-client test {}", std::process::id());
    let (one, other) = (
        KeyringStore::open(service.clone(), directory.path()).await.unwrap(),
        KeyringStore::open(service, directory.path()).await.unwrap(),
    );
    contract::hold(one.clone(), other.clone()).await;
    let first = one.sealing_keys().await.unwrap();
    assert_eq!(other.sealing_keys().await.unwrap().newest().id(), first.newest().id());
    one.entry(SEALING_KEYS).unwrap().delete_credential().unwrap();
    for left in ["me", "you", "count", "lease"] {
        let value = one.load(&key(left)).await.unwrap().unwrap();
        one.replace(&key(left), None, Some(value.version())).await.unwrap();
    }
}
