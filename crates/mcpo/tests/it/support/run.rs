//! The program run to its end.

use std::ffi::OsStr;
use std::process::Stdio;

use tokio::process::Command;

use super::PATIENCE;

/// The program under test, with nothing of the user's settings: its own empty home, no key, no log level.
pub(crate) fn mcpo(home: &std::path::Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mcpo"));
    command.env("HOME", home).env("USERPROFILE", home).current_dir(home);
    for setting in
        ["LOG_LEVEL", "MCPO_API_KEY", "MCPO_TOKEN_KEY", "MCPO_TOKEN_KEY_FILE", "CONNECTION_TIMEOUT"]
    {
        command.env_remove(setting);
    }
    command.stdin(Stdio::null()).kill_on_drop(true);
    command
}

/// How a run ended.
#[derive(Debug)]
pub(crate) struct Finished {
    /// The exit code; `None` when a signal ended it.
    pub(crate) code: Option<i32>,
    /// What it printed.
    pub(crate) stdout: String,
    /// What it complained about.
    pub(crate) stderr: String,
}

/// Runs the program with these arguments until it ends by itself.
pub(crate) async fn run<A: AsRef<OsStr>>(arguments: impl IntoIterator<Item = A>) -> Finished {
    let home = tempfile::tempdir().expect("a temporary directory");
    let output = tokio::time::timeout(PATIENCE, mcpo(home.path()).args(arguments).output())
        .await
        .expect("the program ends by itself")
        .expect("the program starts");
    Finished {
        code: output.status.code(),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}
