//! A lean MCP client engine for proxies: raw JSON in, raw JSON out, over stdio, SSE and streamable HTTP.
