//! The list of the runs that do not pass yet: `xtask/conformance-open.txt`.
//!
//! A line is `scenario wire reason`; `#` begins a comment line. The list only shrinks: a line whose run passes, or that
//! names no run, fails the whole as much as a failure that is not in the list.

use super::list::{Run, Wire};

/// One line of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Open {
    /// What does not pass.
    pub(super) run: Run,
    /// Why.
    pub(super) reason: String,
}

/// A line that is none.
#[derive(Debug, thiserror::Error)]
#[error("line {number} is not `scenario wire reason`, or is there twice: {line:?}")]
pub(super) struct BadLine {
    number: usize,
    line: String,
}

/// Reads the list.
pub(super) fn parse(text: &str) -> Result<Vec<Open>, BadLine> {
    let mut open: Vec<Open> = Vec::new();
    for (index, line) in text.lines().map(str::trim).enumerate() {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let bad = || BadLine { number: index + 1, line: line.to_owned() };
        let (scenario, rest) = line.split_once(char::is_whitespace).ok_or_else(bad)?;
        let (wire, reason) = rest.trim_start().split_once(char::is_whitespace).ok_or_else(bad)?;
        let run = Run { scenario: scenario.to_owned(), wire: Wire::parse(wire).ok_or_else(bad)? };
        if open.iter().any(|open| open.run == run) {
            return Err(bad());
        }
        open.push(Open { run, reason: reason.trim().to_owned() });
    }
    Ok(open)
}

#[cfg(test)]
mod tests;
