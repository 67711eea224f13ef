use super::*;
use crate::store::contract::{self, key, value};

fn store() -> (tempfile::TempDir, FileStore) {
    let directory = tempfile::tempdir().unwrap();
    let store = FileStore::open(directory.path().join("a/tokens")).unwrap();
    (directory, store)
}

fn names(store: &FileStore) -> Vec<String> {
    let entries = fs::read_dir(store.directory()).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

/// C14.7, C15.2, C15.6, also between two openings of the same directory.
#[tokio::test(flavor = "multi_thread")]
async fn c15_6_a_store_in_files_holds_the_contract() {
    let (_directory, store) = store();
    let other = FileStore::open(store.directory()).unwrap();
    contract::hold(store, other).await;
}

/// C15.2: each issuer, resource and subject has a file of its own, whatever characters they have in common.
#[test]
fn c15_2_keys_do_not_meet() {
    let joined = StoreKey::Server { server: "ab".into(), subject: "c".into() };
    let split = StoreKey::Server { server: "a".into(), subject: "bc".into() };
    assert_ne!(joined.name(), split.name());
    let strange = StoreKey::Server { server: "../../x\\\0".into(), subject: "con".into() }.name();
    assert!(strange.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-'), "{strange}");
}

/// C15.1, C15.3: for their owner only, all of them, whenever they were made.
#[cfg(unix)]
#[tokio::test]
async fn c15_3_modes() {
    use std::os::unix::fs::PermissionsExt as _;
    let (_directory, store) = store();
    store.replace(&key("me"), Some(value("x")), None).await.unwrap();
    let _lease = store.lease(&key("me"), Duration::ZERO, Duration::ZERO).await.unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(store.directory()), 0o700);
    assert_eq!(mode(store.directory().parent().unwrap()), 0o700);
    assert_eq!(names(&store).len(), 3);
    for name in names(&store) {
        assert_eq!(mode(&store.directory().join(&name)), 0o600, "{name}");
    }
    // A copy that somebody brought back, with the modes of another place.
    let path = store.directory().join(format!("{}.json", key("me").name()));
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    assert_eq!(store.load(&key("me")).await.unwrap(), Some(value("x")));
    assert_eq!(mode(&path), 0o600);
}

/// C15.6: what a crash left beside its place is no value, and does not stay.
#[tokio::test]
async fn c15_6_leftovers_of_a_crash() {
    let (_directory, store) = store();
    store.replace(&key("me"), Some(value("old")), None).await.unwrap();
    let leftover = store.directory().join(".new-abc");
    fs::write(&leftover, b"{\"access_tok").unwrap();
    assert_eq!(store.load(&key("me")).await.unwrap(), Some(value("old")));

    // While somebody writes, it may be theirs.
    let writing = store.0.lock(SWAP_LOCK).unwrap();
    FileStore::open(store.directory()).unwrap();
    assert!(leftover.exists());
    drop(writing);
    let again = FileStore::open(store.directory()).unwrap();
    assert!(!leftover.exists());
    assert_eq!(again.load(&key("me")).await.unwrap(), Some(value("old")));
}

/// What cannot be read back is not written in the first place.
#[tokio::test]
async fn too_large_values_are_neither_written_nor_read() {
    let (_directory, store) = store();
    let limit = usize::try_from(FileStore::VALUE_BYTES).unwrap();
    store.replace(&key("me"), Some(SecretBytes::new(vec![b'x'; limit])), None).await.unwrap();
    let largest = store.load(&key("me")).await.unwrap().unwrap();
    assert_eq!(largest.expose().len(), limit);
    let more = SecretBytes::new(vec![b'x'; limit + 1]);
    let refused = store.replace(&key("me"), Some(more), Some(largest.version())).await;
    assert!(matches!(refused, Err(StoreError::TooLarge { .. })));
    assert_eq!(store.load(&key("me")).await.unwrap(), Some(largest));
    let path = store.directory().join(format!("{}.json", key("me").name()));
    fs::OpenOptions::new().write(true).open(path).unwrap().set_len(FileStore::VALUE_BYTES + 1).unwrap();
    assert!(matches!(store.load(&key("me")).await, Err(StoreError::TooLarge { .. })));
}

/// A directory that cannot be written to is said so, with its name and what failed.
#[tokio::test]
async fn failures_name_the_file() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("file");
    fs::write(&file, b"").unwrap();
    let error = FileStore::open(file.join("tokens")).unwrap_err();
    assert!(matches!(&error, StoreError::Io { path, .. } if path.starts_with(&file)));
    assert!(!error.is_retryable());
}
