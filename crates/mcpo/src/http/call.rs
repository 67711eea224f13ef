//! One tool call: the caller's body in, the server's result out.

use std::sync::Arc;
use std::time::Duration;

use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use mcp_upstream::{CallError, CallOptions};

use super::arguments::require_json;
use super::problem::{self, Answer};
use super::{respond, trace};
use crate::openapi::ExposedTool;
use crate::registry::Server;
use crate::upstream::{Outage, Status, login_wanted};

/// Calls a tool and answers its caller.
///
/// The call is sent a second time, on a new session, when it never reached the server, or when the session ended under it and
/// the tool is marked read-only or idempotent (MCP tool annotations): otherwise nobody knows whether it had its effect.
pub(super) async fn call(
    server: &Arc<Server>,
    tool: &str,
    headers: &HeaderMap,
    body: Bytes,
    wait: Duration,
) -> Response {
    let _under_way = server.enter();
    let exposed = match server.session(wait).await {
        Ok(exposed) => exposed,
        Err(status) => return unavailable(server, &status),
    };
    let Some(known) = exposed.tools.get(tool) else { return problem::not_found().into_response() };
    let arguments = match require_json(headers, &body).and_then(|()| known.arguments.check(body)) {
        Ok(arguments) => arguments,
        Err(error) => return error.into_answer().into_response(),
    };
    // Made anew for the rare second time rather than copied for every first one.
    let options = || CallOptions {
        deadline: Some(server.settings.call_timeout),
        headers: server.settings.forwarded(headers),
        meta: trace::context(headers),
        ..CallOptions::default()
    };
    let whole = respond::accepts_whole_result(headers);
    let error = match exposed.session.call_tool(tool, arguments.clone(), options()).await {
        Ok(result) => return respond::tool_result(&result.into_bytes(), known, whole).into_response(),
        Err(error) => error,
    };
    if !may_repeat(&error, known) {
        return failed(server, tool, &error);
    }
    tracing::info!(server = server.settings.name, tool, "the session ended under a call; sending it again");
    let Ok(exposed) = server.next_session(Some(&exposed), wait).await else {
        return failed(server, tool, &error);
    };
    let Some(known) = exposed.tools.get(tool) else { return problem::not_found().into_response() };
    match exposed.session.call_tool(tool, arguments, options()).await {
        Ok(result) => respond::tool_result(&result.into_bytes(), known, whole).into_response(),
        Err(error) => failed(server, tool, &error),
    }
}

fn may_repeat(error: &CallError, tool: &ExposedTool) -> bool {
    matches!(error, CallError::Closed { sent, .. } if !sent || tool.repeatable)
}

/// What a caller is told of a call that has no result.
fn failed(server: &Arc<Server>, tool: &str, error: &CallError) -> Response {
    let name = &server.settings.name;
    if let Some(required) = login_wanted(error) {
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
