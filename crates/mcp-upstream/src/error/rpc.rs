//! The error object of JSON-RPC.
use serde::Deserialize;
use serde_json::value::RawValue;

/// The error that a server answered with (JSON-RPC 2.0 §5.1).
#[derive(Debug, Clone, Deserialize, thiserror::Error)]
#[error("error {code} from the server: {message}")]
pub struct RpcError {
    /// The kind of error: -32601 method not found, -32602 invalid params, and the server's own.
    pub code: i64,
    /// What happened, in the server's words.
    #[serde(default)]
    pub message: String,
    /// More about it, as it came.
    #[serde(default)]
    pub data: Option<Box<RawValue>>,
}

impl RpcError {
    /// Method not found (JSON-RPC 2.0 §5.1).
    pub(crate) const METHOD_NOT_FOUND: i64 = -32601;
}
