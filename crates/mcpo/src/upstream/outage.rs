//! Why a server cannot be used, in two versions: the whole story for the operator's log, and one without the server's own words,
//! paths and addresses for everybody who can reach the proxy.

use std::error::Error;

use axum::http::StatusCode;
use mcp_oauth_client::{AuthorizationRequired, RefreshError};
use mcp_upstream::{CallError, Closed, ConnectError, StderrTail};

use super::connector::ConnectorError;
use super::explain::explain;
use crate::config::UpstreamSettings;

/// Why a server cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outage {
    /// For the operator: everything that is known, the end of the server's stderr included.
    pub detail: String,
    /// For callers: what kind of trouble it is.
    pub summary: String,
}

impl Outage {
    /// Of an attempt to connect to `upstream`.
    pub(super) fn of_connect(error: &ConnectorError, upstream: &UpstreamSettings) -> Self {
        let summary = match error {
            _ if lacks_token(error) => NO_TOKEN.into(),
            ConnectorError::Connect(error) => connect(error),
            ConnectorError::List(error) => format!("it does not list its tools: {}", call(error)),
            ConnectorError::Timeout(limit) => format!("it did not answer within {} s", limit.as_secs_f64()),
            ConnectorError::LoginNeeded(_) => "it asks for a login".into(),
        };
        let mut detail = explain(error);
        if let UpstreamSettings::Remote(remote) = upstream {
            // The origin alone: paths and queries are where people put keys.
            detail = format!("{}: {detail}", remote.url.origin().ascii_serialization());
            if is_elsewhere(error) {
                detail.push_str(". Is the path of its \"url\" right?");
            }
        }
        let stderr = match error {
            ConnectorError::Connect(error) => error.stderr(),
            ConnectorError::List(CallError::Closed { reason, .. }) => reason.stderr(),
            _ => None,
        };
        detail.push_str(&last_words(stderr));
        Self { detail, summary }
    }

    /// Of a call.
    pub fn of_call(error: &CallError) -> Self {
        let summary = if lacks_token(error) { NO_TOKEN.into() } else { call(error) };
        Self { detail: explain(error), summary }
    }

    /// Of a session that ended.
    pub(super) fn of_closed(reason: &Closed) -> Self {
        Self {
            detail: format!("{}{}", explain(reason), last_words(reason.stderr())),
            summary: closed(reason),
        }
    }

    /// Of a server whose sessions do not last.
    pub(super) fn restless() -> Self {
        let text = "its session ends again and again";
        Self { detail: text.into(), summary: text.into() }
    }
}

/// Whether somebody is there, but no MCP server at that path.
fn is_elsewhere(error: &ConnectorError) -> bool {
    let ConnectorError::Connect(ConnectError::NotMcp { status: Some(status), .. }) = error else {
        return false;
    };
    matches!(*status, StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED)
}

/// Whether the server itself may be well, and there is no token for it: not one that a person would have to log in for.
fn lacks_token(error: &(dyn Error + 'static)) -> bool {
    std::iter::successors(Some(error), |&error| error.source())
        .any(|error| error.is::<RefreshError>() || error.is::<AuthorizationRequired>())
}

/// The end of what a process wrote to its stderr, for the log. Nothing in it may pass for a line of ours or move the cursor.
fn last_words(stderr: Option<&StderrTail>) -> String {
    let Some(stderr) = stderr else { return String::new() };
    let mut told = String::new();
    for line in stderr.last_lines(LAST_WORDS) {
        told.push_str("\n    | ");
        told.extend(line.chars().map(|c| if c.is_control() { ' ' } else { c }));
    }
    told
}

fn connect(error: &ConnectError) -> String {
    match error {
        ConnectError::Spawn(_) => "its command cannot be started".into(),
        ConnectError::Closed { reason, .. } => closed(reason),
        ConnectError::Timeout { after, .. } => format!("it did not answer within {} s", after.as_secs_f64()),
        ConnectError::NotMcp { status: Some(status), .. } => {
            format!("it does not speak MCP there (HTTP {status})")
        }
        ConnectError::NotMcp { status: None, .. } => "it does not speak MCP".into(),
        ConnectError::UnsupportedVersion { .. } => "it speaks an unknown revision of MCP".into(),
        ConnectError::Refused(_) => "it refused the session".into(),
        ConnectError::Http { status, .. } => format!("it answered HTTP {status}"),
        ConnectError::Transport { .. } => "it cannot be reached".into(),
        _ => "its answer to the first message cannot be used".into(),
    }
}

fn call(error: &CallError) -> String {
    match error {
        CallError::Timeout { after } => format!("no reply within {} s", after.as_secs_f64()),
        CallError::Closed { reason, .. } => closed(reason),
        CallError::Http { status, .. } => format!("it answered HTTP {status}"),
        CallError::Transport { .. } => "it cannot be reached".into(),
        CallError::Truncated | CallError::NotResumable { .. } | CallError::NotResumed { .. } => {
            "its answer broke off".into()
        }
        CallError::Silent { after } => format!("no word about the call within {} s", after.as_secs_f64()),
        CallError::InputRequired { .. }
        | CallError::InputRefused { .. }
        | CallError::TooManyRounds { .. } => {
            "it asks a question first, which cannot be answered through this proxy".into()
        }
        CallError::TooLarge { limit } => format!("its answer, or the call, is longer than {limit} bytes"),
        CallError::Busy { limit } => format!("{limit} calls are under way already"),
        _ => "its answer is not what MCP promises".into(),
    }
}

fn closed(reason: &Closed) -> String {
    match reason {
        Closed::Exited { status, .. } => format!("its process ended ({status})"),
        Closed::EndOfOutput { .. } => "its process closed its output".into(),
        Closed::SessionExpired => "it forgot the session".into(),
        Closed::StreamEnded => "it ended the event stream".into(),
        Closed::Transport { .. } => "the connection to it broke".into(),
        _ => "its session was ended".into(),
    }
}

const NO_TOKEN: &str = "the proxy got no token for it";

/// How many lines of stderr the log gets.
const LAST_WORDS: usize = 20;
