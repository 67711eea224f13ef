//! What a server may ask of the client: sampling, elicitation, roots.
use std::{future::Future, pin::Pin};

use bytes::Bytes;
use serde_json::value::RawValue;

use crate::RpcError;

/// The answer to a server's question, in time.
pub type Answering<'a> = Pin<Box<dyn Future<Output = Result<Box<RawValue>, RpcError>> + Send + 'a>>;

/// Answers what a server asks of the client. One implementation serves every revision: up to 2025-11-25 the server sends
/// requests of its own, since 2026-07-28 it answers a call with what it needs to know first
/// (basic/patterns/mrtr), and the call is sent again with the answers.
///
/// ```
/// use mcp_upstream::{Answering, RpcError, ServerRequest, ServerRequests};
/// use serde_json::value::{RawValue, to_raw_value};
///
/// struct Roots;
///
/// impl ServerRequests for Roots {
///     fn capabilities(&self) -> Box<RawValue> {
///         RawValue::from_string(r#"{"roots":{}}"#.to_owned()).expect("it is JSON")
///     }
///
///     fn answer(&self, request: ServerRequest) -> Answering<'_> {
///         Box::pin(async move {
///             match &*request.method {
///                 "roots/list" => to_raw_value(&serde_json::json!({"roots": [{"uri": "file:///srv"}]}))
///                     .map_err(|error| RpcError::internal(error.to_string())),
///                 _ => Err(RpcError::method_not_found()),
///             }
///         })
///     }
/// }
/// ```
pub trait ServerRequests: Send + Sync + 'static {
    /// What to declare as the client's capabilities (`ClientCapabilities`), a JSON object: `{"elicitation":{}}`. A server
    /// must not ask for anything that is not declared.
    fn capabilities(&self) -> Box<RawValue>;

    /// The result to answer with, or an error. Dropped when the server takes the question back, or when
    /// [`Limits::server_request_deadline`](crate::Limits::server_request_deadline) has passed.
    fn answer(&self, request: ServerRequest) -> Answering<'_>;
}

/// A question of the server.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ServerRequest {
    /// `sampling/createMessage`, `elicitation/create` or `roots/list`.
    pub method: Box<str>,
    /// Its `params` as they came; empty if there were none.
    pub params: Bytes,
}
