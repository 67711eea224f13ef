//! The end of a child's standard error, kept in a bounded ring of lines.
use std::{
    collections::VecDeque,
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::io::{AsyncRead, AsyncReadExt as _};

/// The last lines that a server's process wrote to standard error, oldest first.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct StderrTail(Arc<[Box<str>]>);

impl StderrTail {
    /// The lines, oldest first, without line ends.
    pub fn lines(&self) -> impl DoubleEndedIterator<Item = &str> + ExactSizeIterator {
        self.0.iter().map(|line| &**line)
    }

    /// The last line that is not blank.
    pub fn last_line(&self) -> Option<&str> {
        self.lines().rev().find(|line| !line.trim().is_empty())
    }

    /// The last `n` lines, oldest first.
    pub fn last_lines(&self, n: usize) -> impl DoubleEndedIterator<Item = &str> + ExactSizeIterator {
        let first = self.0.len().saturating_sub(n);
        self.lines().skip(first)
    }

    /// The line that says best why the process ended, if only one can be shown. Among the last 20 it is the last that
    /// mentions an error, since others often follow it (a stack, a version, a farewell); if none does, the last line that
    /// is not blank. A guess, and no more: show [`last_lines`](Self::last_lines) where there is room.
    pub fn last_words(&self) -> Option<&str> {
        self.last_lines(LAST_WORDS).rev().find(|line| mentions_error(line)).or_else(|| self.last_line())
    }

    /// Whether nothing was written.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for StderrTail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, line) in self.lines().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            f.write_str(line)?;
        }
        Ok(())
    }
}

impl fmt::Debug for StderrTail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.lines()).finish()
    }
}

/// `Error: …`, `ModuleNotFoundError: …`, `[ERROR] …`; but no frame of a stack, which may name a file of errors.
fn mentions_error(line: &str) -> bool {
    !line.trim_start().starts_with("at ") && line.to_ascii_lowercase().contains("error")
}

/// Where the lines are kept while the child runs.
#[derive(Debug)]
pub(crate) struct StderrRing {
    limit: usize,
    state: Mutex<Ring>,
}

#[derive(Debug, Default)]
struct Ring {
    lines: VecDeque<Box<str>>,
    bytes: usize,
}

impl StderrRing {
    pub(crate) fn new(limit: usize) -> Self {
        Self { limit, state: Mutex::default() }
    }

    pub(crate) fn tail(&self) -> StderrTail {
        let ring = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        StderrTail(ring.lines.iter().cloned().collect())
    }

    fn push(&self, line: &[u8]) {
        let line: Box<str> = String::from_utf8_lossy(line.trim_ascii_end()).into();
        let mut ring = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        ring.bytes += cost(&line);
        ring.lines.push_back(line);
        while ring.bytes > self.limit {
            let Some(oldest) = ring.lines.pop_front() else { break };
            ring.bytes -= cost(&oldest);
        }
    }
}

/// Reads lines until the end. A line longer than [`LONGEST_LINE`] is cut into several.
pub(crate) async fn collect(mut stderr: impl AsyncRead + Unpin, ring: Arc<StderrRing>) {
    let mut line = Vec::new();
    let mut chunk = [0; 1024];
    while let Ok(read @ 1..) = stderr.read(&mut chunk).await {
        for byte in chunk.iter().take(read) {
            if *byte == b'\n' || line.len() >= LONGEST_LINE {
                ring.push(&line);
                line.clear();
            }
            if *byte != b'\n' {
                line.push(*byte);
            }
        }
    }
    if !line.is_empty() {
        ring.push(&line);
    }
}

/// An empty line takes room as well.
fn cost(line: &str) -> usize {
    line.len() + 32
}

const LONGEST_LINE: usize = 4096;
/// An error from further back is most likely not why the process ended.
const LAST_WORDS: usize = 20;

#[cfg(test)]
mod tests;
