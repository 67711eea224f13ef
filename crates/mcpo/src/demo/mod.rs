//! `mcpo demo`: everything at once, on embedded defaults. A protected MCP server, a local one, and the proxy in front of both.

mod chart;
mod local;
mod notes;
mod protected;
mod run;

pub use local::{StdioError, serve_stdio};
pub use run::{DemoError, run};
