//! MCP servers that do what a test tells them.
//!
//! A [`Script`] says which tools a server has and what each does, step by step: answer, wait, notify, hang, break. The
//! same script runs behind streamable HTTP, the older HTTP+SSE, and as a child process over stdio:
//!
//! ```
//! use testkit::mcp::{Era, Framing, Script, reply};
//!
//! # async fn run() {
//! let script = Script::new()
//!     .tool("echo", r#"{"type":"object"}"#, reply::echo())
//!     .tool("stuck", r#"{"type":"object"}"#, reply::hang());
//! // The revisions of 2026-07-28 and later, in place of those with `initialize` or beside them:
//! let modern = script.clone().speaks(Era::Modern).serve_streamable(Framing::Sse).await;
//! let remote = script.clone().serve_streamable(Framing::Json).await;
//! let (program, arguments) = script.stdio_command();
//! # let _ = (remote.url(), modern.url(), program, arguments);
//! # }
//! ```
mod era;
mod http;
mod legacy;
mod listen;
mod modern;
mod play;
pub mod reply;
mod resumption;
mod rounds;
mod running;
mod script;
mod stdio;
mod step;
mod streamable;
#[cfg(test)]
mod tests;

pub use era::{EarlyRequest, Era};
pub use running::{Recorded, Refusal, ScriptedServer};
pub use script::{Rule, Script, ScriptedTool};
pub use stdio::run_stdio;
pub use step::{Ask, Framing, Step};
