//! The real peers of the tests: which tests need which, and how the tests learn where they are.

use std::ffi::{OsStr, OsString};
use std::fmt;

use crate::checkout::Checkout;
use crate::conformance;
use crate::setup::{Missing, Part, chromium, node_modules, python_sdk, python_server};

/// Tests that need a part of the set-up: a module of `tests/it` of a crate.
struct Needy {
    package: &'static str,
    module: &'static str,
    parts: &'static [Part],
}

const fn needy(package: &'static str, module: &'static str, parts: &'static [Part]) -> Needy {
    Needy { package, module, parts }
}

const NEEDS: [Needy; 14] = [
    needy("mcpo", "peers::everything::", &[Part::NpmPackages]),
    needy("mcpo", "peers::time::", &[Part::PythonServers]),
    needy("mcpo", "browser::", &[Part::NpmPackages, Part::Chromium]),
    needy("mcp-oauth-client", "real::", &[Part::NpmPackages, Part::Conformance]),
    needy("mcp-upstream", "real::everything::", &[Part::NpmPackages]),
    needy("mcp-upstream", "lists::everything::", &[Part::NpmPackages]),
    needy("mcp-upstream", "real::memory::", &[Part::NpmPackages]),
    needy("mcp-upstream", "real::filesystem::", &[Part::NpmPackages]),
    needy("mcp-upstream", "real::typescript_sdk::", &[Part::NpmPackages]),
    needy("mcp-upstream", "real::time::", &[Part::PythonServers]),
    needy("mcp-upstream", "real::git::", &[Part::PythonServers]),
    needy("mcp-upstream", "real::fetch::", &[Part::PythonServers]),
    needy("mcp-upstream", "real::python_sdk::", &[Part::PythonSdk]),
    needy("mcp-upstream", "real::fastmcp::", &[Part::PythonSdk]),
];

/// A module of tests that is not run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct LeftOut {
    package: &'static str,
    module: &'static str,
}

impl fmt::Display for LeftOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}*, of {}", self.module, self.package)
    }
}

/// The modules of tests that cannot run while these parts are missing.
pub(super) fn left_out(missing: &[Missing]) -> Vec<LeftOut> {
    let is_missing = |part: &Part| missing.iter().any(|missing| missing.part == *part);
    chosen(|needy| needy.parts.iter().any(is_missing))
}

/// Every module of tests that needs something installed.
pub(super) fn all() -> Vec<LeftOut> {
    chosen(|_| true)
}

fn chosen(choose: impl Fn(&Needy) -> bool) -> Vec<LeftOut> {
    let left_out = |needy: &Needy| LeftOut { package: needy.package, module: needy.module };
    NEEDS.iter().filter(|needy| choose(needy)).map(left_out).collect()
}

/// The expression that makes nextest leave these modules out, if there are any.
pub(super) fn filter(modules: &[LeftOut]) -> Option<String> {
    let test = |LeftOut { package, module }: &LeftOut| format!("(package({package}) and test(/^{module}/))");
    let tests: Vec<String> = modules.iter().map(test).collect();
    (!tests.is_empty()).then(|| format!("not (binary(it) and ({}))", tests.join(" or ")))
}

/// The variables that tell the tests where the peers are (docs/testing.md). A command line is a JSON array of strings.
pub(crate) fn environment(checkout: &Checkout, missing: &[Missing]) -> Vec<(&'static str, OsString)> {
    let has = |part: Part| !missing.iter().any(|missing| missing.part == part);
    let mut variables = Vec::new();
    // Servers of ours, made with somebody's SDK.
    let ours = checkout.root().join("crates/mcp-upstream/tests/servers");
    if has(Part::NpmPackages) {
        let modules = node_modules(checkout);
        for (variable, package) in [
            ("MCPO_TEST_EVERYTHING", "server-everything"),
            ("MCPO_TEST_MEMORY", "server-memory"),
            ("MCPO_TEST_FILESYSTEM", "server-filesystem"),
        ] {
            let program = modules.join("@modelcontextprotocol").join(package).join("dist/index.js");
            variables.push((variable, command_line(&["node".as_ref(), program.as_os_str()])));
        }
        let sdk = ours.join("typescript_sdk.mjs");
        let words = ["node".as_ref(), sdk.as_os_str(), modules.as_os_str()];
        variables.push(("MCPO_TEST_TYPESCRIPT_SDK", command_line(&words)));
        if has(Part::Conformance) {
            // oidc-provider needs the Node that the conformance suite brings.
            let node = conformance::node(checkout);
            let script = checkout.root().join("crates/mcp-oauth-client/tests/servers/oidc_provider.mjs");
            let words = [node.as_os_str(), script.as_os_str(), modules.as_os_str()];
            variables.push(("MCPO_TEST_OIDC_PROVIDER", command_line(&words)));
        }
        variables.push(("MCPO_TEST_NODE_MODULES", modules.into_os_string()));
    }
    if has(Part::PythonServers) {
        for (variable, program) in [
            ("MCPO_TEST_TIME", "mcp-server-time"),
            ("MCPO_TEST_GIT", "mcp-server-git"),
            ("MCPO_TEST_FETCH", "mcp-server-fetch"),
        ] {
            variables.push((variable, command_line(&[python_server(checkout, program).as_os_str()])));
        }
    }
    if has(Part::PythonSdk) {
        for (variable, file) in
            [("MCPO_TEST_PYTHON_SDK", "python_sdk.py"), ("MCPO_TEST_FASTMCP", "fastmcp_server.py")]
        {
            let words = [python_sdk(checkout).into_os_string(), ours.join(file).into_os_string()];
            variables.push((variable, command_line(&[&words[0], &words[1]])));
        }
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
