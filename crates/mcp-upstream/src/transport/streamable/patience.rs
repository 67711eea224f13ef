//! How long to wait before an event stream is opened again.
use std::time::Duration;

use crate::Limits;

/// What came of the attempts so far.
#[derive(Debug, Default)]
pub(super) struct Patience {
    /// Attempts in a row that brought no stream.
    failed: usize,
    /// Streams in a row that brought nothing new.
    fruitless: usize,
}

impl Patience {
    /// No stream could be had. How often in a row by now.
    pub(super) fn failed(&mut self) -> usize {
        self.failed += 1;
        self.failed
    }

    /// A stream ended. How often in a row by now without anything new.
    pub(super) fn ended(&mut self, news: bool) -> usize {
        self.failed = 0;
        self.fruitless = if news { 0 } else { self.fruitless + 1 };
        self.fruitless
    }

    /// The pause before the next attempt. "The client MUST respect the retry field" (2025-11-25, basic/transports,
    /// "Sending Messages to the Server"): a server that is polled at its own pace is not asked less often because it has
    /// nothing to say, only when it fails (WHATWG HTML §9.2.3: "Optionally, wait some more").
    pub(super) fn pause(&self, retry: Option<Duration>, limits: &Limits) -> Duration {
        let (first, doublings) = match retry {
            Some(retry) => (retry.min(limits.longest_retry).max(limits.shortest_retry), self.failed),
            None => (limits.resume_pause, self.failed.saturating_add(self.fruitless)),
        };
        let factor = 1 << doublings.min(MOST_DOUBLINGS);
        first.saturating_mul(factor).min(limits.listen_pause.max(first))
    }
}

const MOST_DOUBLINGS: usize = 16;

#[cfg(test)]
mod tests;
