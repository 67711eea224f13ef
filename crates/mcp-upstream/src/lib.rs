//! A lean MCP client engine for proxies: raw JSON in, raw JSON out, over stdio, SSE and streamable HTTP.
//!
//! What a server says reaches the caller byte for byte: schemas, results and notifications are kept as the JSON text
//! that came over the wire, and only the JSON-RPC envelope around them is read. A reply is decoded by the request it
//! answers, never by its shape. One bad tool or message harms nothing else, and every size, time and count has a limit
//! with a name ([`Limits`]).
//!
//! # Talk to any MCP server in ten lines
//!
//! ```no_run
//! use bytes::Bytes;
//! use mcp_upstream::{CallOptions, Command, Session, SessionOptions, StdioTransport};
//!
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! let server = Command::new("npx").args(["-y", "@modelcontextprotocol/server-everything"]);
//! let session = Session::connect(StdioTransport::new(server), SessionOptions::default()).await?;
//! for tool in session.list_tools().await?.tools {
//!     println!("{}: {}", tool.name, tool.input_schema());
//! }
//! let arguments = Bytes::from_static(br#"{"message":"hello"}"#);
//! let result = session.call_tool("echo", arguments, CallOptions::default()).await?;
//! println!("{}", result.as_str());
//! session.close().await;
//! # Ok(()) }
//! ```

mod calls;
mod changes;
#[cfg(feature = "client")]
mod client;
mod counters;
mod error;
mod events;
mod excerpt;
mod handshake;
mod header_value;
mod http_client;
mod limits;
mod listening;
mod message;
mod options;
mod parameter_headers;
mod process;
mod questions;
mod request;
mod rounds;
mod server;
mod server_requests;
mod session;
mod shared;
mod tool_call;
mod tool_result;
mod tools;
mod transport;
mod version;

#[cfg(feature = "client")]
pub use client::{
    BuildError, ClientBody, ClientLimits, HttpClient, HttpClientBuilder, HttpClientError, Proxies,
};
pub use counters::Counters;
pub use error::{BoxError, CallError, Closed, ConnectError, RpcError, SharedError, SpawnError};
pub use events::{Event, Progress};
pub use excerpt::Excerpt;
pub use http_client::HttpService;
pub use limits::Limits;
pub use message::{Meta, MetaError};
pub use options::{CallOptions, SessionOptions};
pub use parameter_headers::ParameterHeaderError;
pub use process::{Command, StderrTail};
pub use server::ServerDescription;
pub use server_requests::{Answering, ServerRequest, ServerRequests};
pub use session::Session;
pub use tool_result::{ToolResult, ToolResultParts};
pub use tools::{Incomplete, RejectReason, RejectedTool, Tool, Tools};
pub use transport::{SseTransport, StdioTransport, StreamableTransport, Transport};
pub use version::{ProtocolVersion, UnknownVersion};
