//! A store in a directory: one file per value.
//!
//! - A value is written beside its place, flushed to the disk and renamed over it: at any moment the old or the new one
//!   is there whole, also after a crash. Files are for their owner only (0600), and so is the directory (0700).
//! - Compare-and-swap holds a lock over reading and renaming, on one file for the whole directory and only for that long.
//! - A lease is a lock on a file of its own beside the value. The operating system ends it when its holder dies, so a
//!   lease cannot be left behind and needs no expiry.
//!
//! On Windows, access is what the directory inherits: a profile's directories are closed to others already.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use tokio::time::Instant;
use zeroize::Zeroizing;

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
    /// The largest value that is read back, in bytes.
    pub const VALUE_BYTES: u64 = 1024 * 1024;

    /// How often a lease that another process holds is asked for.
    const LEASE_POLL: Duration = Duration::from_millis(25);

    /// Uses `directory`, which is made (for its owner only) if it is not there. Blocks for a moment.
    ///
    /// # Errors
    /// When the directory can be neither used nor made.
    pub fn open(directory: impl Into<PathBuf>) -> Result<Self, StoreError> {
        let path = directory.into();
        make_directory(&path).map_err(|source| StoreError::Io {
            action: "make the directory",
            path: path.clone(),
            source,
        })?;
        warn_if_open_to_others(&path);
        Ok(Self(Arc::new(Directory { path })))
    }

    /// The directory.
    pub fn directory(&self) -> &Path {
        &self.0.path
    }

    /// Runs blocking work away from the runtime's workers. It is not cancelled halfway.
    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Directory) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let directory = Arc::clone(&self.0);
        match tokio::task::spawn_blocking(move || work(&directory)).await {
            Ok(result) => result,
            Err(stopped) => Err(StoreError::Backend(stopped.into())),
        }
    }
}

impl CredentialStore for FileStore {
    fn load<'a>(&'a self, key: &'a StoreKey) -> BoxFuture<'a, Result<Option<SecretBytes>, StoreError>> {
        let name = key.name();
        Box::pin(self.blocking(move |directory| directory.read(&name)))
    }

    fn replace<'a>(
        &'a self,
        key: &'a StoreKey,
        value: Option<SecretBytes>,
        expected: Option<Version>,
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        let name = key.name();
        Box::pin(self.blocking(move |directory| directory.swap(&name, value.as_ref(), expected)))
    }

    fn lease<'a>(
        &'a self,
        key: &'a StoreKey,
        _ttl: Duration,
        wait: Duration,
    ) -> BoxFuture<'a, Result<Lease, StoreError>> {
        let name = key.name();
        Box::pin(async move {
            let deadline = Instant::now() + wait;
            loop {
                let asked = name.clone();
                if let Some(lock) = self.blocking(move |directory| directory.try_lease(&asked)).await? {
                    return Ok(Lease::new(lock));
                }
                if Instant::now() >= deadline {
                    return Err(StoreError::LeaseTimeout { waited: wait });
                }
                tokio::time::sleep(Self::LEASE_POLL).await;
            }
        })
    }
}

#[derive(Debug)]
struct Directory {
    path: PathBuf,
}

impl Directory {
    fn value_path(&self, name: &str) -> PathBuf {
        self.path.join(format!("{name}.json"))
    }

    fn read(&self, name: &str) -> Result<Option<SecretBytes>, StoreError> {
        let path = self.value_path(name);
        let failed = |source| StoreError::Io { action: "read", path: path.clone(), source };
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(failed(error)),
        };
        let mut bytes = Zeroizing::new(Vec::new());
        let read = file.take(FileStore::VALUE_BYTES + 1).read_to_end(&mut bytes).map_err(failed)?;
        if u64::try_from(read).unwrap_or(u64::MAX) > FileStore::VALUE_BYTES {
            return Err(StoreError::TooLarge { path, limit_bytes: FileStore::VALUE_BYTES });
        }
        Ok(Some(SecretBytes(bytes)))
    }

    fn swap(
        &self,
        name: &str,
        value: Option<&SecretBytes>,
        expected: Option<Version>,
    ) -> Result<(), StoreError> {
        let _lock = self.lock("store.lock")?;
        if self.read(name)?.as_ref().map(SecretBytes::version) != expected {
            return Err(StoreError::Conflict);
        }
        let path = self.value_path(name);
        let failed = |source| StoreError::Io { action: "write", path: path.clone(), source };
        match value {
            Some(value) => self.write(&path, value).map_err(failed)?,
            None if expected.is_some() => fs::remove_file(&path).map_err(failed)?,
            None => return Ok(()),
        }
        sync_directory(&self.path).map_err(failed)
    }

    /// Beside its place, flushed, then renamed: a reader sees the old or the new value, never a part of one.
    fn write(&self, path: &Path, value: &SecretBytes) -> io::Result<()> {
        // Temporary files are for their owner only from the moment they exist.
        let mut file = tempfile::Builder::new().prefix(".new-").tempfile_in(&self.path)?;
        file.write_all(value.expose())?;
        file.as_file().sync_all()?;
        file.persist(path)?;
        Ok(())
    }

    /// Waits for an exclusive lock, which is held for some milliseconds by anybody.
    fn lock(&self, name: &str) -> Result<File, StoreError> {
        let (file, path) = self.lock_file(name)?;
        file.lock().map_err(|source| StoreError::Io { action: "lock", path, source })?;
        Ok(file)
    }

    /// Takes the lease if nobody has it. Locks belong to the open file, so that they also count between two users of the
    /// same process.
    fn try_lease(&self, name: &str) -> Result<Option<File>, StoreError> {
        let (file, path) = self.lock_file(&format!("{name}.lease"))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(file)),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(source)) => Err(StoreError::Io { action: "lock", path, source }),
        }
    }

    /// Lock files stay: removing one while another process waits for it would let two into the same room.
    fn lock_file(&self, name: &str) -> Result<(File, PathBuf), StoreError> {
        let path = self.path.join(name);
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        match options.open(&path) {
            Ok(file) => Ok((file, path)),
            Err(source) => Err(StoreError::Io { action: "open", path, source }),
        }
    }
}

#[cfg(unix)]
fn make_directory(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(path)
}

#[cfg(not(unix))]
fn make_directory(path: &Path) -> io::Result<()> {
    fs::create_dir_all(path)
}

/// A directory that was there before is left as it is, since it may serve others too; the files in it are closed anyway.
#[cfg(unix)]
fn warn_if_open_to_others(path: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    let Ok(metadata) = fs::metadata(path) else { return };
    let mode = metadata.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        tracing::warn!(path = %path.display(), mode = format!("{mode:o}"), "the token directory is open to other users; 700 would be right");
    }
}

#[cfg(not(unix))]
fn warn_if_open_to_others(_path: &Path) {}

/// A rename is on the disk when its directory is.
#[cfg(unix)]
fn sync_directory(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

#[cfg(not(unix))]
fn sync_directory(_path: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests;
