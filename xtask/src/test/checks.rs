//! The checks that are no tests: format, lints, documentation, dependencies.

use std::path::Path;

use crate::checkout::Checkout;
use crate::program::{Program, ProgramError};

/// The code is formatted.
pub(super) fn format(checkout: &Checkout) -> Result<(), ProgramError> {
    Program::cargo(checkout).args(["fmt", "--all", "--check"]).run()
}

/// No lint warns, in code and tests.
pub(super) fn lints(checkout: &Checkout) -> Result<(), ProgramError> {
    Program::cargo(checkout).args(["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]).run()
}

/// The tests compile. Before the set-up has ended, so that both go on at once.
pub(super) fn build(checkout: &Checkout) -> Result<(), ProgramError> {
    Program::cargo(checkout).args(["test", "--workspace", "--no-run"]).run()
}

/// The documentation has no broken link.
pub(super) fn documentation(checkout: &Checkout) -> Result<(), ProgramError> {
    Program::cargo(checkout)
        .args(["doc", "--workspace", "--no-deps"])
        .env("RUSTDOCFLAGS", "-D warnings")
        .run()
}

/// Licences, duplicates, banned crates and sources are as deny.toml says.
pub(super) fn dependencies(checkout: &Checkout) -> Result<(), ProgramError> {
    Program::cargo(checkout)
        .args(["deny", "--log-level", "warn", "check", "bans", "licenses", "sources"])
        .run()
}

/// No dependency has a known weakness; `None` where the database of advisories cannot be reached.
pub(super) fn advisories(checkout: &Checkout) -> Option<Result<(), ProgramError>> {
    let log: &Path = &checkout.work("log/advisories.log");
    Program::cargo(checkout).args(["deny", "fetch", "db"]).run_into(log).ok()?;
    Some(Program::cargo(checkout).args(["deny", "--log-level", "warn", "check", "advisories"]).run())
}
