//! What can go wrong before a session stands.
use std::{
    ffi::OsString,
    io,
    path::{Path, PathBuf},
    time::Duration,
};

use http::StatusCode;

use crate::{BoxError, CallError, Closed, Excerpt, ProtocolVersion, RpcError, StderrTail};

/// Why no session could be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// The server's program could not be started.
    #[error(transparent)]
    Spawn(SpawnError),
    /// The server ended before it answered; for a process, with its exit status and the end of its standard error.
    #[error("the server ended before it answered{}", .said.as_ref().map(|said| format!("; it said: {said}")).unwrap_or_default())]
    Closed {
        /// Why it ended.
        #[source]
        reason: Closed,
        /// What it wrote to its output that is no MCP, if anything.
        said: Option<Excerpt>,
    },
    /// Nothing came in time.
    #[error("no answer to initialize within {after:?}")]
    Timeout {
        /// The deadline that passed.
        after: Duration,
        /// The end of the process's standard error.
        stderr: StderrTail,
    },
    /// Something came, but no MCP.
    #[error("the server speaks no MCP: {}{said}", .status.map(|status| format!("HTTP {status}: ")).unwrap_or_default())]
    NotMcp {
        /// The HTTP status, if there was one.
        status: Option<StatusCode>,
        /// The beginning of what came.
        said: Excerpt,
        /// The end of the process's standard error.
        stderr: StderrTail,
    },
    /// The server insists on a revision that we do not speak.
    #[error("the server speaks revision {answered}, which is none of those we know ({})", known())]
    UnsupportedVersion {
        /// What `initialize` offered.
        offered: ProtocolVersion,
        /// What the server answered.
        answered: Excerpt,
    },
    /// The server answered `initialize` with an error.
    #[error("the server refused to initialize")]
    Refused(#[source] RpcError),
    /// An HTTP status that says no more than that the request failed, such as 401 or 502.
    #[error("the server answered HTTP {status}: {body}")]
    Http {
        /// The status.
        status: StatusCode,
        /// The beginning of the body.
        body: Excerpt,
    },
    /// The HTTP service failed. Its error is the source.
    #[error("the server could not be reached")]
    Transport {
        /// The service's own error, to be found by downcast.
        #[source]
        source: BoxError,
    },
    /// A legacy SSE server named an endpoint on another origin, or none that is a URL.
    #[error("the server's endpoint is not acceptable: {endpoint}")]
    Endpoint {
        /// What it named.
        endpoint: Excerpt,
    },
    /// The answer to `initialize` is longer than the limit.
    #[error("the answer to initialize is longer than {limit} bytes")]
    TooLarge {
        /// The limit in bytes.
        limit: usize,
    },
    /// The answer to `initialize` lacks what the protocol demands.
    #[error("the answer to initialize is not what the protocol promises")]
    Malformed {
        /// What is wrong with it.
        #[source]
        source: serde_json::Error,
    },
}

impl ConnectError {
    /// The end of the process's standard error, where there is any.
    pub fn stderr(&self) -> Option<&StderrTail> {
        match self {
            Self::Timeout { stderr, .. }
            | Self::NotMcp { stderr, .. }
            | Self::Closed {
                reason: Closed::Exited { stderr, .. } | Closed::EndOfOutput { stderr }, ..
            } => Some(stderr),
            _ => None,
        }
    }

    /// Whether the answer is one that a server of the older HTTP+SSE transport gives to the first POST (basic/transports,
    /// "Backwards Compatibility"): worth a try with [`SseTransport`](crate::SseTransport).
    pub fn may_be_legacy_sse(&self) -> bool {
        matches!(self, Self::NotMcp { status: Some(status), .. } if [400, 404, 405].contains(&status.as_u16()))
    }

    /// Whether the server's process ended before it answered.
    pub(crate) fn is_end_of_process(&self) -> bool {
        matches!(self, Self::Closed { reason: Closed::Exited { .. } | Closed::EndOfOutput { .. }, .. })
    }

    /// A failed `initialize` as the reason that no session stands.
    pub(crate) fn from_call(error: CallError, said: Option<Excerpt>, stderr: StderrTail) -> Self {
        match error {
            CallError::Server(error) => Self::Refused(error),
            CallError::Timeout { after } => match said {
                Some(said) => Self::NotMcp { status: None, said, stderr },
                None => Self::Timeout { after, stderr },
            },
            CallError::Closed { reason, .. } => Self::Closed { reason, said },
            // A page for people, or a route that is not there, is an address that is no MCP endpoint.
            CallError::Http { status, body } if [400, 404, 405, 406, 410, 415].contains(&status.as_u16()) => {
                Self::NotMcp { status: Some(status), said: body, stderr }
            }
            CallError::Http { status, body } => Self::Http { status, body },
            CallError::Transport { source } => Self::Transport { source },
            CallError::NotResumed { last: Some(last), .. } => Self::from_call(*last, said, stderr),
            CallError::Truncated
            | CallError::NotResumable { .. }
            | CallError::NotResumed { last: None, .. } => Self::Closed { reason: Closed::StreamEnded, said },
            CallError::TooLarge { limit }
            | CallError::Busy { limit }
            | CallError::TooManyRounds { limit } => Self::TooLarge { limit },
            // The last three are of calls only.
            CallError::NotMcp { body: said }
            | CallError::InputRequired { method: said }
            | CallError::InputRefused { method: said, .. }
            | CallError::UnknownResult { kind: said } => Self::NotMcp { status: None, said, stderr },
            CallError::Malformed { source } => Self::Malformed { source },
            CallError::Silent { after } => Self::Timeout { after, stderr },
            // Only calls end so.
            CallError::InvalidParams(_) | CallError::NotOffered { .. } => {
                Self::NotMcp { status: None, said: Excerpt::of(b"", 0), stderr }
            }
        }
    }
}

/// The revisions that this engine speaks, oldest first.
fn known() -> String {
    ProtocolVersion::ALL.map(ProtocolVersion::as_str).join(", ")
}

/// Why a program could not be started.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SpawnError {
    /// No such program.
    #[error("command not found: {} (PATH searched: {})", .program.display(), .path.display())]
    NotFound {
        /// The program as it was named.
        program: OsString,
        /// The `PATH` that the child would have had.
        path: OsString,
    },
    /// The program is there, but what its first line names to run it is not.
    #[error("{} is there, but what it needs to run is not: see its first line", .program.display())]
    InterpreterMissing {
        /// Where the program is.
        program: PathBuf,
    },
    /// The directory to start it in is not there.
    #[error("no such directory to start the server in: {}", .directory.display())]
    NoDirectory {
        /// The directory.
        directory: PathBuf,
    },
    /// The program may not be executed.
    #[error("{} may not be executed", .program.display())]
    NotExecutable {
        /// The program as it was named.
        program: OsString,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The system refused for another reason.
    #[error("{} could not be started", .program.display())]
    Io {
        /// The program as it was named.
        program: OsString,
        /// What the system said.
        #[source]
        source: io::Error,
    },
}

impl SpawnError {
    /// What the system's error means for this program.
    pub(crate) fn new(
        program: OsString,
        directory: Option<&Path>,
        path: OsString,
        found: Option<PathBuf>,
        source: io::Error,
    ) -> Self {
        match (source.kind(), found) {
            (io::ErrorKind::NotFound | io::ErrorKind::NotADirectory, _)
                if directory.is_some_and(|directory| !directory.is_dir()) =>
            {
                Self::NoDirectory { directory: directory.map(Path::to_owned).unwrap_or_default() }
            }
            (io::ErrorKind::NotFound, Some(program)) => Self::InterpreterMissing { program },
            (io::ErrorKind::NotFound, None) => Self::NotFound { program, path },
            (io::ErrorKind::PermissionDenied, _) => Self::NotExecutable { program, source },
            _ => Self::Io { program, source },
        }
    }
}
