//! What a run means for the whole: its outcome beside the list of what is open.

use std::fmt;

use super::list::Run;
use super::open::Open;

/// What a run means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It passed, as it must.
    Passed,
    /// It failed, as the list says, for this reason.
    Open(String),
    /// It failed and is not in the list.
    Failed,
    /// It passed and is in the list: the line must go.
    Closed,
    /// It is counted apart.
    Apart {
        /// Whether it passed.
        passed: bool,
    },
}

impl Verdict {
    pub(super) fn of(run: &Run, passed: bool, open: &[Open]) -> Self {
        if run.is_apart() {
            return Self::Apart { passed };
        }
        match (open.iter().find(|open| open.run == *run), passed) {
            (None, true) => Self::Passed,
            (None, false) => Self::Failed,
            (Some(_), true) => Self::Closed,
            (Some(open), false) => Self::Open(open.reason.clone()),
        }
    }

    /// One word for the table.
    pub(super) fn word(&self) -> &'static str {
        match self {
            Self::Passed => "ok",
            Self::Open(_) => "open",
            Self::Failed => "FAILED",
            Self::Closed => "PASSES",
            Self::Apart { passed: true } => "(ok)",
            Self::Apart { passed: false } => "(no)",
        }
    }
}

/// The counts of all runs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    /// Runs that passed, in the list or not.
    pub(crate) passed: usize,
    /// Runs that count.
    pub(crate) total: usize,
    /// Runs that failed as the list says.
    pub(crate) open: usize,
    /// Runs that are not as the list says, and lines of it that name no run.
    pub(crate) unexpected: usize,
    /// Of the runs counted apart, those that passed.
    pub(crate) apart_passed: usize,
    /// The runs counted apart.
    pub(crate) apart: usize,
}

impl Tally {
    pub(super) fn add(&mut self, verdict: &Verdict) {
        match verdict {
            Verdict::Apart { passed } => {
                self.apart += 1;
                self.apart_passed += usize::from(*passed);
                return;
            }
            Verdict::Passed => self.passed += 1,
            Verdict::Open(_) => self.open += 1,
            Verdict::Failed => self.unexpected += 1,
            Verdict::Closed => {
                self.passed += 1;
                self.unexpected += 1;
            }
        }
        self.total += 1;
    }

    /// Whether everything is as the list says, and there was something at all.
    pub(crate) fn is_good(self) -> bool {
        self.unexpected == 0 && self.total > 0
    }
}

/// `N/M, N open`, and what is wrong.
impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}, {} open", self.passed, self.total, self.open)?;
        if self.unexpected > 0 {
            write!(f, ", {} not as xtask/conformance-open.txt says", self.unexpected)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
