//! What a caller may choose for a session and for one call.
use std::time::Duration;

use http::HeaderMap;
use tokio::sync::mpsc;

use crate::{Limits, Progress};

/// How a session introduces itself and what it bears.
#[derive(Debug, Clone)]
pub struct SessionOptions {
    /// `clientInfo.name` of `initialize`.
    pub client_name: String,
    /// `clientInfo.title`: the name shown to people.
    pub client_title: Option<String>,
    /// `clientInfo.version`.
    pub client_version: String,
    /// Sizes, counts and times.
    pub limits: Limits,
}

impl SessionOptions {
    /// A client by this name and version, with the default limits.
    pub fn new(client_name: impl Into<String>, client_version: impl Into<String>) -> Self {
        Self { client_name: client_name.into(), client_version: client_version.into(), ..Self::default() }
    }
}

impl Default for SessionOptions {
    fn default() -> Self {
        Self {
            client_name: env!("CARGO_PKG_NAME").to_owned(),
            client_title: None,
            client_version: env!("CARGO_PKG_VERSION").to_owned(),
            limits: Limits::default(),
        }
    }
}

/// What one call may have of its own.
#[derive(Clone, Default)]
pub struct CallOptions {
    /// The longest the call may take; [`Limits::call_deadline`] if none. When it passes, the server is told with
    /// `notifications/cancelled`.
    pub deadline: Option<Duration>,
    /// Headers of this call's request; over stdio there are none to send.
    pub headers: HeaderMap,
    /// Where the server's progress notifications for this call go, in the order they came. The session never waits for
    /// this receiver: what does not fit is dropped and counted.
    pub progress: Option<mpsc::Sender<Progress>>,
}

// The values of headers are often secret.
impl std::fmt::Debug for CallOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CallOptions")
            .field("deadline", &self.deadline)
            .field("headers", &self.headers.keys().collect::<Vec<_>>())
            .field("progress", &self.progress.is_some())
            .finish()
    }
}
