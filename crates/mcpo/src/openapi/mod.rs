//! OpenAPI 3.1 documents of MCP servers: tools in, JSON out. No I/O.
//!
//! What a client of mcpo 0.0.20 keys on stays as it was: paths, `operationId`s, `summary`s, the names of the body's components,
//! the 422 components. The schemas are the server's own, key order and numbers included; only what cannot stand inside a
//! larger document is changed: `$defs` move to `#/components/schemas`, references follow them, and `$id` and `$anchor`, which
//! would give the document a second base, are resolved and go away.

mod document;
mod names;
mod overview;
mod schema;
mod validation_error;

pub use document::{Caveat, ExposedTool, LeftOut, ServerFacts, ToolSource, server_document};
pub use names::{path_segment, server_path};
pub use overview::{Unavailable, root_document, unavailable_document};
pub use schema::SchemaError;
pub(crate) use schema::{
    Allowance, Index, MAX_SCHEMA_BYTES, child, cost as schema_cost, parse as parse_schema,
};
