//! How many files, and so sockets, this process and those it starts may have open.

/// Raises the limit as far as it goes, up to `wanted`; what it is then.
#[cfg(unix)]
pub(super) fn allowed(wanted: usize) -> usize {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let now = getrlimit(Resource::Nofile);
    let wanted = wanted as u64;
    if now.current.is_some_and(|current| current < wanted) {
        // Only the administrator may raise the second of the two.
        let maximum = now.maximum.map(|maximum| maximum.max(wanted));
        let _ = setrlimit(Resource::Nofile, Rlimit { current: Some(wanted), maximum });
        let current = now.maximum.map(|maximum| maximum.min(wanted));
        let unprivileged = Rlimit { current, maximum: now.maximum };
        if getrlimit(Resource::Nofile).current != Some(wanted) {
            let _ = setrlimit(Resource::Nofile, unprivileged);
        }
    }
    let current = getrlimit(Resource::Nofile).current.unwrap_or(wanted);
    usize::try_from(current.min(wanted)).unwrap_or(usize::MAX)
}

/// There is no such limit.
#[cfg(not(unix))]
pub(super) fn allowed(wanted: usize) -> usize {
    wanted
}
