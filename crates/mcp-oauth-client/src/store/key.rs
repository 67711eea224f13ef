//! What values are kept under.

use std::fmt::{self, Write as _};

use mcp_oauth_core::{Issuer, RedirectUri, ResourceUri};
use sha2::{Digest as _, Sha256};

/// The key of a stored value. It covers the issuer, so that nothing of one authorization server is ever shown to another
/// (MCP "Authorization Server Binding").
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StoreKey {
    /// The grant of one authorization server for one resource to one subject.
    Grant {
        /// Who granted.
        issuer: Issuer,
        /// For what.
        resource: ResourceUri,
        /// On whose behalf.
        subject: String,
    },
    /// This client's registration at one authorization server with one set of redirect URIs.
    Client {
        /// Where it is registered.
        issuer: Issuer,
        /// With what.
        redirect_uris: Vec<RedirectUri>,
    },
    /// Which issuer and resource the grant for an MCP server has: what makes a start without any discovery possible.
    Server {
        /// The MCP server's address.
        server: String,
        /// On whose behalf.
        subject: String,
    },
}

impl StoreKey {
    /// What kind of value this is: `grant`, `client` or `server`.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Grant { .. } => "grant",
            Self::Client { .. } => "client",
            Self::Server { .. } => "server",
        }
    }

    /// A name for the key that is valid for files and databases: its kind and 160 bits of a hash over all of its parts.
    pub fn name(&self) -> String {
        let mut hash = Sha256::new();
        let mut part = |text: &str| {
            // The length first, so that no two lists of parts hash alike.
            hash.update(u64::try_from(text.len()).unwrap_or(u64::MAX).to_be_bytes());
            hash.update(text);
        };
        part(self.kind());
        match self {
            Self::Grant { issuer, resource, subject } => {
                part(issuer.as_str());
                part(resource.as_str());
                part(subject);
            }
            Self::Client { issuer, redirect_uris } => {
                part(issuer.as_str());
                let mut uris: Vec<_> = redirect_uris.iter().map(RedirectUri::as_str).collect();
                uris.sort_unstable();
                uris.dedup();
                uris.into_iter().for_each(part);
            }
            Self::Server { server, subject } => {
                part(server);
                part(subject);
            }
        }
        let digest: [u8; 32] = hash.finalize().into();
        digest.iter().take(20).fold(format!("{}-", self.kind()), |mut name, byte| {
            let _ = write!(name, "{byte:02x}");
            name
        })
    }
}

impl fmt::Display for StoreKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name())
    }
}
