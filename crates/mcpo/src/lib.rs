//! Exposes any MCP server as OpenAPI, and logs in to protected ones.
