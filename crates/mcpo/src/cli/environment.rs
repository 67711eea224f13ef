//! The process environment, read in one place.

use std::path::PathBuf;

/// Where the program's own settings that are not flags come from.
///
/// | variable | meaning |
/// |---|---|
/// | `LOG_LEVEL` | as `--log-level`, which wins |
/// | `MCPO_API_KEY` | as `--api-key`, which wins; keeps the key out of the process list |
/// | `MCPO_TOKEN_KEY_FILE` | file of the key that stored tokens are sealed with, made if it is not there |
/// | `MCPO_TOKEN_KEY` | that key itself |
/// | `CONNECTION_TIMEOUT` | seconds that a server may take to connect and answer `initialize` |
/// | `HOME` (`USERPROFILE` on Windows) | where `.mcpo/tokens` lies |
pub trait Environment {
    /// The value of a variable, if it is set, not empty, and text.
    fn variable(&self, name: &str) -> Option<String>;

    /// The user's home directory.
    fn home(&self) -> Option<PathBuf> {
        let name = if cfg!(windows) { "USERPROFILE" } else { "HOME" };
        self.variable(name).map(PathBuf::from)
    }
}

/// The environment of this process.
#[derive(Debug, Clone, Copy, Default)]
pub struct ProcessEnvironment;

impl Environment for ProcessEnvironment {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
    fn variable(&self, name: &str) -> Option<String> {
        std::env::var(name).ok().filter(|value| !value.is_empty())
    }
}
