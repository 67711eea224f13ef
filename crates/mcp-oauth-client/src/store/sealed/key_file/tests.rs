use std::fs;

use mcp_oauth_core::SystemEntropy;

use super::*;

/// C15.3: made once, for its owner only, and the same for all who come.
#[test]
fn c15_3_a_new_key_file() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a/b/key");
    assert!(matches!(read(&path), Err(SealingKeyError::Io { .. })));
    let ids: Vec<_> = std::thread::scope(|scope| {
        let makers: Vec<_> =
            (0..8).map(|_| scope.spawn(|| read_or_make(&path, &SystemEntropy).unwrap())).collect();
        makers.into_iter().map(|maker| maker.join().unwrap().newest().id().to_owned()).collect()
    });
    assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    assert_eq!(read(&path).unwrap().newest().id(), ids[0]);
    assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1, "nothing else is left there");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
}

/// C15.1: a key that others may have read is not used, and none is made over it.
#[cfg(unix)]
#[test]
fn c15_1_a_key_file_that_is_open_to_others() {
    use std::os::unix::fs::PermissionsExt as _;
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("key");
    read_or_make(&path, &SystemEntropy).unwrap();
    for mode in [0o644, 0o640, 0o602, 0o777] {
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        for result in [read(&path), read_or_make(&path, &SystemEntropy)] {
            assert!(matches!(result, Err(SealingKeyError::OpenToOthers { mode: said, .. }) if said == mode));
        }
    }
    fs::set_permissions(&path, fs::Permissions::from_mode(0o400)).unwrap();
    read(&path).unwrap();
}

#[test]
fn what_is_no_key_file() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("key");
    let write = |bytes: &[u8]| {
        let _ = fs::remove_file(&path);
        private_file().create_new(true).open(&path).unwrap().write_all(bytes).unwrap();
    };
    for wrong in [&b""[..], b"# only a comment\n", b"not a key"] {
        write(wrong);
        // An empty file is a mistake, not a place for a new key.
        assert!(matches!(read_or_make(&path, &SystemEntropy), Err(SealingKeyError::Content { .. })));
    }
    write(&[0xff; 40]);
    assert!(matches!(read(&path), Err(SealingKeyError::Io { .. })));
    write(&vec![b'#'; usize::try_from(FILE_BYTES).unwrap() + 1]);
    assert!(matches!(read(&path), Err(SealingKeyError::TooLarge { .. })));
}
