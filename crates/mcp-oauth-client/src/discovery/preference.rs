//! Which of several authorization servers to use.

use std::fmt;
use std::sync::Arc;

use mcp_oauth_core::Issuer;

type Choose = dyn Fn(&[Issuer]) -> Option<Issuer> + Send + Sync;

/// What the caller wants, where a resource lists several authorization servers (RFC 9728 §7.6) or none at all.
#[derive(Clone, Default)]
pub(crate) struct Preference {
    /// This one.
    pub(crate) issuer: Option<Issuer>,
    /// Or what this says, given the list.
    pub(crate) choose: Option<Arc<Choose>>,
}

impl Preference {
    /// Those of `listed` to try, in their order. A choice leaves one; without any, all in the order of the list.
    pub(super) fn candidates<'a>(&self, listed: &'a [Issuer]) -> Vec<&'a Issuer> {
        let chosen = self.choose.as_ref().and_then(|choose| choose(listed));
        let Some(wanted) = chosen.as_ref().or(self.issuer.as_ref()) else { return listed.iter().collect() };
        if let Some(found) = listed.iter().find(|issuer| same_but_for_slash(issuer, wanted)) {
            return vec![found];
        }
        tracing::warn!(%wanted, "the MCP server does not list the configured authorization server");
        listed.iter().collect()
    }
}

impl fmt::Debug for Preference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Preference").field("issuer", &self.issuer).finish_non_exhaustive()
    }
}

/// People write `https://as.test` and servers publish `https://as.test/`. Good enough to choose by; what is sent and
/// compared afterwards is the published text.
fn same_but_for_slash(one: &Issuer, other: &Issuer) -> bool {
    one.as_str().trim_end_matches('/') == other.as_str().trim_end_matches('/')
}
