//! Which addresses may be connected to.
//!
//! The URLs of metadata come from strangers: `resource_metadata`, `authorization_servers` and every endpoint in a
//! document can point at a machine that only this one can reach (RFC 9728 §7.7, MCP security best practices, SSRF).
//! The check is made on the resolved addresses within the connector, and only those that passed are connected to, so an
//! answer of the DNS that changes between check and use changes nothing.

use std::future::Future;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use hyper_util::client::legacy::connect::dns::Name;
use tower::Service;

use super::resolver::Resolver;

/// Which addresses may be connected to. Each allows what the one before does, and more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum AddressPolicy {
    /// Addresses of the public internet.
    #[default]
    Public,
    /// And this machine: for MCP servers on this machine.
    Loopback,
    /// And private networks (RFC 1918, RFC 6598, RFC 4193): for servers in a company or a container network.
    Private,
    /// Everything, link-local addresses (where clouds keep their machines' credentials) included.
    Any,
}

impl AddressPolicy {
    /// True when `address` may be connected to.
    pub fn permits(self, address: IpAddr) -> bool {
        self >= Self::needed_for(address)
    }

    /// The narrowest policy that permits `address`.
    fn needed_for(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(address) => Self::needed_for_v4(address),
            IpAddr::V6(address) => Self::needed_for_v6(address),
        }
    }

    fn needed_for_v4(address: Ipv4Addr) -> Self {
        match address.octets() {
            [127, ..] => Self::Loopback,
            [10, ..] | [172, 16..=31, ..] | [192, 168, ..] | [100, 64..=127, ..] => Self::Private,
            // "This network", link-local, protocol assignments, documentation, benchmarks, multicast, reserved (RFC 6890).
            [0 | 224.., ..]
            | [169, 254, ..]
            | [192, 0, 0 | 2, _]
            | [198, 18..=19, ..]
            | [198, 51, 100, _]
            | [203, 0, 113, _] => Self::Any,
            _ => Self::Public,
        }
    }

    fn needed_for_v6(address: Ipv6Addr) -> Self {
        match address.segments() {
            [0, 0, 0, 0, 0, 0, 0, 1] => Self::Loopback,
            [0xfc00..=0xfdff, ..] => Self::Private,
            // NAT64 and 6to4 carry an IPv4 address: that one decides.
            [0x64, 0xff9b, 0, 0, 0, 0, high, low] | [0x2002, high, low, ..] => {
                let [a, b] = high.to_be_bytes();
                let [c, d] = low.to_be_bytes();
                Self::needed_for_v4(Ipv4Addr::new(a, b, c, d))
            }
            // Global unicast without Teredo (2001::/32) and documentation (2001:db8::/32, 3fff::/20).
            [0x2001, 0 | 0xdb8, ..] | [0x3fff, 0..=0x0fff, ..] => Self::Any,
            [0x2000..=0x3fff, ..] => Self::Public,
            // Unspecified, IPv4-compatible, local NAT64, link-local, site-local, multicast, reserved.
            _ => Self::Any,
        }
    }
}

/// Resolves names and lets only permitted addresses through.
#[derive(Clone)]
pub(crate) struct GuardedResolver {
    inner: Arc<dyn Resolver>,
    policy: AddressPolicy,
}

impl GuardedResolver {
    pub(super) fn new(inner: Arc<dyn Resolver>, policy: AddressPolicy) -> Self {
        Self { inner, policy }
    }
}

/// Every address of a name is forbidden. Found in the source chain of the connector's error.
#[derive(Debug, thiserror::Error)]
#[error("none of the host's addresses is allowed")]
pub(super) struct AddressRefused;

impl Service<Name> for GuardedResolver {
    type Response = std::vec::IntoIter<SocketAddr>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, io::Error>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), io::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let policy = self.policy;
        let inner = Arc::clone(&self.inner);
        Box::pin(async move {
            let found = inner.resolve(name.as_str()).await?;
            let unknown = found.is_empty();
            let permitted: Vec<_> = found
                .into_iter()
                .filter(|address| policy.permits(*address))
                .map(|address| SocketAddr::new(address, 0))
                .collect();
            if unknown {
                return Err(io::Error::new(io::ErrorKind::NotFound, "the host has no address"));
            }
            if permitted.is_empty() {
                return Err(io::Error::new(io::ErrorKind::PermissionDenied, AddressRefused));
            }
            Ok(permitted.into_iter())
        })
    }
}

#[cfg(test)]
mod tests;
