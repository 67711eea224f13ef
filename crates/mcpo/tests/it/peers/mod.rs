//! Real MCP servers, installed by `cargo xtask setup`. Each module needs one of them; `cargo xtask test` knows which.

mod everything;
mod time;
