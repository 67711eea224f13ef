//! A directory that belongs to one user and that several processes share: private files, locks, leases.
//!
//! A lock is a lock of the operating system on a file. It ends when its holder drops it or dies, so none can be left
//! behind and none needs an expiry.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::{Lease, StoreError};

/// How long a lock that is held for some milliseconds is waited for. Longer means that its holder was stopped, not that
/// it is busy.
const LOCK_WAIT: Duration = Duration::from_secs(10);

/// The pauses between two attempts at a lock or a lease that another one holds: from the first, doubled up to the last.
const FIRST_PAUSE: Duration = Duration::from_millis(1);
const LAST_PAUSE: Duration = Duration::from_millis(25);

#[derive(Debug)]
pub(super) struct Directory {
    path: PathBuf,
}

impl Directory {
    /// Uses the directory for tokens, which is made (for its owner only) if it is not there.
    pub(super) fn open(path: PathBuf) -> Result<Arc<Self>, StoreError> {
        let directory = Self::open_any(path)?;
        warn_if_open_to_others(directory.path());
        Ok(directory)
    }

    /// The same for a directory that is no one's in particular.
    pub(super) fn open_any(path: PathBuf) -> Result<Arc<Self>, StoreError> {
        make_directory(&path).map_err(|source| StoreError::Io {
            action: "make the directory",
            path: path.clone(),
            source,
        })?;
        Ok(Arc::new(Self { path }))
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Waits for an exclusive lock that anybody holds for some milliseconds only. Blocks.
    pub(super) fn lock(&self, name: &str) -> Result<File, StoreError> {
        let mut waited = Duration::ZERO;
        let mut pause = FIRST_PAUSE;
        loop {
            if let Some(lock) = self.try_lock(name)? {
                return Ok(lock);
            }
            if waited >= LOCK_WAIT {
                return Err(StoreError::Locked { path: self.path.join(name), waited });
            }
            // On a thread for blocking work; the runtime's clock may be a paused one.
            std::thread::sleep(pause);
            waited += pause;
            pause = (pause * 2).min(LAST_PAUSE);
        }
    }

    /// Takes a lock if nobody has it. Locks belong to the open file, so that they also count between two users of the
    /// same process.
    pub(super) fn try_lock(&self, name: &str) -> Result<Option<File>, StoreError> {
        let path = self.path.join(name);
        // Lock files stay: removing one while another process waits for it would let two into the same room.
        let file = match private_file().create(true).truncate(false).open(&path) {
            Ok(file) => file,
            Err(source) => return Err(StoreError::Io { action: "open", path, source }),
        };
        match file.try_lock() {
            Ok(()) => Ok(Some(file)),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(source)) => Err(StoreError::Io { action: "lock", path, source }),
        }
    }

    /// Waits for a lock that may be held over a request, at most for `wait`.
    pub(super) async fn lease(self: &Arc<Self>, name: String, wait: Duration) -> Result<Lease, StoreError> {
        // A limit beyond the end of time is none.
        let deadline = Instant::now().checked_add(wait);
        let name: Arc<str> = format!("{name}.lease").into();
        let mut pause = FIRST_PAUSE;
        loop {
            let (directory, name) = (Arc::clone(self), Arc::clone(&name));
            if let Some(lock) = blocking(move || directory.try_lock(&name)).await? {
                return Ok(Lease::new(lock));
            }
            let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
            if left.is_some_and(|left| left.is_zero()) {
                return Err(StoreError::LeaseTimeout { waited: wait });
            }
            tokio::time::sleep(left.map_or(pause, |left| left.min(pause))).await;
            pause = (pause * 2).min(LAST_PAUSE);
        }
    }

    /// What was renamed or removed is so on the disk when its directory is there.
    pub(super) fn sync(&self) -> io::Result<()> {
        sync_directory(&self.path)
    }
}

/// Runs blocking work away from the runtime's workers. It is not cancelled halfway.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(stopped) => Err(StoreError::Backend(stopped.into())),
    }
}

/// For reading and writing, and for its owner only from the moment it exists.
pub(super) fn private_file() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// The bits of a file's mode that let others than its owner in. None on Windows, where access is what the directory
/// inherits: a profile's directories are closed to others already.
#[cfg(unix)]
pub(super) fn mode_for_others(metadata: &fs::Metadata) -> Option<u32> {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = metadata.permissions().mode() & 0o777;
    (mode & 0o077 != 0).then_some(mode)
}

#[cfg(not(unix))]
pub(super) fn mode_for_others(_metadata: &fs::Metadata) -> Option<u32> {
    None
}

/// Closes a file to others. Whoever does not own it may not, and has nothing to protect.
#[cfg(unix)]
pub(super) fn close_to_others(file: &File) {
    use std::os::unix::fs::PermissionsExt as _;
    let _ = file.set_permissions(fs::Permissions::from_mode(0o600));
}

#[cfg(not(unix))]
pub(super) fn close_to_others(_file: &File) {}

/// Repeats what fails on Windows as long as a virus scanner or a reader has the file open: some moments.
pub(super) fn patiently<T>(mut attempt: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    /// `ERROR_ACCESS_DENIED`, `ERROR_SHARING_VIOLATION`, `ERROR_LOCK_VIOLATION`.
    const IN_USE: [i32; 3] = [5, 32, 33];
    const ATTEMPTS: u32 = 40;
    for _ in 1..ATTEMPTS {
        match attempt() {
            Err(error)
                if cfg!(windows) && error.raw_os_error().is_some_and(|code| IN_USE.contains(&code)) =>
            {
                std::thread::sleep(LAST_PAUSE);
            }
            other => return other,
        }
    }
    attempt()
}

fn make_directory(path: &Path) -> io::Result<()> {
    let missing: Vec<_> = path.ancestors().take_while(|path| is_missing(path)).collect();
    make_private(path)?;
    // The new directories' names must outlive a crash as well as what is in them.
    for made in missing.into_iter().rev() {
        match made.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => sync_directory(parent)?,
            _ => sync_directory(Path::new("."))?,
        }
    }
    Ok(())
}

fn is_missing(path: &Path) -> bool {
    !path.as_os_str().is_empty() && matches!(path.try_exists(), Ok(false))
}

#[cfg(unix)]
fn make_private(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(path)
}

#[cfg(not(unix))]
fn make_private(path: &Path) -> io::Result<()> {
    fs::create_dir_all(path)
}

/// A directory that was there before is left as it is, since it may serve others too; the files in it are closed anyway.
fn warn_if_open_to_others(path: &Path) {
    if let Some(mode) = fs::metadata(path).ok().as_ref().and_then(mode_for_others) {
        tracing::warn!(path = %path.display(), mode = format!("{mode:o}"), "the token directory is open to other users; 700 would be right");
    }
}

#[cfg(unix)]
fn sync_directory(path: &Path) -> io::Result<()> {
    match File::open(path)?.sync_all() {
        // File systems over the network that have no such call.
        Err(error) if matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported) => {
            Ok(())
        }
        other => other,
    }
}

/// NTFS keeps a journal of names; there is no call for a single directory.
#[cfg(not(unix))]
fn sync_directory(_path: &Path) -> io::Result<()> {
    Ok(())
}
