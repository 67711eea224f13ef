//! What the suite checked in one run: its `checks.json`.

use std::fmt;

use serde::Deserialize;

/// One check that the suite made.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Check {
    id: String,
    status: Status,
    #[serde(default)]
    description: String,
    #[serde(default)]
    error_message: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum Status {
    Success,
    Failure,
    Warning,
    Info,
    Skipped,
}

impl Check {
    /// Whether it counts against the client: in the strict mode a warning does too.
    pub(super) fn is_bad(&self) -> bool {
        matches!(self.status, Status::Failure | Status::Warning)
    }

    /// Whether it counts for the client.
    pub(super) fn is_good(&self) -> bool {
        self.status == Status::Success
    }
}

/// The check's id and what the suite says about it.
impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = if self.status == Status::Warning { "warning: " } else { "" };
        let message = self.error_message.as_deref().unwrap_or(&self.description);
        write!(f, "{kind}{}: {message}", self.id)
    }
}

/// Reads `checks.json`.
pub(super) fn parse(text: &[u8]) -> serde_json::Result<Vec<Check>> {
    serde_json::from_slice(text)
}

#[cfg(test)]
mod tests;
