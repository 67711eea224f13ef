//! MCP servers that do what a test tells them.
//!
//! A [`Script`] says which tools a server has and what each does, step by step: answer, wait, notify, hang, break. The
//! same script runs behind streamable HTTP, the older HTTP+SSE, and as a child process over stdio:
//!
//! ```
//! use testkit::mcp::{Framing, Script, reply};
//!
//! # async fn run() {
//! let script = Script::new()
//!     .tool("echo", r#"{"type":"object"}"#, reply::echo())
//!     .tool("stuck", r#"{"type":"object"}"#, reply::hang());
//! let remote = script.clone().serve_streamable(Framing::Json).await;
//! let (program, arguments) = script.stdio_command();
//! # let _ = (remote.url(), program, arguments);
//! # }
//! ```
mod http;
mod legacy;
mod play;
pub mod reply;
mod running;
mod script;
mod stdio;
mod streamable;

pub use running::{Recorded, Refusal, ScriptedServer};
pub use script::{Framing, Rule, Script, ScriptedTool, Step};
pub use stdio::run_stdio;
