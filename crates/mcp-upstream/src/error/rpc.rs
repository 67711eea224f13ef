//! The error object of JSON-RPC.
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// An error as JSON-RPC tells it (JSON-RPC 2.0 §5.1): one that a server answered with, or one to answer a server with.
#[derive(Debug, Clone, Deserialize, Serialize, thiserror::Error)]
#[error("error {code} from the server: {message}")]
pub struct RpcError {
    /// The kind of error: -32601 method not found, -32602 invalid params, and the server's own.
    pub code: i64,
    /// What happened, in the server's words.
    #[serde(default)]
    pub message: String,
    /// More about it, as it came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<Box<RawValue>>,
}

impl RpcError {
    /// Method not found (JSON-RPC 2.0 §5.1).
    pub const METHOD_NOT_FOUND: i64 = -32601;
    /// Invalid method parameters (JSON-RPC 2.0 §5.1).
    pub const INVALID_PARAMS: i64 = -32602;
    /// Resource not found, as revisions up to 2025-11-25 tell it; later ones say [`INVALID_PARAMS`](Self::INVALID_PARAMS)
    /// (2026-07-28, server/resources, "Error Handling").
    pub const RESOURCE_NOT_FOUND: i64 = -32002;
    /// Internal error (JSON-RPC 2.0 §5.1).
    pub const INTERNAL: i64 = -32603;
    /// The headers do not say what the body says (2026-07-28, basic, "Error Codes").
    pub const HEADER_MISMATCH: i64 = -32020;
    /// The request needs a capability that the client did not declare (2026-07-28, basic, "Error Codes").
    pub const MISSING_CLIENT_CAPABILITY: i64 = -32021;
    /// The server does not speak the request's revision (2026-07-28, basic, "Error Codes").
    pub const UNSUPPORTED_PROTOCOL_VERSION: i64 = -32022;

    /// An error to answer with: what was asked for is not offered.
    pub fn method_not_found() -> Self {
        Self { code: Self::METHOD_NOT_FOUND, message: "Method not found".to_owned(), data: None }
    }

    /// An error to answer with: the question makes no sense.
    pub fn invalid_params(message: impl Into<String>) -> Self {
        Self { code: Self::INVALID_PARAMS, message: message.into(), data: None }
    }

    /// An error to answer with: it could not be answered.
    pub fn internal(message: impl Into<String>) -> Self {
        Self { code: Self::INTERNAL, message: message.into(), data: None }
    }

    /// Whether only a server of a stateless revision answers so (2026-07-28, basic/versioning, "Backward Compatibility").
    pub(crate) fn is_modern(&self) -> bool {
        [Self::HEADER_MISMATCH, Self::MISSING_CLIENT_CAPABILITY, Self::UNSUPPORTED_PROTOCOL_VERSION]
            .contains(&self.code)
    }
}
