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
//! use mcp_upstream::{CallOptions, Command, HttpClient, Session, SessionOptions, StdioTransport, StreamableTransport, Transport};
//!
//! # async fn run(argument: String) -> Result<(), Box<dyn std::error::Error>> {
//! let server: Transport = match argument.parse() {
//!     Ok(url) => StreamableTransport::new(url, HttpClient::builder().build()?).or_sse().into(),
//!     Err(_no_url) => StdioTransport::new(Command::new("npx").args(["-y", &argument])).into(),
//! };
//! let session = Session::connect(server, SessionOptions::default()).await?;
//! for tool in session.list_tools().await?.tools {
//!     println!("{}: {}", tool.name, tool.input_schema());
//! }
//! let result = session.call_tool("echo", r#"{"message":"hello"}"#.into(), CallOptions::default()).await?;
//! println!("{}", result.as_str());
//! session.close().await;
//! # Ok(()) }
//! ```
//!
//! # What to know
//!
//! - **Revisions.** Every one from 2024-11-05 to 2026-07-28. Which one a server speaks is found out when the session begins
//!   ([`SessionOptions::revision`]), and [`ServerDescription::protocol_version`] says it. A caller sees no difference.
//! - **Ends.** A session ends with its process, its stream, or when the server forgets it; [`Session::closed`] says when and why, and every
//!   call under way gets the same reason. Connecting again is the owner's affair, with the pauses that it likes.
//!   [`CallError::was_sent`] tells whether a call may be repeated without asking whether it is idempotent.
//! - **Times.** Each call has a deadline, and an idle time if it is given one ([`CallOptions`]). Dropping a call's future cancels it at the server.
//! - **What the server says by itself.** [`Session::tools_changed`] and its like count changes and miss none, whatever the revision;
//!   [`Session::events`] has the rest. Progress goes to the call that it belongs to ([`CallOptions::progress`]).
//! - **What the server asks.** Sampling, elicitation and roots go to [`ServerRequests`], if there is one.
//! - **HTTP.** [`HttpClient`] knows authorities, client certificates and proxies. Anything else that is a
//!   `tower::Service` will do as well ([`HttpService`]): put layers for tokens, tracing or retries there.
//! - **Bounds.** All in [`Limits`], by name.

mod calls;
mod changes;
#[cfg(feature = "client")]
mod client;
mod completion;
mod counters;
mod error;
mod events;
mod excerpt;
mod extension;
mod handshake;
mod header_value;
mod http_client;
mod limits;
mod list;
mod listening;
mod logging;
mod message;
mod options;
mod parameter_headers;
mod params;
mod process;
mod prompts;
mod questions;
mod request;
mod resources;
mod rounds;
mod server;
mod server_requests;
mod session;
mod shared;
mod tool_call;
mod tool_result;
mod transport;
mod version;

#[cfg(feature = "client")]
pub use client::{
    BuildError, ClientBody, ClientLimits, HttpClient, HttpClientBuilder, HttpClientError, Proxies,
};
pub use completion::{Completion, Reference};
pub use counters::Counters;
pub use error::{BoxError, CallError, Closed, ConnectError, RpcError, SharedError, SpawnError};
pub use events::{Event, Progress};
pub use excerpt::Excerpt;
pub use http_client::HttpService;
pub use limits::Limits;
pub use list::{
    Incomplete, Prompt, PromptArgument, Prompts, RejectReason, Rejected, RejectedTool, Resource,
    ResourceTemplate, ResourceTemplates, Resources, Tool, Tools,
};
pub use logging::{LogLevel, LogParts, LogRecord, UnknownLogLevel};
pub use message::{Meta, MetaError};
pub use options::{CallOptions, SessionOptions};
pub use parameter_headers::ParameterHeaderError;
pub use params::InvalidParams;
pub use process::{Command, StderrTail};
pub use prompts::{PromptResult, PromptResultParts};
pub use resources::{ResourceContents, ResourceContentsParts};
pub use server::ServerDescription;
pub use server_requests::{Answering, ServerRequest, ServerRequests};
pub use session::Session;
pub use tool_result::{ToolResult, ToolResultParts};
pub use transport::{SseTransport, StdioTransport, StreamableTransport, Transport};
pub use version::{ProtocolVersion, UnknownVersion};

/// The examples of the front page work.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
