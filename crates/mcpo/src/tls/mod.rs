//! What we show when we serve HTTPS. Whom we trust when we call is `mcp_oauth_client::tls_config`.

mod server;

pub use server::{TlsError, server_config};
