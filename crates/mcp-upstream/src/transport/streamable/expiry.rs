//! Whether the server still knows the session, when what it says is ambiguous.
//!
//! "The server MUST respond to requests containing that session ID with HTTP 404 Not Found", and one that was restarted
//! knows no session at all. But many answer with 400: whatever was made after the examples of the TypeScript SDK
//! (server-everything too) with a JSON-RPC error -32000 whose id is null, the Python SDK until the end of 2025 and some
//! others with a line of text. A 400 may as well be about the one message that it answers. The words differ from server to
//! server, so they are not read: a `ping`, which no server that knows the session refuses, tells the one from the other.
use http::{HeaderMap, StatusCode};
use tokio::time::timeout;

use super::StreamableWire;
use crate::{
    CallError, Closed,
    calls::Listener,
    message::{MetaFields, Params, Request},
    shared::Shared,
    transport::{pending::Pending, remote},
};

impl StreamableWire {
    /// Whether a status may mean that the server no longer knows the session.
    pub(super) fn may_be_expired(&self, status: StatusCode) -> bool {
        self.session.get().is_some() && [StatusCode::BAD_REQUEST, StatusCode::NOT_FOUND].contains(&status)
    }

    /// Asks the server whether it still knows the session. Only a clear no counts.
    pub(super) async fn is_forgotten(&self, shared: &Shared) -> bool {
        timeout(shared.limits.probe_deadline, self.probe(shared)).await.unwrap_or(false)
    }

    async fn probe(&self, shared: &Shared) -> bool {
        let pending = match Pending::register(shared, Listener::default()) {
            Ok(pending) => pending,
            // Somebody else has found out.
            Err(CallError::Closed { reason: Closed::SessionExpired, .. }) => return true,
            Err(_) => return false,
        };
        let mut body = Vec::new();
        let ping = Request { method: "ping", params: Params::None };
        ping.encode(&mut body, pending.id, MetaFields::default());
        let request = self.post_request(HeaderMap::new(), body);
        let Ok(response) = self.http.call(request).await else { return false };
        if !self.may_be_expired(response.status()) {
            remote::discard(response, shared.limits.drain_deadline).await;
            return false;
        }
        // An error that answers this very ping is from a server that knows the session.
        let refusal = remote::refusal(response, Some(pending.id), &shared.limits).await;
        !matches!(refusal, CallError::Server(_))
    }
}

/// Ends the session for everybody; what the call that found out is told. The server refused it before anything was done
/// about it, so that it may be sent again.
pub(super) fn expire(shared: &Shared) -> CallError {
    shared.shut(Closed::SessionExpired);
    CallError::Closed { reason: Closed::SessionExpired, sent: false }
}
