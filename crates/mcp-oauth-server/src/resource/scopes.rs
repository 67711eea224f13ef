//! Which scopes a request needs, and what a broader scope implies.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use http::request::Parts;
use mcp_oauth_core::{ScopeSet, ScopeToken};

/// What requests need.
#[derive(Clone)]
pub(super) enum Requirement {
    /// Every request the same.
    Fixed(ScopeSet),
    /// It depends on the request. `always` is what any request needs at least.
    PerRequest { always: ScopeSet, rule: Rule },
}

pub(super) type Rule = Arc<dyn Fn(&Parts, &Bytes) -> ScopeSet + Send + Sync>;

impl Requirement {
    /// What a request without a token is told to ask for.
    pub(super) fn at_first(&self) -> &ScopeSet {
        match self {
            Self::Fixed(scopes) | Self::PerRequest { always: scopes, .. } => scopes,
        }
    }
}

impl fmt::Debug for Requirement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fixed(scopes) => f.debug_tuple("Fixed").field(scopes).finish(),
            Self::PerRequest { always, .. } => f.debug_struct("PerRequest").field("always", always).finish(),
        }
    }
}

/// Broader scopes and the narrower ones they stand for. "Servers MUST account for scope hierarchies" when they judge a
/// token (MCP authorization, "Scope Challenge Handling").
#[derive(Debug, Clone, Default)]
pub(super) struct Hierarchy(Vec<(ScopeToken, ScopeSet)>);

impl Hierarchy {
    pub(super) fn add(&mut self, broad: ScopeToken, implied: ScopeSet) {
        self.0.push((broad, implied));
    }

    /// The granted scopes and all that they imply, over as many steps as it takes.
    pub(super) fn expand(&self, granted: &ScopeSet) -> ScopeSet {
        let mut all = granted.clone();
        loop {
            let implied = self.0.iter().filter(|(broad, _)| all.contains(broad.as_str()));
            let more = implied.fold(all.clone(), |all, (_, implied)| all.union(implied));
            if more.len() == all.len() {
                return all;
            }
            all = more;
        }
    }
}

#[cfg(test)]
mod tests;
