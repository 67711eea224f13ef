//! Follows the configuration file: a good change is put to use, a bad one changes nothing and is said.

use std::path::{Path, PathBuf};
use std::time::Duration;

use notify_debouncer_full::notify::{self, RecursiveMode};
use notify_debouncer_full::{DebounceEventResult, new_debouncer};
use tokio::sync::mpsc;

use super::fleet::Fleet;
use crate::config::{ConfigFile, ServerSettings};
use crate::lifecycle::Lifecycle;
use crate::upstream::explain;

/// Watches the file's directory rather than the file: editors and Kubernetes put a new file in its place.
pub(super) struct Watch {
    // Watches as long as it lives.
    _debouncer: Box<dyn Send>,
    changes: mpsc::Receiver<()>,
}

impl Watch {
    /// Starts watching.
    pub(super) fn start(file: &Path) -> Result<Self, notify::Error> {
        let (sender, changes) = mpsc::channel(1);
        let mut debouncer = new_debouncer(QUIET, None, move |event: DebounceEventResult| {
            // A full channel already says that something changed.
            if event.is_ok() {
                let _ = sender.try_send(());
            }
        })?;
        let directory = match file.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        debouncer.watch(directory, RecursiveMode::NonRecursive)?;
        Ok(Self { _debouncer: Box::new(debouncer), changes })
    }
}

/// Follows `file` until the lifecycle's first stage. `resolve` turns its text into settings.
pub(super) async fn follow<R>(
    file: PathBuf,
    mut watch: Watch,
    mut fleet: Fleet,
    resolve: R,
    lifecycle: Lifecycle,
) where
    R: Fn(&ConfigFile) -> Result<Vec<ServerSettings>, String>,
{
    loop {
        tokio::select! {
            changed = watch.changes.recv() => if changed.is_none() { return },
            () = lifecycle.soft.cancelled() => return,
        }
        let wanted = match ConfigFile::read(&file) {
            Ok(read) => resolve(&read),
            Err(error) => Err(explain(&error)),
        };
        let outcome = wanted.and_then(|wanted| fleet.apply(&wanted).map_err(|error| explain(&error)));
        match outcome {
            Ok(changes) if changes == super::fleet::Changes::default() => {}
            Ok(changes) => tracing::info!(
                added = ?changes.added,
                changed = ?changes.changed,
                removed = ?changes.removed,
                "the configuration changed"
            ),
            Err(problem) => tracing::error!("the configuration is not changed: {problem}"),
        }
    }
}

/// A file is read when it has been left alone this long.
const QUIET: Duration = Duration::from_millis(200);
