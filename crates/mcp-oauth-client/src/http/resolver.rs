//! From a host's name to its addresses.

use std::io;
use std::net::IpAddr;

use futures_util::future::BoxFuture;

/// Finds the addresses of host names for [`HyperClient::with_resolver`](crate::HyperClient::with_resolver).
///
/// What it answers is judged by the [`AddressPolicy`](crate::AddressPolicy) and then connected to as it is: nobody asks
/// a second time between the two.
///
/// ```
/// use std::{io, net::{IpAddr, Ipv4Addr}};
/// use futures_util::future::BoxFuture;
/// use mcp_oauth_client::{HyperClient, Resolver};
///
/// /// A network without a DNS.
/// struct Hosts;
///
/// impl Resolver for Hosts {
///     fn resolve<'a>(&'a self, host: &'a str) -> BoxFuture<'a, io::Result<Vec<IpAddr>>> {
///         Box::pin(async move {
///             match host {
///                 "as.internal" => Ok(vec![Ipv4Addr::new(10, 0, 0, 7).into()]),
///                 _ => Err(io::ErrorKind::NotFound.into()),
///             }
///         })
///     }
/// }
///
/// let http = HyperClient::new().with_resolver(Hosts);
/// ```
pub trait Resolver: Send + Sync + 'static {
    /// The addresses of `host`, in the order in which they are tried.
    ///
    /// # Errors
    /// When the name is unknown or nobody can be asked.
    fn resolve<'a>(&'a self, host: &'a str) -> BoxFuture<'a, io::Result<Vec<IpAddr>>>;
}

/// The operating system's resolver.
pub(super) struct SystemResolver;

impl Resolver for SystemResolver {
    fn resolve<'a>(&'a self, host: &'a str) -> BoxFuture<'a, io::Result<Vec<IpAddr>>> {
        Box::pin(async move {
            let found = tokio::net::lookup_host((host, 0)).await?;
            Ok(found.map(|address| address.ip()).collect())
        })
    }
}
