//! The HTTP client for remote servers: pooled connections with HTTP/1.1 and HTTP/2, TLS by rustls, proxies.
//!
//! A connection belongs to the runtime that opened it, and a request uses connections of its own runtime only: with a
//! runtime per core, as proxies have for speed, no call is woken on another core. An HTTP/1.1 connection has no task of its
//! own either: the request drives it, and between two requests it lies in the pool.
mod body;
mod builder;
mod dial;
mod error;
mod http1;
mod origin;
mod pool;
mod proxies;
mod service;
mod socket;
mod tls;

pub use body::ClientBody;
pub use builder::{ClientLimits, HttpClientBuilder};
pub use error::{BuildError, HttpClientError};
pub use proxies::Proxies;
pub use service::HttpClient;
