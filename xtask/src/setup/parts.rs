//! The parts of the set-up, each installed by one installer.

use std::error::Error;
use std::fmt::Write as _;
use std::thread;
use std::time::Instant;

use super::{cargo_tools, debian, npm, python};
use crate::checkout::Checkout;
use crate::fuzz;
use crate::program::ProgramError;

/// Something that has to be on the machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// cargo-nextest, which runs the tests.
    Nextest,
    /// cargo-deny, which checks licences and dependencies.
    Deny,
    /// The npm packages: real servers, the TypeScript SDK for one of ours, and playwright-core.
    NpmPackages,
    /// The Python servers mcp-server-time, mcp-server-git and mcp-server-fetch, in a virtual environment.
    PythonServers,
    /// The Python SDK and `FastMCP`, for servers of ours, in another one.
    PythonSdk,
    /// Chromium, for the end-to-end tests in a browser.
    Chromium,
    /// open-webui/mcpo, which the benchmark compares with.
    Mcpo,
    /// nginx, the plain hop of the benchmark.
    Nginx,
    /// The official conformance suite, with the Node that it needs.
    Conformance,
    /// A C++ compiler, for the fuzz targets.
    Cxx,
}

impl Part {
    /// Everything there is.
    const ALL: [Self; 10] = [
        Self::Nextest,
        Self::Deny,
        Self::NpmPackages,
        Self::PythonServers,
        Self::PythonSdk,
        Self::Chromium,
        Self::Mcpo,
        Self::Nginx,
        Self::Conformance,
        Self::Cxx,
    ];

    /// What the tests need.
    pub(crate) const OF_TESTS: [Self; 8] = [
        Self::Nextest,
        Self::Deny,
        Self::NpmPackages,
        Self::PythonServers,
        Self::PythonSdk,
        Self::Chromium,
        Self::Conformance,
        Self::Cxx,
    ];

    /// What it is called.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Nextest => "cargo-nextest",
            Self::Deny => "cargo-deny",
            Self::NpmPackages => "npm packages",
            Self::PythonServers => "Python servers",
            Self::PythonSdk => "Python SDK",
            Self::Chromium => "chromium",
            Self::Mcpo => "mcpo 0.0.20",
            Self::Nginx => "nginx",
            Self::Conformance => "conformance suite",
            Self::Cxx => "C++ compiler",
        }
    }

    /// Whether it is there.
    pub(crate) fn is_present(self, checkout: &Checkout) -> bool {
        match self {
            Self::Nextest => cargo_tools::NEXTEST.is_present(),
            Self::Deny => cargo_tools::DENY.is_present(),
            Self::NpmPackages => npm::PEERS.is_present(checkout),
            Self::PythonServers => python::SERVERS.is_present(checkout),
            Self::PythonSdk => python::SDK.is_present(checkout),
            Self::Chromium => debian::chromium().is_some(),
            Self::Mcpo => python::MCPO.is_present(checkout),
            Self::Nginx => debian::nginx().is_some(),
            Self::Conformance => npm::CONFORMANCE.is_present(checkout),
            Self::Cxx => fuzz::compiler().is_some(),
        }
    }

    fn install(self, checkout: &Checkout) -> Result<(), InstallError> {
        match self {
            Self::Nextest => cargo_tools::NEXTEST.install(checkout),
            Self::Deny => cargo_tools::DENY.install(checkout),
            Self::NpmPackages => npm::PEERS.install(checkout),
            Self::PythonServers => python::SERVERS.install(checkout),
            Self::PythonSdk => python::SDK.install(checkout),
            Self::Chromium => debian::install("chromium", checkout),
            Self::Mcpo => python::MCPO.install(checkout),
            Self::Nginx => debian::install("nginx-light", checkout),
            Self::Conformance => npm::CONFORMANCE.install(checkout),
            Self::Cxx => debian::install("g++", checkout),
        }
    }

    /// Parts with the same installer are installed one after another.
    fn installer(self) -> Installer {
        match self {
            Self::Nextest | Self::Deny => Installer::Cargo,
            Self::NpmPackages | Self::Conformance => Installer::Npm,
            Self::PythonServers | Self::PythonSdk | Self::Mcpo => Installer::Pip,
            Self::Chromium | Self::Nginx | Self::Cxx => Installer::Apt,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Installer {
    Cargo,
    Npm,
    Pip,
    Apt,
}

/// Why a part could not be installed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum InstallError {
    /// The installer is not there.
    #[error("{program} is not on the PATH: install {program}")]
    NoInstaller {
        /// Its name.
        program: &'static str,
    },
    /// This user or this system may not install it.
    #[error("only root on Debian installs it here: install Debian's package {package}, or your system's own")]
    NotAllowed {
        /// The package of Debian.
        package: &'static str,
    },
    /// The installer failed.
    #[error("it could not be installed")]
    Program(#[from] ProgramError),
    /// A file of the set-up could not be written.
    #[error("{path} could not be written")]
    File {
        /// The file.
        path: String,
        /// Why.
        #[source]
        source: std::io::Error,
    },
}

/// A part that is not there after the set-up.
#[derive(Debug)]
pub(crate) struct Missing {
    /// What is missing.
    pub(crate) part: Part,
    /// Why, in words for a person.
    pub(crate) why: String,
}

/// `cargo xtask setup`: everything; true if nothing is missing.
pub(crate) fn run(checkout: &Checkout) -> bool {
    let missing = install(checkout, &Part::ALL);
    for missing in &missing {
        println!("setup: {} is missing: {}", missing.part.name(), missing.why);
    }
    missing.is_empty()
}

/// Installs these parts where they are absent, and says which are still missing.
pub(crate) fn install(checkout: &Checkout, parts: &[Part]) -> Vec<Missing> {
    thread::scope(|scope| {
        let running: Vec<_> = [Installer::Cargo, Installer::Npm, Installer::Pip, Installer::Apt]
            .into_iter()
            .map(|installer| {
                let mine: Vec<Part> =
                    parts.iter().copied().filter(|part| part.installer() == installer).collect();
                scope.spawn(move || {
                    mine.into_iter().filter_map(|part| install_one(checkout, part)).collect::<Vec<_>>()
                })
            })
            .collect();
        running.into_iter().flat_map(|thread| thread.join().unwrap_or_default()).collect()
    })
}

#[expect(clippy::disallowed_methods, reason = "how long an installation took, for the person who waited")]
fn install_one(checkout: &Checkout, part: Part) -> Option<Missing> {
    let name = part.name();
    if part.is_present(checkout) {
        println!("setup: {name}: there");
        return None;
    }
    println!("setup: {name}: installing");
    let start = Instant::now();
    let result = part.install(checkout);
    let seconds = start.elapsed().as_secs();
    match result {
        Ok(()) if part.is_present(checkout) => {
            println!("setup: {name}: installed in {seconds} s");
            None
        }
        Ok(()) => Some(Missing { part, why: "the installer ended well, but it is not there".to_owned() }),
        Err(error) => Some(Missing { part, why: chain(&error) }),
    }
}

/// The error and its causes in one line.
pub(crate) fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        // Writing to a String cannot fail.
        let _ = write!(text, ": {error}");
        cause = error.source();
    }
    text
}
