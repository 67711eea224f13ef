//! What a caller may choose for a session and for one call.
use std::{fmt, sync::Arc, time::Duration};

use http::HeaderMap;
use tokio::sync::mpsc;

use crate::{Limits, Meta, Progress, ProtocolVersion, ServerRequests};

/// How a session introduces itself and what it bears.
#[derive(Clone)]
pub struct SessionOptions {
    /// `clientInfo.name`.
    pub client_name: String,
    /// `clientInfo.title`: the name shown to people.
    pub client_title: Option<String>,
    /// `clientInfo.version`.
    pub client_version: String,
    /// The revision to speak. `None` finds out: `server/discover` first, and `initialize` where the server knows no such
    /// thing (2026-07-28, basic/versioning, "Backward Compatibility"). A stateless one is spoken without asking;
    /// one that begins with `initialize` is offered there, and the server may answer with another such. What a session
    /// found out ([`ServerDescription::protocol_version`](crate::ServerDescription::protocol_version)) spares the next
    /// one to the same server the question.
    pub revision: Option<ProtocolVersion>,
    /// Who answers what the server asks of the client: sampling, elicitation, roots. Without one, none of these is
    /// offered to the server, and what it asks all the same is refused.
    pub requests: Option<Arc<dyn ServerRequests>>,
    /// Extensions that the client declares in its capabilities by their identifiers, each with an empty object: those of the
    /// program around the session, such as how it gets its tokens (2026-07-28, basic, "Extension negotiation").
    pub extensions: Vec<String>,
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
            revision: None,
            requests: None,
            extensions: Vec::new(),
            limits: Limits::default(),
        }
    }
}

impl fmt::Debug for SessionOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionOptions")
            .field("client_name", &self.client_name)
            .field("client_version", &self.client_version)
            .field("revision", &self.revision)
            .field("requests", &self.requests.is_some())
            .field("extensions", &self.extensions)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

/// What one call may have of its own.
#[derive(Clone, Default)]
pub struct CallOptions {
    /// The longest the call may take; [`Limits::call_deadline`] if none. When it passes, the server is told with
    /// `notifications/cancelled`.
    pub deadline: Option<Duration>,
    /// The longest the server may be silent about the call: each progress notification begins the time anew, and the
    /// deadline holds all the same. When it passes, the server is told as well. None by default.
    pub idle: Option<Duration>,
    /// Headers of this call's request; over stdio there are none to send.
    pub headers: HeaderMap,
    /// Where the server's progress notifications for this call go, in the order they came. The session never waits for
    /// this receiver: what does not fit is dropped and counted.
    pub progress: Option<mpsc::Sender<Progress>>,
    /// Members of the request's `_meta`, such as trace context.
    pub meta: Meta,
}

// The values of headers are often secret.
impl fmt::Debug for CallOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallOptions")
            .field("deadline", &self.deadline)
            .field("idle", &self.idle)
            .field("headers", &self.headers.keys().collect::<Vec<_>>())
            .field("progress", &self.progress.is_some())
            .field("meta", &self.meta)
            .finish()
    }
}
