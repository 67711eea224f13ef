//! What is known of a server at a moment. Immutable; a change is a new value.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use mcp_upstream::Session;
use tokio::time::Instant;
use url::Url;

use super::outage::Outage;
use crate::openapi::{ExposedTool, LeftOut};

/// Where a server stands.
///
/// ```text
/// Connecting  => Ready | LoginNeeded | Retrying
/// LoginNeeded => Connecting (logged in) | LoginNeeded (refused, or out of time) | Ready (logged in beside the session)
/// Ready       => Connecting (the session ended) | Ready (a login for some tools began or ended)
///              | LoginNeeded (the grant ended; the session stays)
/// Retrying    => Connecting
/// any         => Stopped
/// ```
#[derive(Debug, Clone)]
pub enum Status {
    /// An attempt to connect is under way.
    Connecting,
    /// Connected; its tools are served.
    Ready {
        /// A login that some tool needs (a wider scope), while the others go on.
        login: Option<Login>,
    },
    /// It asks for a login before anything else; perhaps again, under a session whose grant ended.
    LoginNeeded(Login),
    /// It could not be reached.
    Retrying {
        /// Why.
        outage: Outage,
        /// When the next attempt starts.
        at: Instant,
    },
    /// No longer served.
    Stopped,
}

/// A login that waits for a person.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Login {
    /// The page to log in at, once it is known.
    pub authorization_url: Option<Url>,
    /// Why the last login did not succeed.
    pub problem: Option<String>,
    /// Whether nothing is under way: the last attempt ended, and the next one has not begun.
    pub idle: bool,
    /// How many attempts have ended.
    pub failures: u32,
    /// Whether only some tools wait for it (they need a wider scope), rather than the whole server.
    pub partial: bool,
}

impl Status {
    /// One word for documents and pages: `connecting`, `ready`, `login_needed`, `failed` or `stopped`.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Connecting => "connecting",
            Self::Ready { .. } => "ready",
            Self::LoginNeeded(_) => "login_needed",
            Self::Retrying { .. } => "failed",
            Self::Stopped => "stopped",
        }
    }

    /// The login that waits for a person, if one does.
    pub fn login(&self) -> Option<&Login> {
        match self {
            Self::LoginNeeded(login) | Self::Ready { login: Some(login) } => Some(login),
            _ => None,
        }
    }

    /// A sentence for a person.
    pub fn sentence(&self) -> String {
        match self {
            Self::Connecting => "The proxy is connecting to this server.".into(),
            Self::Ready { login: None } => "Connected.".into(),
            Self::Ready { login: Some(_) } => "Connected. A tool needs a further login.".into(),
            Self::LoginNeeded(login) => {
                let last = if login.problem.is_some() { " The last one did not succeed." } else { "" };
                format!(
                    "This server is waiting for a login.{last} Open the proxy's page on the machine that runs it and log in \
                     there, or follow what its output says."
                )
            }
            Self::Retrying { outage, .. } => {
                format!("This server is down: {}. The proxy keeps trying.", outage.summary)
            }
            Self::Stopped => "This server is no longer served.".into(),
        }
    }
}

/// A server at a moment.
#[derive(Debug)]
pub struct ServerState {
    /// Where it stands.
    pub status: Status,
    /// Its session and tools, while there is a session. Calls are tried as long as there is one.
    pub exposed: Option<Arc<Exposed>>,
    /// Its OpenAPI document; of a server that is down, one that says so.
    pub document: Bytes,
}

/// A session and the tools that it serves.
#[derive(Debug)]
pub struct Exposed {
    /// The session.
    pub session: Session,
    /// Its tools by name.
    pub tools: HashMap<String, ExposedTool>,
    /// The tools that cannot be exposed, each with its reason.
    pub left_out: Vec<LeftOut>,
    /// The server's own name.
    pub title: String,
}
