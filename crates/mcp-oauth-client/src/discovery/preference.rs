//! Which of several authorization servers to use.

use std::fmt;
use std::sync::Arc;

use mcp_oauth_core::Issuer;

use crate::Policy;

type Hint = dyn Fn(&[Issuer]) -> Option<Issuer> + Send + Sync;

/// What the caller wants, where a resource lists several authorization servers (RFC 9728 §7.6) or none at all.
#[derive(Clone, Default)]
pub(crate) struct Preference {
    /// The one that what is configured by hand belongs to.
    pub(crate) issuer: Option<Issuer>,
    /// What this says, given the list, where that one is not listed. Nothing belongs to it.
    pub(crate) hint: Option<Arc<Hint>>,
}

impl Preference {
    /// Those of `listed` to try, in their order. A choice leaves one; without any, all in the order of the list.
    pub(super) fn candidates<'a>(&self, listed: &'a [Issuer], policy: &'a Policy) -> Vec<&'a Issuer> {
        for wanted in [self.issuer.clone(), self.hinted(listed)].iter().flatten() {
            if let Some(found) = listed.iter().find(|issuer| is_listed_as(wanted, issuer, policy)) {
                return vec![found];
            }
            tracing::warn!(%wanted, "the MCP server does not list the configured authorization server");
        }
        listed.iter().collect()
    }

    /// The one to use where none is listed.
    pub(super) fn unlisted(&self) -> Option<Issuer> {
        self.issuer.clone().or_else(|| self.hinted(&[]))
    }

    fn hinted(&self, listed: &[Issuer]) -> Option<Issuer> {
        self.hint.as_ref().and_then(|hint| hint(listed))
    }
}

impl fmt::Debug for Preference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Preference").field("issuer", &self.issuer).finish_non_exhaustive()
    }
}

fn is_listed_as(wanted: &Issuer, listed: &Issuer, policy: &Policy) -> bool {
    same_but_for_slash(listed, wanted) || policy.other_names(listed).any(|name| name == wanted)
}

/// People write `https://as.test` and servers publish `https://as.test/`. Good enough to choose by; what is sent and
/// compared afterwards is the published text.
pub(crate) fn same_but_for_slash(one: &Issuer, other: &Issuer) -> bool {
    one.as_str().trim_end_matches('/') == other.as_str().trim_end_matches('/')
}
