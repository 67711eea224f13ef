//! Cargo's own tools, built from crates.io where they are absent.

use super::parts::InstallError;
use crate::checkout::{Checkout, find_program};
use crate::program::Program;

/// The test runner.
pub(super) const NEXTEST: Tool = Tool { name: "cargo-nextest", version: "0.9.143" };
/// The check of licences, bans and sources.
pub(super) const DENY: Tool = Tool { name: "cargo-deny", version: "0.20.2" };

/// A subcommand of cargo.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tool {
    name: &'static str,
    /// What is installed where there is none; another version that is there is used as it is.
    version: &'static str,
}

impl Tool {
    pub(super) fn is_present(self) -> bool {
        find_program(self.name).is_some()
    }

    pub(super) fn install(self, checkout: &Checkout) -> Result<(), InstallError> {
        Program::cargo(checkout)
            .args(["install", "--locked", "--version", self.version, self.name])
            .run_into(&checkout.work(&format!("log/{}.log", self.name)))?;
        Ok(())
    }
}
