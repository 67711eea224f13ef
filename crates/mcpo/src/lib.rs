//! Exposes any MCP server as OpenAPI, and logs in to protected ones.
//!
//! The crate is the program `mcpo`; it is a library so that its tests can reach its parts. A request travels
//! [`http`] -> [`registry`] -> `mcp_upstream::Session` and back; [`upstream`] keeps the sessions alive; [`config`] says which
//! servers there are; [`openapi`] writes the documents.

pub mod cli;
pub mod config;
pub mod dashboard;
pub mod demo;
pub mod docs;
pub mod http;
pub mod lifecycle;
pub mod openapi;
pub mod registry;
pub mod service;
pub mod telemetry;
pub mod tls;
pub mod upstream;
pub mod workers;
