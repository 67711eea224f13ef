//! One tool call: the caller's body in, the server's result out.

use std::sync::Arc;
use std::time::Duration;

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use mcp_upstream::{CallError, CallOptions, Meta};

use super::arguments::{ArgumentsError, require_json};
use super::problem::{self, Answer};
use super::{respond, trace};
use crate::openapi::ExposedTool;
use crate::registry::Server;
use crate::upstream::{Exposed, Outage, Status, login_wanted};

/// What a call needs of its request.
///
/// None of it shares memory with what the request was read into, so that a call that waits does not hold all of that.
pub(super) struct Asked {
    body: Bytes,
    is_json: Result<(), ArgumentsError>,
    forwarded: HeaderMap,
    meta: Meta,
    /// The caller wants the result as the server gave it.
    whole: bool,
}

impl Asked {
    /// What a request with this head and body asks of `server`.
    pub(super) fn new(server: &Server, headers: &HeaderMap, body: &Bytes) -> Self {
        let mut forwarded = server.settings.forwarded(headers);
        for value in forwarded.values_mut() {
            if let Ok(mut copy) = HeaderValue::from_bytes(value.as_bytes()) {
                copy.set_sensitive(value.is_sensitive());
                *value = copy;
            }
        }
        Self {
            is_json: require_json(headers, body),
            // A large body is most of its memory, and is not copied.
            body: if body.len() <= COPIED_BYTES { Bytes::copy_from_slice(body) } else { body.clone() },
            forwarded,
            meta: trace::context(headers),
            whole: respond::accepts_whole_result(headers),
        }
    }

    /// The arguments, as the server is to have them.
    fn check(&mut self, tool: &ExposedTool) -> Result<Bytes, ArgumentsError> {
        std::mem::replace(&mut self.is_json, Ok(()))?;
        tool.arguments.check(std::mem::take(&mut self.body))
    }

    fn options(&self, server: &Server) -> CallOptions {
        CallOptions {
            deadline: Some(server.settings.call_timeout),
            headers: self.forwarded.clone(),
            meta: self.meta.clone(),
            ..CallOptions::default()
        }
    }
}

/// Calls a tool and answers its caller.
///
/// The call is sent a second time, on a new session, when it never reached the server, or when the session ended under it and
/// the tool is marked read-only or idempotent (MCP tool annotations): otherwise nobody knows whether it had its effect.
pub(super) async fn call(server: &Arc<Server>, tool: &str, mut asked: Asked, wait: Duration) -> Response {
    let _under_way = server.enter();
    let exposed = match server.session(wait).await {
        Ok(exposed) => exposed,
        Err(status) => return unavailable(server, &status),
    };
    let Some(known) = exposed.tools.get(tool) else { return problem::not_found().into_response() };
    match asked.check(known) {
        Ok(arguments) => asked.body = arguments,
        Err(error) => return error.into_answer().into_response(),
    }
    let called = exposed.session.call_tool(tool, asked.body.clone(), asked.options(server));
    let error = match called.await {
        Ok(result) => return respond::tool_result(&result.into_bytes(), known, asked.whole).into_response(),
        Err(error) => error,
    };
    if !may_repeat(&error, known) {
        return failed(server, tool, &error);
    }
    tracing::info!(server = server.settings.name, tool, "the session ended under a call; sending it again");
    // In memory of its own, which the many calls that go well do without.
    Box::pin(repeat(server, tool, &exposed, &asked, error, wait)).await
}

/// The second time, on another session than `old`.
async fn repeat(
    server: &Arc<Server>,
    tool: &str,
    old: &Arc<Exposed>,
    asked: &Asked,
    error: CallError,
    wait: Duration,
) -> Response {
    let Ok(exposed) = server.next_session(Some(old), wait).await else {
        return failed(server, tool, &error);
    };
    let Some(known) = exposed.tools.get(tool) else { return problem::not_found().into_response() };
    match exposed.session.call_tool(tool, asked.body.clone(), asked.options(server)).await {
        Ok(result) => respond::tool_result(&result.into_bytes(), known, asked.whole).into_response(),
        Err(error) => failed(server, tool, &error),
    }
}

fn may_repeat(error: &CallError, tool: &ExposedTool) -> bool {
    matches!(error, CallError::Closed { sent, .. } if !sent || tool.repeatable)
}

/// What a caller is told of a call that has no result.
fn failed(server: &Arc<Server>, tool: &str, error: &CallError) -> Response {
    let name = &server.settings.name;
    if let Some(required) = login_wanted(error).filter(|_| !server.settings.needs_no_person()) {
        // The supervisor sees to the login; this caller cannot wait for a person.
        server.want_login(required.clone());
        let text = format!("{name}: {required}. Log in on the proxy's page, then call again.");
        return problem::message(StatusCode::SERVICE_UNAVAILABLE, &text).into_response();
    }
    if let CallError::Server(rpc) = error {
        return problem::rpc_error(rpc.code, &rpc.message, rpc.data.as_deref()).into_response();
    }
    let outage = Outage::of_call(error);
    tracing::warn!(server = name, tool, "a call failed: {}", outage.detail);
    let status = match error {
        CallError::Timeout { .. } => StatusCode::GATEWAY_TIMEOUT,
        CallError::Busy { .. } => StatusCode::SERVICE_UNAVAILABLE,
        _ => StatusCode::BAD_GATEWAY,
    };
    problem::message(status, &format!("{name} did not answer the call: {}.", outage.summary)).into_response()
}

/// What a caller is told of a server without a session.
pub(super) fn unavailable(server: &Server, status: &Status) -> Response {
    let text = format!("{}: {}", server.settings.name, status.sentence());
    let mut response = problem::message(StatusCode::SERVICE_UNAVAILABLE, &text).into_response();
    if matches!(status, Status::Connecting | Status::Retrying { .. }) {
        response.headers_mut().insert(header::RETRY_AFTER, axum::http::HeaderValue::from_static("5"));
    }
    response
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let mut response = Response::new(axum::body::Body::from(self.body));
        *response.status_mut() = self.status;
        response.headers_mut().insert(header::CONTENT_TYPE, self.content_type);
        response
    }
}

/// Bodies up to this size are copied out of what the request was read into, which is at least as large.
const COPIED_BYTES: usize = 4096;
