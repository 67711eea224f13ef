//! The real peers of the tests: which tests need which, and how the tests learn where they are.

use std::ffi::{OsStr, OsString};

use crate::checkout::Checkout;
use crate::setup::{Missing, Part, chromium, node_modules, time_server_program};

/// The tests of the program that need a part of the set-up: each is a module of `crates/mcpo/tests/it`.
const NEEDS: [(&str, &[Part]); 3] = [
    ("peers::everything::", &[Part::NpmPackages]),
    ("peers::time::", &[Part::TimeServer]),
    ("browser::", &[Part::NpmPackages, Part::Chromium]),
];

/// The modules of tests that cannot run while these parts are missing.
pub(super) fn left_out(missing: &[Missing]) -> Vec<&'static str> {
    let is_missing = |part: &Part| missing.iter().any(|missing| missing.part == *part);
    NEEDS.iter().filter(|(_, parts)| parts.iter().any(is_missing)).map(|(module, _)| *module).collect()
}

/// Every module of tests that needs something installed.
pub(super) fn all() -> Vec<&'static str> {
    NEEDS.iter().map(|(module, _)| *module).collect()
}

/// The expression that makes nextest leave these modules out, if there are any.
pub(super) fn filter(modules: &[&str]) -> Option<String> {
    let tests: Vec<String> = modules.iter().map(|module| format!("test(/^{module}/)")).collect();
    (!tests.is_empty()).then(|| format!("not (package(mcpo) and binary(it) and ({}))", tests.join(" or ")))
}

/// The variables that tell the tests where the peers are (docs/testing.md). A command line is a JSON array of strings.
pub(super) fn environment(checkout: &Checkout, missing: &[Missing]) -> Vec<(&'static str, OsString)> {
    let has = |part: Part| !missing.iter().any(|missing| missing.part == part);
    let mut variables = Vec::new();
    if has(Part::NpmPackages) {
        let modules = node_modules(checkout);
        let everything = modules.join("@modelcontextprotocol/server-everything/dist/index.js");
        variables.push(("MCPO_TEST_EVERYTHING", command_line(&["node".as_ref(), everything.as_os_str()])));
        variables.push(("MCPO_TEST_NODE_MODULES", modules.into_os_string()));
    }
    if has(Part::TimeServer) {
        variables.push(("MCPO_TEST_TIME", command_line(&[time_server_program(checkout).as_os_str()])));
    }
    if let Some(chromium) = chromium() {
        variables.push(("MCPO_TEST_CHROMIUM", chromium.into_os_string()));
    }
    variables.push(("MCPO_TEST_SCREENSHOTS", checkout.work("screenshots").into_os_string()));
    variables
}

/// Words as a JSON array, so that a path may hold spaces.
fn command_line(words: &[&OsStr]) -> OsString {
    let words: Vec<_> = words.iter().map(|word| word.to_string_lossy()).collect();
    serde_json::Value::from(words).to_string().into()
}

#[cfg(test)]
mod tests;
