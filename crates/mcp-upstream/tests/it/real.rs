//! Real servers, where they are installed: `cargo xtask test` says in variables where they are (docs/testing.md). Whatever
//! is listed or answered is compared with the wire, byte for byte.
pub(crate) mod everything;
mod fastmcp;
pub(crate) mod fetch;
mod filesystem;
pub(crate) mod git;
mod memory;
mod python_sdk;
mod rmcp;
mod sdk;
mod time;
mod typescript_sdk;
pub(crate) mod visit;
