//! An embeddable OAuth 2.1 authorization server and bearer-protected resource layer for the Model Context Protocol, on axum.
