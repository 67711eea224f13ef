//! Which runs there are, read from what the suite lists.

use std::fmt;

/// One scenario at one revision of the protocol.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Run {
    /// The scenario's name, for example `auth/metadata-default`.
    pub(super) scenario: String,
    /// The revision it is run at.
    pub(super) wire: Wire,
}

/// The revision of the protocol that a scenario is run at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Wire {
    /// A revision by its date.
    Revision(String),
    /// A scenario of an extension, which belongs to no revision: the suite chooses.
    Extension,
}

/// The suite's list has a line that cannot be understood, or nothing at all.
#[derive(Debug, thiserror::Error)]
#[error("the suite's list of scenarios cannot be read: {line:?}")]
pub(super) struct Unreadable {
    line: String,
}

impl Run {
    /// Whether it is one of the scenarios of the skills extension (SEP-2640), which no client takes part in yet. They
    /// are run and counted apart.
    pub(super) fn is_apart(&self) -> bool {
        self.scenario.starts_with("sep-2640-")
    }
}

impl Wire {
    /// A revision's date, or `extension`.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let is_date = text.len() == 10 && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
        match text {
            "extension" => Some(Self::Extension),
            _ if is_date => Some(Self::Revision(text.to_owned())),
            _ => None,
        }
    }
}

impl fmt::Display for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Revision(date) => date,
            Self::Extension => "extension",
        })
    }
}

impl fmt::Display for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {}", self.scenario, self.wire)
    }
}

/// The runs that the answer to `list --client` comes to. Lines are `  - name [wire,wire]`; one that is not is an error, so
/// that no scenario is missed because it is written in a new way.
pub(super) fn runs(listing: &str) -> Result<Vec<Run>, Unreadable> {
    let mut runs = Vec::new();
    for line in listing.lines().filter(|line| line.starts_with(' ')) {
        let unreadable = || Unreadable { line: line.to_owned() };
        let item = line.trim().strip_prefix("- ").and_then(|item| item.strip_suffix(']'));
        let (scenario, wires) = item.and_then(|item| item.split_once(" [")).ok_or_else(unreadable)?;
        for wire in wires.split(',') {
            let wire = Wire::parse(wire).ok_or_else(unreadable)?;
            runs.push(Run { scenario: scenario.to_owned(), wire });
        }
    }
    if runs.is_empty() {
        return Err(Unreadable { line: listing.to_owned() });
    }
    Ok(runs)
}

#[cfg(test)]
mod tests;
