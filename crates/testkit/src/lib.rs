//! Scripted peers for the tests: MCP servers, authorization servers, a browser that follows redirects.
pub mod browser;
pub mod hostile;
pub mod mcp;
pub mod oauth;
pub mod programs;
