//! The targets, built so that libFuzzer sees which way an input took.

use std::path::PathBuf;

use crate::checkout::{Checkout, find_program, variable};
use crate::program::{Program, ProgramError};

/// What libFuzzer needs to see: every edge, and what was compared with what.
const COVERAGE: [&str; 5] = [
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
];

/// The C++ compiler, which builds libFuzzer, if there is one.
pub(crate) fn compiler() -> Option<PathBuf> {
    match variable("CXX") {
        Some(named) => {
            find_program(&named.to_string_lossy()).or(Some(named.into())).filter(|it| it.is_file())
        }
        None => find_program("c++"),
    }
}

/// Builds all targets; the folder that they are in then.
///
/// For a target that is named, so that the instrumentation is of the programs alone, and not of what is run while they are
/// built: a build script or a macro has no libFuzzer to report to.
pub(super) fn build(checkout: &Checkout, release: bool) -> Result<PathBuf, ProgramError> {
    let versions = Program::cargo(checkout).args(["--version", "--verbose"]).output()?;
    let host = versions.lines().find_map(|line| line.strip_prefix("host: ")).unwrap_or_default();
    // Cargo only adds to it what the workspace has not; without it, newer versions may be found.
    let _ = std::fs::copy(checkout.root().join("Cargo.lock"), checkout.root().join("fuzz/Cargo.lock"));
    Program::cargo(checkout)
        .args(["build", "--bins", "--target", host])
        .args(release.then_some("--release"))
        .arg("--manifest-path")
        .arg(checkout.root().join("fuzz/Cargo.toml"))
        .arg("--target-dir")
        .arg(checkout.built())
        .env("RUSTFLAGS", COVERAGE.join(" "))
        .run()?;
    Ok(checkout.built().join(host).join(if release { "release" } else { "debug" }))
}
