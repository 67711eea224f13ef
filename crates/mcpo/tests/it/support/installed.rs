//! What `cargo xtask setup` installed, as its environment variables tell.

use std::ffi::OsString;

/// A command line of an installed program, from the variable that holds it.
#[derive(Debug, Clone)]
pub(crate) struct Installed(Vec<String>);

impl Installed {
    /// The command line as the words after `--`.
    pub(crate) fn words(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// The program.
    pub(crate) fn program(&self) -> &str {
        &self.0[0]
    }

    /// Its arguments.
    pub(crate) fn arguments(&self) -> &[String] {
        &self.0[1..]
    }
}

/// The command line in a variable, a JSON array of strings. `None`: the test has to leave, and has said why.
pub(crate) fn command_line(variable: &str) -> Option<Installed> {
    let value = setting(variable)?;
    let words: Vec<String> = serde_json::from_str(&value.to_string_lossy())
        .unwrap_or_else(|error| panic!("{variable} is no JSON array of strings: {error}"));
    assert!(!words.is_empty(), "{variable} names no program");
    Some(Installed(words))
}

/// A variable that `cargo xtask test` sets. `None`: it is not set, and the test has to leave.
///
/// Continuous integration must have everything, so there an unset variable is a failure.
#[expect(clippy::disallowed_methods, reason = "the one place of these tests that reads the environment")]
pub(crate) fn setting(variable: &str) -> Option<OsString> {
    let value = std::env::var_os(variable).filter(|value| !value.is_empty());
    if value.is_none() {
        let in_ci = std::env::var_os("CI").is_some_and(|ci| ci == "true" || ci == "1");
        assert!(!in_ci, "{variable} is not set: run the tests with `cargo xtask test`");
        eprintln!("left out: {variable} is not set; `cargo xtask test` installs what it names and sets it");
    }
    value
}
