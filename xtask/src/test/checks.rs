//! The checks that are no tests: format, lints, documentation, dependencies.

use std::path::Path;

use crate::checkout::Checkout;
use crate::program::{Program, ProgramError};

/// The code is formatted.
pub(super) fn format(checkout: &Checkout) -> Result<(), ProgramError> {
    Program::cargo(checkout).args(["fmt", "--all", "--check"]).run()
}

/// No lint warns, in code and tests, with every feature.
pub(super) fn lints(checkout: &Checkout) -> Result<(), ProgramError> {
    let all = ["clippy", "--workspace", "--all-targets", "--all-features", "--", "-D", "warnings"];
    Program::cargo(checkout).args(all).run()
}

/// The same for the libraries that have features, without them. The tests would switch some on.
pub(super) fn without_features(checkout: &Checkout) -> Result<(), ProgramError> {
    ["mcp-oauth-client", "mcp-upstream"].into_iter().try_for_each(|library| {
        let bare = ["clippy", "--lib", "--no-default-features", "--package", library, "--", "-D", "warnings"];
        Program::cargo(checkout).args(bare).run()
    })
}

/// The tests compile. Before the set-up has ended, so that both go on at once.
pub(super) fn build(checkout: &Checkout) -> Result<(), ProgramError> {
    Program::cargo(checkout).args(["test", "--workspace", "--no-run"]).run()
}

/// The fuzz targets compile. They are outside of the workspace, with the same versions of everything, and share what was
/// built for it, where it is the same.
pub(super) fn fuzz_targets(checkout: &Checkout) -> Result<(), ProgramError> {
    let manifest = checkout.root().join("fuzz/Cargo.toml");
    // Cargo only adds to it what the workspace has not; without it, newer versions may be found.
    let _ = std::fs::copy(checkout.root().join("Cargo.lock"), checkout.root().join("fuzz/Cargo.lock"));
    Program::cargo(checkout)
        .args(["check", "--bins", "--no-default-features"])
        .arg("--manifest-path")
        .arg(manifest)
        .arg("--target-dir")
        .arg(checkout.built())
        .run()
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
