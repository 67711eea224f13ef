//! Answers that are not a tool's result, in the two forms that FastAPI and mcpo gave them.

use bytes::Bytes;
use http::{HeaderValue, StatusCode};
use serde_json::json;
use serde_json::value::RawValue;

/// A whole answer: what the HTTP side sends as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Its status.
    pub status: StatusCode,
    /// What its body is.
    pub content_type: HeaderValue,
    /// Its body.
    pub body: Bytes,
}

/// JSON that is already written.
pub fn json(status: StatusCode, body: impl Into<Bytes>) -> Answer {
    Answer { status, content_type: HeaderValue::from_static("application/json"), body: body.into() }
}

/// `{"detail":"..."}`: what the HTTP side itself has to say.
pub fn detail(status: StatusCode, text: &str) -> Answer {
    json(status, json!({"detail": text}).to_string())
}

/// `{"detail":{"message":"..."}}`: what a call came to.
pub fn message(status: StatusCode, text: &str) -> Answer {
    json(status, json!({"detail": {"message": text}}).to_string())
}

/// 404 as FastAPI says it.
pub fn not_found() -> Answer {
    detail(StatusCode::NOT_FOUND, "Not Found")
}

/// A JSON-RPC error of the server. Its `data` goes through byte for byte.
///
/// | code | status |
/// |---|---|
/// | -32700 parse error, -32600 invalid request | 400 |
/// | -32601 method not found | 404 |
/// | -32602 invalid params | 422 |
/// | any other | 500 |
pub fn rpc_error(code: i64, message: &str, data: Option<&RawValue>) -> Answer {
    let status = match code {
        -32700 | -32600 => StatusCode::BAD_REQUEST,
        -32601 => StatusCode::NOT_FOUND,
        -32602 => StatusCode::UNPROCESSABLE_ENTITY,
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    };
    let message = serde_json::Value::from(message);
    let body = match data.map(RawValue::get).filter(|data| *data != "null") {
        Some(data) => format!(r#"{{"detail":{{"message":{message},"data":{data}}}}}"#),
        None => format!(r#"{{"detail":{{"message":{message}}}}}"#),
    };
    json(status, body)
}

#[cfg(test)]
mod tests;
