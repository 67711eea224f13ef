//! A store in a directory: one file per value.
//!
//! - A value is written beside its place, flushed to the disk and renamed over it: at any moment the old or the new one
//!   is there whole, also after a crash. What a crash left beside its place is removed by the next opening.
//! - Files are for their owner only (0600), and so is the directory (0700). A value's file that was opened to others, by
//!   a copy or a backup, is closed when it is read.
//! - Compare-and-swap holds a lock over reading and renaming, on one file for the whole directory and only for that long.
//! - A lease is a lock on a file of its own beside the value.
//!
//! On Windows, access is what the directory inherits, and a rename is on the disk when the file system's journal is.

use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use zeroize::Zeroizing;

use super::directory::{Directory, blocking, close_to_others, mode_for_others, patiently, private_file};
use super::{CredentialStore, Lease, SecretBytes, StoreError, StoreKey, Version};

/// Keeps values in files of one directory. Several processes may use the same one.
///
/// ```no_run
/// use mcp_oauth_client::FileStore;
///
/// let store = FileStore::open("/home/me/.mcpo/tokens")?;
/// # Ok::<(), mcp_oauth_client::StoreError>(())
/// ```
#[derive(Debug, Clone)]
pub struct FileStore(Arc<Directory>);

impl FileStore {
    /// The largest value that is kept, in bytes.
    pub const VALUE_BYTES: u64 = 1024 * 1024;

    /// Uses `directory`, which is made (for its owner only) if it is not there. Blocks for a moment.
    ///
    /// # Errors
    /// When the directory can be neither used nor made.
    pub fn open(directory: impl Into<PathBuf>) -> Result<Self, StoreError> {
        let directory = Directory::open(directory.into())?;
        remove_leftovers(&directory)?;
        Ok(Self(directory))
    }

    /// The directory.
    pub fn directory(&self) -> &Path {
        self.0.path()
    }

    /// The names of all values. Blocks.
    pub(super) fn names(&self) -> Result<Vec<String>, StoreError> {
        let failed = |source| StoreError::Io { action: "read", path: self.directory().to_owned(), source };
        let mut names = Vec::new();
        for entry in fs::read_dir(self.directory()).map_err(failed)? {
            let file = entry.map_err(failed)?.file_name();
            let name = file.to_str().and_then(|file| file.strip_suffix(VALUE_SUFFIX));
            names.extend(name.filter(|name| !name.starts_with(LEFTOVER)).map(str::to_owned));
        }
        Ok(names)
    }

    /// As `load`. Blocks.
    pub(super) fn read_named(&self, name: &str) -> Result<Option<SecretBytes>, StoreError> {
        read(&self.0, name)
    }

    /// As `replace`. Blocks.
    pub(super) fn swap_named(
        &self,
        name: &str,
        value: Option<&SecretBytes>,
        expected: Option<Version>,
    ) -> Result<(), StoreError> {
        swap(&self.0, name, value, expected)
    }
}

impl CredentialStore for FileStore {
    fn load<'a>(&'a self, key: &'a StoreKey) -> BoxFuture<'a, Result<Option<SecretBytes>, StoreError>> {
        let (directory, name) = (Arc::clone(&self.0), key.name());
        Box::pin(blocking(move || read(&directory, &name)))
    }

    fn replace<'a>(
        &'a self,
        key: &'a StoreKey,
        value: Option<SecretBytes>,
        expected: Option<Version>,
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        let (directory, name) = (Arc::clone(&self.0), key.name());
        Box::pin(blocking(move || swap(&directory, &name, value.as_ref(), expected)))
    }

    fn lease<'a>(
        &'a self,
        key: &'a StoreKey,
        _ttl: Duration,
        wait: Duration,
    ) -> BoxFuture<'a, Result<Lease, StoreError>> {
        Box::pin(self.0.lease(key.name(), wait))
    }
}

fn value_path(directory: &Directory, name: &str) -> PathBuf {
    directory.path().join(format!("{name}{VALUE_SUFFIX}"))
}

fn read(directory: &Directory, name: &str) -> Result<Option<SecretBytes>, StoreError> {
    let path = value_path(directory, name);
    match read_file(&path) {
        Ok(Some(bytes)) => Ok(Some(SecretBytes(bytes))),
        Ok(None) => Err(too_large(&path)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(StoreError::Io { action: "read", path, source }),
    }
}

/// `None` when there is more of it than is ever written.
fn read_file(path: &Path) -> io::Result<Option<Zeroizing<Vec<u8>>>> {
    let file = patiently(|| File::open(path))?;
    let metadata = file.metadata()?;
    if let Some(mode) = mode_for_others(&metadata) {
        tracing::warn!(path = %path.display(), mode = format!("{mode:o}"), "a token file was open to other users; it is closed now");
        close_to_others(&file);
    }
    // Room for all of it at once: a buffer that grows leaves copies behind.
    let room = usize::try_from(metadata.len().min(FileStore::VALUE_BYTES)).unwrap_or_default();
    let mut bytes = Zeroizing::new(Vec::with_capacity(room + 1));
    let read = file.take(FileStore::VALUE_BYTES + 1).read_to_end(&mut bytes)?;
    Ok((!is_too_large(read)).then_some(bytes))
}

fn swap(
    directory: &Directory,
    name: &str,
    value: Option<&SecretBytes>,
    expected: Option<Version>,
) -> Result<(), StoreError> {
    let path = value_path(directory, name);
    if value.is_some_and(|value| is_too_large(value.expose().len())) {
        return Err(too_large(&path));
    }
    let _lock = directory.lock(SWAP_LOCK)?;
    if read(directory, name)?.as_ref().map(SecretBytes::version) != expected {
        return Err(StoreError::Conflict);
    }
    let done = match value {
        Some(value) => write(directory, &path, value),
        None if expected.is_some() => patiently(|| fs::remove_file(&path)),
        None => return Ok(()),
    };
    done.and_then(|()| directory.sync()).map_err(|source| StoreError::Io { action: "write", path, source })
}

/// Beside its place, flushed, then renamed: a reader sees the old or the new value, never a part of one.
fn write(directory: &Directory, path: &Path, value: &SecretBytes) -> io::Result<()> {
    let file = tempfile::Builder::new()
        .prefix(LEFTOVER)
        .make_in(directory.path(), |path| private_file().create_new(true).open(path))?;
    let (mut file, place) = file.into_parts();
    file.write_all(value.expose())?;
    file.sync_all()?;
    // Closed first: Windows renames no open file.
    drop(file);
    patiently(|| fs::rename(&place, path))
}

/// Whoever writes holds the lock, so that what lies there while it is free belongs to somebody who died.
fn remove_leftovers(directory: &Directory) -> Result<(), StoreError> {
    let Some(_lock) = directory.try_lock(SWAP_LOCK)? else { return Ok(()) };
    let failed = |source| StoreError::Io { action: "read", path: directory.path().to_owned(), source };
    for entry in fs::read_dir(directory.path()).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        if entry.file_name().as_encoded_bytes().starts_with(LEFTOVER.as_bytes()) {
            tracing::debug!(path = %entry.path().display(), "a file that a crash left behind is removed");
            let _ = fs::remove_file(entry.path());
        }
    }
    Ok(())
}

fn is_too_large(bytes: usize) -> bool {
    u64::try_from(bytes).unwrap_or(u64::MAX) > FileStore::VALUE_BYTES
}

fn too_large(path: &Path) -> StoreError {
    StoreError::TooLarge { place: path.display().to_string(), limit_bytes: FileStore::VALUE_BYTES }
}

/// The lock of compare-and-swap, for the whole directory.
const SWAP_LOCK: &str = "store.lock";

/// How the names of values' files end.
const VALUE_SUFFIX: &str = ".json";

/// How the names of values begin that are not in their place yet.
const LEFTOVER: &str = ".new-";

#[cfg(test)]
mod tests;
