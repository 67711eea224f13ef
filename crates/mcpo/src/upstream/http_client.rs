//! The HTTP client under every remote server.

use mcp_upstream::{BuildError, HttpClient};
use rustls::ClientConfig;

/// A client with these authorities.
///
/// # Errors
/// When it cannot be made with them.
pub fn upstream_client(tls: ClientConfig) -> Result<HttpClient, BuildError> {
    HttpClient::builder().tls_config(tls).build()
}
