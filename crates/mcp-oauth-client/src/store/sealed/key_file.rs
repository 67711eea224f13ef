//! Sealing keys in a file.

use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::path::Path;

use mcp_oauth_core::Entropy;
use zeroize::Zeroizing;

use super::key::{SealingKey, SealingKeyError, SealingKeys};
use crate::store::directory::{Directory, mode_for_others, private_file};

/// More than a hundred keys with comments.
const FILE_BYTES: u64 = 16 * 1024;

pub(super) fn read(path: &Path) -> Result<SealingKeys, SealingKeyError> {
    let failed =
        |source| SealingKeyError::Io { action: "read the sealing key", path: path.to_owned(), source };
    let file = File::open(path).map_err(failed)?;
    // Of the file that was opened: it may have been exchanged since.
    let metadata = file.metadata().map_err(failed)?;
    if let Some(mode) = mode_for_others(&metadata) {
        return Err(SealingKeyError::OpenToOthers { path: path.to_owned(), mode });
    }
    if metadata.len() > FILE_BYTES {
        return Err(SealingKeyError::TooLarge { path: path.to_owned(), limit_bytes: FILE_BYTES });
    }
    let room = usize::try_from(metadata.len()).unwrap_or_default();
    let mut text = Zeroizing::new(String::with_capacity(room + 1));
    file.take(FILE_BYTES).read_to_string(&mut text).map_err(failed)?;
    SealingKeys::parse(&text)
        .map_err(|source| SealingKeyError::Content { path: path.to_owned(), source: Box::new(source) })
}

pub(super) fn read_or_make(path: &Path, entropy: &dyn Entropy) -> Result<SealingKeys, SealingKeyError> {
    match read(path) {
        Err(SealingKeyError::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
            make(path, entropy).map_err(|source| SealingKeyError::Io {
                action: "make the sealing key",
                path: path.to_owned(),
                source,
            })?;
            // What is there now, which may be another process's.
            read(path)
        }
        other => other,
    }
}

/// Whole, flushed, and only if nobody else was faster.
fn make(path: &Path, entropy: &dyn Entropy) -> io::Result<()> {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let directory = Directory::open_any(parent.to_owned()).map_err(io::Error::other)?;
    let mut file = tempfile::Builder::new()
        .prefix(".new-key-")
        .make_in(parent, |path| private_file().create_new(true).open(path))?;
    let key = SealingKey::generate(entropy).to_text();
    file.write_all(b"# Seals stored tokens. To change it, put a new one above it.\n")?;
    file.write_all(key.as_bytes())?;
    file.write_all(b"\n")?;
    file.as_file().sync_all()?;
    match file.persist_noclobber(path) {
        Err(failed) if failed.error.kind() != io::ErrorKind::AlreadyExists => return Err(failed.error),
        _ => {}
    }
    directory.sync()
}

#[cfg(test)]
mod tests;
