//! What the server answers, whichever way it was asked.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

/// The server's tools, and so all it knows.
#[derive(Debug)]
pub(crate) struct Answers {
    /// The result of `tools/list`.
    tools: String,
}

/// An answer to one message.
#[derive(Debug)]
pub(crate) struct Answer {
    /// The JSON-RPC message.
    pub(crate) message: Vec<u8>,
    /// Whether it answers a call of a tool, which may take time.
    pub(crate) is_call: bool,
}

impl Answers {
    /// A server with this many tools.
    pub(crate) fn new(tools: usize) -> Self {
        let tools: Vec<Value> = std::iter::once(echo()).chain((1..tools).map(other)).collect();
        Self { tools: json!({ "tools": tools }).to_string() }
    }

    /// The answer to one message; `None` for a notification.
    pub(crate) fn to(&self, message: &[u8]) -> Option<Answer> {
        let request: Request<'_> = serde_json::from_slice(message).ok()?;
        let id = request.id?.get();
        let params = request.params.map_or("{}", RawValue::get);
        let is_call = request.method == "tools/call";
        let result: Cow<'_, str> = match &*request.method {
            "tools/call" => {
                // The text goes back as it came, still encoded.
                let text = serde_json::from_str::<Call<'_>>(params).ok()?.arguments.message.get();
                format!(r#"{{"content":[{{"type":"text","text":{text}}}]}}"#).into()
            }
            "initialize" => {
                let version = serde_json::from_str::<Initialize<'_>>(params).ok()?.version;
                format!(
                    r#"{{"protocolVersion":"{version}","capabilities":{{"tools":{{}}}},"serverInfo":{{"name":"bench-echo","version":"1"}}}}"#
                )
                .into()
            }
            "tools/list" => self.tools.as_str().into(),
            "ping" => "{}".into(),
            _ => {
                let error = r#"{"code":-32601,"message":"Method not found"}"#;
                let message = format!(r#"{{"jsonrpc":"2.0","id":{id},"error":{error}}}"#).into_bytes();
                return Some(Answer { message, is_call });
            }
        };
        let message = format!(r#"{{"jsonrpc":"2.0","id":{id},"result":{result}}}"#).into_bytes();
        Some(Answer { message, is_call })
    }
}

/// The plain endpoint: `{"message": X}` gives X.
pub(crate) fn plain(body: &[u8]) -> Vec<u8> {
    serde_json::from_slice::<Message<'_>>(body)
        .map_or_else(|_| b"null".to_vec(), |body| body.message.get().as_bytes().to_vec())
}

#[derive(Deserialize)]
struct Request<'a> {
    #[serde(borrow)]
    id: Option<&'a RawValue>,
    #[serde(borrow)]
    method: Cow<'a, str>,
    #[serde(borrow)]
    params: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Call<'a> {
    #[serde(borrow)]
    arguments: Message<'a>,
}

#[derive(Deserialize)]
struct Message<'a> {
    #[serde(borrow)]
    message: &'a RawValue,
}

#[derive(Deserialize)]
struct Initialize<'a> {
    #[serde(borrow, rename = "protocolVersion")]
    version: Cow<'a, str>,
}

/// The tool that is called.
fn echo() -> Value {
    json!({
        "name": "echo",
        "description": "Says it back",
        "inputSchema": { "type": "object", "properties": { "message": { "type": "string" } }, "required": ["message"] },
    })
}

/// One of the tools that are only listed, with a schema as real ones have it.
fn other(number: usize) -> Value {
    json!({
        "name": format!("collection_{number:03}_search"),
        "title": format!("Search collection {number}"),
        "description": format!("Finds the records of collection {number} that match, newest first. Returns at most `limit` of them."),
        "inputSchema": {
            "type": "object",
            "properties": {
                "query": { "type": "string", "minLength": 1, "description": "What to look for, in words or in quotes" },
                "limit": { "type": "integer", "minimum": 1, "maximum": 100, "default": 20, "description": "How many at most" },
                "order": { "type": "string", "enum": ["newest", "oldest", "best"], "default": "newest" },
                "labels": { "type": "array", "items": { "type": "string" }, "description": "Only records with all of these" },
                "since": { "anyOf": [{ "type": "string", "format": "date-time" }, { "type": "null" }], "default": null },
                "filter": {
                    "type": "object",
                    "properties": {
                        "field": { "type": "string" },
                        "comparison": { "type": "string", "enum": ["eq", "ne", "lt", "gt"] },
                        "value": { "type": ["string", "number", "boolean", "null"] },
                    },
                    "required": ["field", "comparison"],
                    "additionalProperties": false,
                },
            },
            "required": ["query"],
        },
    })
}
