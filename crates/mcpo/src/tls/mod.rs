//! TLS in both directions: whom we trust when we call, what we show when we serve.

mod client;
mod server;

pub use client::client_config;
pub use server::{TlsError, server_config};
