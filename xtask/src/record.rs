//! `cargo xtask record`: what real servers say, for the exactness corpus in `crates/mcp-upstream/tests/corpus/`.

use crate::checkout::Checkout;
use crate::program::Program;
use crate::setup::{self, Part};
use crate::test::peers_environment;

/// The test that records.
const TEST: &str = "corpus::record::the_corpus_is_recorded_anew";

/// Installs the servers and records; true if all of them were there and spoke.
pub(crate) fn run(checkout: &Checkout) -> bool {
    let missing = setup::install(checkout, &[Part::NpmPackages, Part::PythonServers, Part::PythonSdk]);
    for missing in &missing {
        println!("record: {} is missing: {}", missing.part.name(), missing.why);
    }
    if !missing.is_empty() {
        return false;
    }
    let recording = Program::cargo(checkout)
        .args(["test", "--package", "mcp-upstream", "--test", "it", "--", "--ignored", "--exact", TEST])
        .envs(peers_environment(checkout, &missing))
        .run();
    match recording {
        Ok(()) => true,
        Err(error) => {
            println!("record: {error}");
            false
        }
    }
}
