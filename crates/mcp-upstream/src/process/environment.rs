//! What a child inherits: only what any program needs, unless it is to have everything.
use std::ffi::{OsStr, OsString};

use crate::Command;

/// The variables that the child starts with. Later ones override earlier ones.
pub(super) fn of(command: &Command) -> Vec<(OsString, OsString)> {
    let mut variables: Vec<(OsString, OsString)> = inherited()
        .into_iter()
        .filter(|(name, value)| command.inherit_env || (is_minimal(name) && !is_function(value)))
        .collect();
    variables.extend(command.env.iter().cloned());
    variables
}

/// The last value of a variable.
pub(super) fn value(variables: &[(OsString, OsString)], wanted: &str) -> OsString {
    let named = |name: &OsStr| if cfg!(windows) { name.eq_ignore_ascii_case(wanted) } else { name == wanted };
    variables.iter().rev().find(|(name, _)| named(name)).map(|(_, value)| value.clone()).unwrap_or_default()
}

#[expect(
    clippy::disallowed_methods,
    reason = "a child's environment is made of this process's own, here only"
)]
fn inherited() -> Vec<(OsString, OsString)> {
    std::env::vars_os().collect()
}

fn is_minimal(name: &OsStr) -> bool {
    MINIMAL
        .iter()
        .any(|minimal| if cfg!(windows) { name.eq_ignore_ascii_case(minimal) } else { name == *minimal })
}

/// Exported shell functions; they are code (CVE-2014-6271), and the MCP SDKs leave them out, too.
fn is_function(value: &OsStr) -> bool {
    value.as_encoded_bytes().starts_with(b"()")
}

/// What the MCP SDKs pass on, and what sets the language, the time zone and the place for temporary files.
#[cfg(not(windows))]
const MINIMAL: &[&str] = &[
    "PATH", "HOME", "USER", "LOGNAME", "SHELL", "TERM", "LANG", "LANGUAGE", "LC_ALL", "LC_CTYPE", "TMPDIR",
    "TZ",
];
#[cfg(windows)]
const MINIMAL: &[&str] = &[
    "PATH",
    "PATHEXT",
    "COMSPEC",
    "APPDATA",
    "LOCALAPPDATA",
    "PROGRAMDATA",
    "PROGRAMFILES",
    "HOMEDRIVE",
    "HOMEPATH",
    "USERPROFILE",
    "USERNAME",
    "SYSTEMDRIVE",
    "SYSTEMROOT",
    "PROCESSOR_ARCHITECTURE",
    "TEMP",
    "TMP",
    "TZ",
];
