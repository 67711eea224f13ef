//! Programs of the system: Debian's packages where we may install them.

use std::path::PathBuf;

use super::parts::InstallError;
use crate::checkout::{Checkout, find_program};
use crate::program::Program;

/// The browser.
pub(crate) fn chromium() -> Option<PathBuf> {
    ["chromium", "chromium-browser"].into_iter().find_map(find_program)
}

/// The web server.
pub(crate) fn nginx() -> Option<PathBuf> {
    find_program("nginx")
}

pub(super) fn install(package: &'static str, checkout: &Checkout) -> Result<(), InstallError> {
    let Some(apt) = find_program("apt-get").filter(|_| is_root()) else {
        return Err(InstallError::NotAllowed { package });
    };
    let log = checkout.work("log/apt.log");
    let run = |arguments: &[&str]| {
        Program::new(&apt)
            .args(arguments)
            .env("DEBIAN_FRONTEND", "noninteractive")
            // Single user, as far as the package's scripts can see: no server is started by its installation.
            .env("RUNLEVEL", "1")
            .run_into(&log)
    };
    run(&["update"])?;
    run(&["install", "--yes", "--no-install-recommends", package])?;
    Ok(())
}

#[cfg(unix)]
fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

#[cfg(not(unix))]
fn is_root() -> bool {
    false
}
