//! The npm packages, as locked in a folder of `xtask/`.

use std::fs;
use std::path::PathBuf;

use super::parts::InstallError;
use crate::checkout::{Checkout, find_program};
use crate::program::Program;

/// What the tests install: real servers, and the driver of a real browser.
pub(super) const PEERS: Packages = Packages { folder: "npm" };
/// The official conformance suite, and the Node that it needs.
pub(super) const CONFORMANCE: Packages = Packages { folder: "conformance" };

const FILES: [&str; 3] = ["package.json", "package-lock.json", ".npmrc"];

/// Where the packages of the tests are.
pub(crate) fn node_modules(checkout: &Checkout) -> PathBuf {
    PEERS.node_modules(checkout)
}

/// Where the conformance suite is.
pub(crate) fn conformance_modules(checkout: &Checkout) -> PathBuf {
    CONFORMANCE.node_modules(checkout)
}

/// Packages locked in `xtask/` and installed in `.work/`, in a folder of the same name.
#[derive(Debug, Clone, Copy)]
pub(super) struct Packages {
    folder: &'static str,
}

impl Packages {
    fn node_modules(self, checkout: &Checkout) -> PathBuf {
        checkout.work(self.folder).join("node_modules")
    }

    /// They are there if npm finished, and if what it installed is what is locked today.
    pub(super) fn is_present(self, checkout: &Checkout) -> bool {
        let locked = fs::read(checkout.xtask(self.folder).join("package-lock.json"));
        let installed = fs::read(checkout.work(self.folder).join("package-lock.json"));
        find_program("node").is_some()
            && self.node_modules(checkout).join(".package-lock.json").is_file()
            && matches!((locked, installed), (Ok(locked), Ok(installed)) if locked == installed)
    }

    pub(super) fn install(self, checkout: &Checkout) -> Result<(), InstallError> {
        let folder = checkout.work(self.folder);
        // npm is a script there (npm.cmd on Windows), so its own name cannot be run directly.
        let npm = ["npm", "npm.cmd"].into_iter().find_map(find_program);
        let Some(npm) = npm.filter(|_| find_program("node").is_some()) else {
            return Err(InstallError::NoInstaller { program: "node with npm" });
        };
        let copy = || {
            fs::create_dir_all(&folder)?;
            for file in FILES {
                fs::copy(checkout.xtask(self.folder).join(file), folder.join(file))?;
            }
            Ok(())
        };
        copy().map_err(|source| InstallError::File { path: folder.display().to_string(), source })?;
        Program::new(npm)
            .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"])
            .directory(&folder)
            .run_into(&checkout.work(&format!("log/{}.log", self.folder)))?;
        Ok(())
    }
}
