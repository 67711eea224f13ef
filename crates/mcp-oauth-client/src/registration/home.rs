//! Where something that was configured by hand belongs.

use mcp_oauth_core::Issuer;

use crate::Policy;
use crate::discovery::same_but_for_slash;

/// The one authorization server that a client's secret or key, or a workload's assertions, are for. No other one sees
/// anything of them (C7.4).
#[derive(Debug, Clone)]
pub(crate) struct Home {
    issuer: Issuer,
    /// What its metadata may name beside it, by the policy's exceptions.
    other_names: Vec<Issuer>,
}

impl Home {
    pub(crate) fn new(issuer: Issuer) -> Self {
        Self { issuer, other_names: Vec::new() }
    }

    /// With the names that the policy knows it by.
    pub(crate) fn under(mut self, policy: &Policy) -> Self {
        self.other_names = policy.other_names(&self.issuer).cloned().collect();
        self
    }

    pub(crate) fn issuer(&self) -> &Issuer {
        &self.issuer
    }

    /// Whether it is the server whose metadata names `found`. The last slash does not count: people write it or not, and
    /// the metadata of both is at the same address (RFC 8414 §3.1).
    pub(crate) fn is(&self, found: &Issuer) -> bool {
        let mut names = std::iter::once(&self.issuer).chain(&self.other_names);
        names.any(|name| same_but_for_slash(name, found))
    }
}
