use mcp_oauth_core::{Issuer, ResourceUri};

use super::*;

fn key(subject: &str) -> StoreKey {
    StoreKey::Grant {
        issuer: Issuer::parse("https://as.test").unwrap(),
        resource: ResourceUri::parse("https://h.test").unwrap(),
        subject: subject.to_owned(),
    }
}

fn value(text: &str) -> SecretBytes {
    SecretBytes::new(text.as_bytes().to_vec())
}

fn store() -> (tempfile::TempDir, FileStore) {
    let directory = tempfile::tempdir().unwrap();
    let store = FileStore::open(directory.path().join("a/tokens")).unwrap();
    (directory, store)
}

/// C15.6: compare and swap.
#[tokio::test]
async fn c15_6_replaces_only_what_was_seen() {
    let (_directory, store) = store();
    let key = key("me");
    assert!(store.load(&key).await.unwrap().is_none());
    let one = value("one");
    store.replace(&key, Some(one.clone()), None).await.unwrap();
    assert_eq!(store.load(&key).await.unwrap(), Some(one.clone()));
    let unseen = store.replace(&key, Some(value("x")), None).await;
    assert!(matches!(unseen, Err(StoreError::Conflict)));
    let stale = store.replace(&key, Some(value("x")), Some(value("zero").version())).await;
    assert!(matches!(stale, Err(StoreError::Conflict)));
    store.replace(&key, Some(value("two")), Some(one.version())).await.unwrap();
    store.replace(&key, None, Some(value("two").version())).await.unwrap();
    assert!(store.load(&key).await.unwrap().is_none());
    store.replace(&key, None, None).await.unwrap();
}

/// C15.2: each subject, resource and issuer has a file of its own.
#[tokio::test]
async fn c15_2_keys_do_not_meet() {
    let (_directory, store) = store();
    store.replace(&key("me"), Some(value("mine")), None).await.unwrap();
    store.replace(&key("you"), Some(value("yours")), None).await.unwrap();
    assert_eq!(store.load(&key("me")).await.unwrap(), Some(value("mine")));
    let joined = StoreKey::Server { server: "ab".into(), subject: "c".into() };
    let split = StoreKey::Server { server: "a".into(), subject: "bc".into() };
    assert_ne!(joined.name(), split.name());
}

/// C15.3: for their owner only.
#[cfg(unix)]
#[tokio::test]
async fn c15_3_modes() {
    use std::os::unix::fs::PermissionsExt as _;
    let (_directory, store) = store();
    store.replace(&key("me"), Some(value("x")), None).await.unwrap();
    let _lease = store.lease(&key("me"), Duration::ZERO, Duration::ZERO).await.unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(store.directory()), 0o700);
    for entry in fs::read_dir(store.directory()).unwrap() {
        let path = entry.unwrap().path();
        assert_eq!(mode(&path), 0o600, "{}", path.display());
    }
}

/// C14.7: one holder at a time, also between two openings of the same directory; the end of the holder ends the lease.
#[tokio::test]
async fn c14_7_leases_exclude_each_other() {
    let (_directory, store) = store();
    let other = FileStore::open(store.directory()).unwrap();
    let lease = store.lease(&key("me"), Duration::ZERO, Duration::ZERO).await.unwrap();
    let refused = other.lease(&key("me"), Duration::ZERO, Duration::from_millis(30)).await;
    assert!(matches!(refused, Err(StoreError::LeaseTimeout { .. })));
    other.lease(&key("you"), Duration::ZERO, Duration::ZERO).await.unwrap();
    let waiting =
        tokio::spawn(async move { other.lease(&key("me"), Duration::ZERO, Duration::from_secs(20)).await });
    drop(lease);
    waiting.await.unwrap().unwrap();
}

/// C15.6: writers at the same time: one wins each round, and no reader sees half a value.
#[tokio::test(flavor = "multi_thread")]
async fn c15_6_concurrent_writers() {
    let (_directory, store) = store();
    let writers: Vec<_> = (0..4)
        .map(|writer| {
            let store = FileStore::open(store.directory()).unwrap();
            tokio::spawn(async move {
                let mut won = 0;
                while won < 10 {
                    let before = store.load(&key("me")).await.unwrap();
                    let count: u32 = before.as_ref().map_or(0, |bytes| {
                        let text = std::str::from_utf8(bytes.expose()).unwrap();
                        assert!(text.ends_with('.'), "a whole value");
                        text.split(' ').next().unwrap().parse().unwrap()
                    });
                    let next = value(&format!("{} {writer} {}.", count + 1, "x".repeat(5000)));
                    match store.replace(&key("me"), Some(next), before.map(|bytes| bytes.version())).await {
                        Ok(()) => won += 1,
                        Err(StoreError::Conflict) => {}
                        Err(error) => panic!("{error:?}"),
                    }
                }
            })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }
    let last = store.load(&key("me")).await.unwrap().unwrap();
    assert!(last.expose().starts_with(b"40 "), "no write was lost");
}

#[tokio::test]
async fn too_large_values_are_not_read() {
    let (_directory, store) = store();
    let path = store.directory().join(format!("{}.json", key("me").name()));
    File::create(path).unwrap().set_len(FileStore::VALUE_BYTES + 1).unwrap();
    assert!(matches!(store.load(&key("me")).await, Err(StoreError::TooLarge { .. })));
}
