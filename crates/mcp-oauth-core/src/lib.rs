//! The words of OAuth as MCP uses it: challenges, metadata, resources, scopes, PKCE, tokens. No I/O, no async.
