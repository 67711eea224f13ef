//! HTTP as this client needs it: small requests to servers that strangers named.
//!
//! [`HttpClient`] is the seam: one request, no redirects, an answer of bounded size, and no connection to an address
//! that the rules forbid. [`HyperClient`] is the implementation, directly or through an egress proxy; or bring your own. What must
//! hold whatever client is used (redirects, schemes, time limits) is in [`fetch`], which nobody can leave out.

mod client;
mod egress;
mod error;
mod fetch;
mod guard;
mod hyper_client;
mod resolver;
mod streaming;
mod tls;

pub use client::{ConnectionRules, HttpClient};
pub use egress::EgressProxies;
pub use error::{BoxError, HttpError};
pub(crate) use fetch::Fetcher;
pub use guard::AddressPolicy;
pub use hyper_client::HyperClient;
pub use resolver::Resolver;
#[cfg(feature = "rmcp")]
pub(crate) use streaming::erase;
pub use streaming::{StreamedBody, StreamingClient};
pub use tls::tls_config;
