use mcp_oauth_core::SystemEntropy;

use super::*;
use crate::{MemoryStore, SealedStore, SealingKey, SealingKeys, UnsealError};

fn records(store: &MemoryStore) -> Records {
    let server = "https://h.test/mcp".to_owned();
    Records::new(Arc::new(store.clone()), server, "me".to_owned(), Duration::from_secs(1))
}

async fn keep(store: &MemoryStore, key: &StoreKey, text: &str) {
    let before = store.load(key).await.unwrap().map(|bytes| bytes.version());
    store.replace(key, Some(SecretBytes::new(text.as_bytes().to_vec())), before).await.unwrap();
}

const SERVER: &str = r#"{"format":1,"server":"https://h.test/mcp","subject":"me","issuer":"https://as.test","resource":"https://h.test/mcp"}"#;

/// A record of a format that is not known yet is not used, and not touched by reading; neither is one that is none.
#[tokio::test]
async fn records_of_other_versions_count_as_absent() {
    let store = MemoryStore::new();
    let records = records(&store);
    let key = records.server_key();
    keep(&store, &key, SERVER).await;
    assert!(records.grant_key().await.unwrap().is_some());
    let newer = SERVER.replace(r#""format":1"#, r#""format":2,"more":{}"#);
    for other in [newer.as_str(), &newer.replace("server", "renamed"), "", "[]", "{", r#"{"format":"one"}"#] {
        keep(&store, &key, other).await;
        assert!(records.grant_key().await.unwrap().is_none(), "{other}");
        assert_eq!(store.load(&key).await.unwrap().unwrap().expose(), other.as_bytes());
        // Its version is known, so that a login can replace it.
        let read: Stored<ServerRecord> = records.read(&key).await.unwrap();
        assert_eq!(read.version, Some(SecretBytes::new(other.as_bytes().to_vec()).version()));
    }
    // What a later version of the same format added is left alone, and does not stand in the way.
    keep(&store, &key, &SERVER.replace('{', r#"{"later":[1],"#)).await;
    assert!(records.grant_key().await.unwrap().is_some());
}

/// C7.1, C15.2: a record that was brought to another key is not used.
#[tokio::test]
async fn c15_2_records_say_whose_they_are() {
    let store = MemoryStore::new();
    let records = records(&store);
    for other in [
        SERVER.replace("\"me\"", "\"you\""),
        SERVER.replace("h.test/mcp\",\"subject", "h.test/x\",\"subject"),
    ] {
        assert_ne!(other, SERVER);
        keep(&store, &records.server_key(), &other).await;
        assert!(records.grant_key().await.unwrap().is_none());
    }
}

/// C15.1: a sealed value without a key is neither absent nor overwritten.
#[tokio::test]
async fn c15_1_sealed_values_without_a_key_are_said() {
    let store = MemoryStore::new();
    let plain = records(&store);
    let key = plain.server_key();
    let sealed = SealedStore::new(store.clone(), SealingKeys::new(SealingKey::generate(&SystemEntropy)));
    sealed.replace(&key, Some(SecretBytes::new(SERVER.as_bytes().to_vec())), None).await.unwrap();
    let error = plain.grant_key().await.unwrap_err();
    assert!(matches!(error, StoreError::Sealed { source: UnsealError::NoKey, .. }));
}
