//! The npm packages, as locked in `xtask/npm/`.

use std::fs;
use std::path::PathBuf;

use super::parts::InstallError;
use crate::checkout::{Checkout, find_program};
use crate::program::Program;

const FILES: [&str; 3] = ["package.json", "package-lock.json", ".npmrc"];

/// Where the packages are.
pub(crate) fn node_modules(checkout: &Checkout) -> PathBuf {
    checkout.work("npm/node_modules")
}

/// They are there if npm finished, and if what it installed is what is locked today.
pub(super) fn is_present(checkout: &Checkout) -> bool {
    let locked = fs::read(checkout.xtask("npm/package-lock.json"));
    let installed = fs::read(checkout.work("npm/package-lock.json"));
    find_program("node").is_some()
        && node_modules(checkout).join(".package-lock.json").is_file()
        && matches!((locked, installed), (Ok(locked), Ok(installed)) if locked == installed)
}

pub(super) fn install(checkout: &Checkout) -> Result<(), InstallError> {
    let folder = checkout.work("npm");
    // npm is a script there (npm.cmd on Windows), so its own name cannot be run directly.
    let npm = ["npm", "npm.cmd"].into_iter().find_map(find_program);
    let Some(npm) = npm.filter(|_| find_program("node").is_some()) else {
        return Err(InstallError::NoInstaller { program: "node with npm" });
    };
    let copy = || {
        fs::create_dir_all(&folder)?;
        for file in FILES {
            fs::copy(checkout.xtask("npm").join(file), folder.join(file))?;
        }
        Ok(())
    };
    copy().map_err(|source| InstallError::File { path: folder.display().to_string(), source })?;
    Program::new(npm)
        .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"])
        .directory(&folder)
        .run_into(&checkout.work("log/npm.log"))?;
    Ok(())
}
