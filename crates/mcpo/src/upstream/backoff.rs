//! How long to wait before trying again: doubling, capped, with jitter.

use std::time::Duration;

use mcp_oauth_core::Entropy;

/// Growing waits between attempts. Half of each wait is random, so that servers that fell together do not rise together.
#[derive(Debug, Clone)]
pub struct Backoff {
    first: Duration,
    longest: Duration,
    attempts: u32,
}

/// The limits of a backoff contradict each other.
#[derive(Debug, thiserror::Error)]
#[error("the first wait ({first:?}) must be above zero and not above the longest ({longest:?})")]
pub struct BackoffError {
    first: Duration,
    longest: Duration,
}

impl Backoff {
    /// Waits from `first` up to `longest`.
    ///
    /// # Errors
    /// When `first` is zero or above `longest`.
    pub fn new(first: Duration, longest: Duration) -> Result<Self, BackoffError> {
        if first.is_zero() || first > longest {
            return Err(BackoffError { first, longest });
        }
        Ok(Self { first, longest, attempts: 0 })
    }

    /// Failed attempts since the last success.
    pub fn attempts(&self) -> u32 {
        self.attempts
    }

    /// Counts a failure and says how long to wait.
    pub fn failed(&mut self, entropy: &dyn Entropy) -> Duration {
        let full =
            self.first.saturating_mul(1_u32.checked_shl(self.attempts).unwrap_or(u32::MAX)).min(self.longest);
        self.attempts = self.attempts.saturating_add(1);
        let mut random = [0_u8; 1];
        entropy.fill(&mut random);
        full / 2 + full.mul_f64(f64::from(random[0]) / 512.0)
    }

    /// Starts over after a success.
    pub fn succeeded(&mut self) {
        self.attempts = 0;
    }
}

#[cfg(test)]
mod tests;
