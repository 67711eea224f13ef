//! Follows the configuration file: a good change is put to use, a bad one changes nothing and is said.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use notify_debouncer_full::notify::{self, EventKind, RecommendedWatcher, RecursiveMode};
use notify_debouncer_full::{DebounceEventResult, Debouncer, RecommendedCache, new_debouncer};
use tokio::sync::mpsc;

use super::fleet::Fleet;
use crate::config::{ConfigFile, ServerSettings};
use crate::lifecycle::Lifecycle;
use crate::upstream::explain;

/// Watches the file's directory rather than the file: editors and Kubernetes put a new file in its place. Where the file is a
/// link, the directory that it leads to is watched as well.
pub(super) struct Watch {
    file: PathBuf,
    debouncer: Debouncer<RecommendedWatcher, RecommendedCache>,
    directories: BTreeSet<PathBuf>,
    changes: mpsc::Receiver<()>,
}

impl Watch {
    /// Starts watching.
    pub(super) fn start(file: &Path) -> Result<Self, notify::Error> {
        let (sender, changes) = mpsc::channel(1);
        let debouncer = new_debouncer(QUIET, None, move |events: DebounceEventResult| {
            // A full channel already says that something changed.
            if is_change(&events) {
                let _ = sender.try_send(());
            }
        })?;
        let file = file.to_owned();
        let mut watch = Self { file, debouncer, directories: BTreeSet::new(), changes };
        // That the file's own directory cannot be watched is the one problem that there is no way around.
        watch.debouncer.watch(directory_of(&watch.file), RecursiveMode::NonRecursive)?;
        watch.aim();
        Ok(watch)
    }

    /// Resolves when something in the watched directories changed; `None` when nothing is watched any more.
    async fn changed(&mut self) -> Option<()> {
        self.changes.recv().await?;
        self.aim();
        Some(())
    }

    /// Follows the file's links as they are now.
    fn aim(&mut self) {
        let wanted = linked_directories(&self.file);
        for gone in self.directories.difference(&wanted) {
            // It may be gone altogether.
            let _ = self.debouncer.unwatch(gone);
        }
        for new in wanted.difference(&self.directories) {
            if let Err(error) = self.debouncer.watch(new, RecursiveMode::NonRecursive) {
                tracing::warn!(directory = %new.display(), %error, "changes of the configuration there are not seen");
            }
        }
        self.directories = wanted;
    }
}

/// That somebody looks at a file, as this program does to read it, is no change.
fn is_change(events: &DebounceEventResult) -> bool {
    match events {
        Ok(events) => events.iter().any(|event| !matches!(event.kind, EventKind::Access(_))),
        // Something was missed.
        Err(_) => true,
    }
}

/// The directories beside the file's own in which the links lie that it leads through, and the file at their end.
fn linked_directories(file: &Path) -> BTreeSet<PathBuf> {
    let mut directories = BTreeSet::new();
    let mut at = file.to_owned();
    for _ in 0..MOST_LINKS {
        let Ok(target) = std::fs::read_link(&at) else { break };
        at = directory_of(&at).join(target);
        directories.insert(directory_of(&at).to_owned());
    }
    directories.remove(directory_of(file));
    directories
}

fn directory_of(file: &Path) -> &Path {
    file.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
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
    // Writing a file can be several changes, and a broken file is worth one message.
    let mut said = None;
    // Those of the start were named at the start.
    let mut unknown = ConfigFile::read(&file).map(|read| read.unknown).unwrap_or_default();
    loop {
        tokio::select! {
            changed = watch.changed() => if changed.is_none() { return },
            () = lifecycle.soft.cancelled() => return,
        }
        let wanted = match ConfigFile::read(&file) {
            Ok(read) => {
                for problem in read.unknown.iter().filter(|problem| !unknown.contains(problem)) {
                    tracing::warn!("config file {}, {problem}", file.display());
                }
                let settings = resolve(&read);
                unknown = read.unknown;
                settings
            }
            Err(error) => Err(explain(&error)),
        };
        let outcome = wanted.and_then(|wanted| fleet.apply(&wanted).map_err(|error| explain(&error)));
        let problem = outcome.as_ref().err().cloned();
        match outcome {
            Ok(changes) if changes == super::fleet::Changes::default() => {}
            Ok(changes) => tracing::info!(
                added = ?changes.added,
                changed = ?changes.changed,
                removed = ?changes.removed,
                "the configuration changed"
            ),
            Err(_) if problem == said => {}
            Err(problem) => tracing::error!("the configuration is not changed: {problem}"),
        }
        said = problem;
    }
}

/// A file is read when it has been left alone this long.
const QUIET: Duration = Duration::from_millis(200);
/// How many links are followed, as many as Linux does.
const MOST_LINKS: usize = 40;
