//! The kernel's buffer of a pipe.
//!
//! Linux gives a pipe 64 KiB. A message of that length then takes writer and reader several turns, each of which wakes the
//! other process. So a pipe that carries long messages gets a larger buffer; one that does not keeps what it has, because
//! what all of a user's pipes may have together is limited (`/proc/sys/fs/pipe-user-pages-soft`).

/// A message of this length shows that a pipe carries long ones.
pub(super) const LONG: usize = 32 << 10;

/// Gives a pipe a larger buffer, where the system has such a thing and allows it.
#[cfg(target_os = "linux")]
pub(super) fn widen(pipe: &impl std::os::fd::AsFd) {
    // Refused where the user's pipes have too much already; everything works without, only slower.
    let _ = rustix::pipe::fcntl_setpipe_size(pipe, WIDE);
}

/// Other systems size their pipes themselves.
#[cfg(not(target_os = "linux"))]
pub(super) fn widen<P>(_pipe: &P) {}

#[cfg(target_os = "linux")]
const WIDE: usize = 512 << 10;
