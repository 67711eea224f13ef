//! How many tests passed: counted from the closing lines of the runners.

use std::fmt;
use std::ops::AddAssign;

/// Tests, counted by how they ended. Shown as `N passed, N failed, N skipped`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Tally {
    /// Ended well.
    pub(super) passed: u64,
    /// Ended badly, in whatever way.
    pub(super) failed: u64,
    /// Did not run.
    pub(super) skipped: u64,
}

impl Tally {
    /// The counts of nextest's closing line, if the line is it.
    ///
    /// `Summary [ 0.1s] 5 tests run: 3 passed (1 slow), 1 failed, 1 timed out, 2 skipped`
    pub(super) fn of_nextest(line: &str) -> Option<Self> {
        let rest = line.trim_start().strip_prefix("Summary [")?;
        Some(Self::counts(rest.split_once(" run: ")?.1))
    }

    /// The counts of the closing line of a crate's doctests, if the line is one.
    ///
    /// `test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.1s`
    pub(super) fn of_doctests(line: &str) -> Option<Self> {
        Some(Self::counts(line.strip_prefix("test result: ")?.split_once(". ")?.1))
    }

    fn counts(counts: &str) -> Self {
        let mut tally = Self::default();
        for part in counts.split([',', ';']) {
            let mut words = part.split_whitespace();
            let (Some(count), Some(word)) = (words.next(), words.next()) else { continue };
            let Ok(count) = count.parse::<u64>() else { continue };
            match word {
                "passed" => tally.passed += count,
                // "1 timed out", "1 exec failed" and "1 leaked" are failures with a cause.
                "failed" | "timed" | "exec" | "leaked" => tally.failed += count,
                "skipped" | "ignored" => tally.skipped += count,
                _ => {}
            }
        }
        tally
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed, {} skipped", self.passed, self.failed, self.skipped)
    }
}

#[cfg(test)]
mod tests;
