//! Why a session ended.
use std::{error::Error, fmt, process::ExitStatus, sync::Arc};

use crate::{BoxError, StderrTail};

/// Why a session ended. Every call that was under way gets the same reason.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum Closed {
    /// This side closed it, or dropped the last handle.
    #[error("the session was closed")]
    Local,
    /// The server's process ended.
    #[error("the server process ended ({status}){}", last_words(.stderr))]
    Exited {
        /// How it ended.
        status: ExitStatus,
        /// The end of what it wrote to standard error.
        stderr: StderrTail,
    },
    /// The server closed its output but went on running; it was then killed.
    #[error("the server closed its output{}", last_words(.stderr))]
    EndOfOutput {
        /// The end of what it wrote to standard error.
        stderr: StderrTail,
    },
    /// The server no longer knows the session (HTTP 404, or 400 to a ping as well); connect again.
    #[error("the server no longer knows this session")]
    SessionExpired,
    /// The event stream that carries a legacy SSE session ended.
    #[error("the server ended the event stream")]
    StreamEnded,
    /// The connection broke, or nobody listens at the server's address any more.
    #[error("the connection to the server broke")]
    Transport {
        /// What broke.
        #[source]
        source: SharedError,
    },
}

impl Closed {
    /// The end of what the server's process wrote to standard error, where there is a process.
    pub fn stderr(&self) -> Option<&StderrTail> {
        match self {
            Self::Exited { stderr, .. } | Self::EndOfOutput { stderr } => Some(stderr),
            _ => None,
        }
    }
}

/// An error that several callers get at once. The error itself is its [`source`](Error::source), so that it can be
/// found by downcast in the chain.
#[derive(Clone)]
pub struct SharedError(Arc<dyn Error + Send + Sync>);

impl From<BoxError> for SharedError {
    fn from(error: BoxError) -> Self {
        Self(Arc::from(error))
    }
}

impl From<std::io::Error> for SharedError {
    fn from(error: std::io::Error) -> Self {
        Self(Arc::new(error))
    }
}

impl Error for SharedError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&*self.0)
    }
}

impl fmt::Display for SharedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the transport failed")
    }
}

impl fmt::Debug for SharedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

/// The line of standard error that most likely is the reason.
fn last_words(stderr: &StderrTail) -> String {
    stderr.last_words().map(|line| format!(": {line}")).unwrap_or_default()
}
