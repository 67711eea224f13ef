//! MCP servers that do what a test tells them.
