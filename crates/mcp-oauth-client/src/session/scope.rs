//! Which scopes to ask for.

use mcp_oauth_core::{AuthorizationServerMetadata, Challenges, OAuthErrorCode, ScopeSet};

use crate::{Grant, Policy, ProtectedResource};

const OFFLINE_ACCESS: &str = "offline_access";

/// Why a login cannot ask for what it needs.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ScopeError {
    /// The refused operation needs scopes that [`Policy::scopes_at_most`](crate::Policy::scopes_at_most) rules out.
    #[error("the operation needs scopes that the policy does not allow: {beyond}")]
    NotAllowed {
        /// The scopes beyond the bound.
        beyond: ScopeSet,
    },
}

/// What the choice of scopes depends on.
pub(crate) struct Selection<'a> {
    /// The caller's own choice.
    pub(crate) configured: Option<&'a ScopeSet>,
    pub(crate) challenges: &'a Challenges,
    pub(crate) resource: &'a ProtectedResource,
    pub(crate) server: &'a AuthorizationServerMetadata,
    /// The grant of the same authorization server, if there is one.
    pub(crate) before: Option<&'a Grant>,
    pub(crate) policy: &'a Policy,
}

/// The order of the specification: the challenge's scopes, else those that the resource publishes, else none at all.
/// Scopes that were asked for before are kept, so that a step-up does not lose what other operations need (MCP "Scope
/// Selection Strategy", "Step-Up Authorization Flow"). The caller's own choice replaces what the challenge of a first
/// login would ask for, but not what a refused operation needs. The policy's bound holds for all of it (C9.5).
pub(crate) fn select_scopes(selection: &Selection<'_>) -> Result<ScopeSet, ScopeError> {
    let Selection { configured, challenges, resource, server, before, policy } = *selection;
    let steps_up = challenges.error() == Some(OAuthErrorCode::InsufficientScope);
    let needed = challenges.scope();
    if let (true, Some(bound), Some(needed)) = (steps_up, &policy.scopes_at_most, &needed) {
        let beyond = needed.difference(bound);
        if !beyond.is_empty() {
            return Err(ScopeError::NotAllowed { beyond });
        }
    }
    let mut wanted = match (configured, needed) {
        (Some(configured), Some(needed)) if steps_up => configured.union(&needed),
        (Some(configured), _) => configured.clone(),
        (None, Some(needed)) => needed,
        // A refused operation that names no scope needs none that could be guessed; what was asked for before stands.
        (None, None) => resource.scopes_supported().cloned().unwrap_or_default(),
    };
    if let Some(before) = before {
        wanted = before.requested_scopes().union(before.scopes()).union(&wanted);
    }
    if let Some(bound) = &policy.scopes_at_most {
        // Nothing in common would be no scope at all, which asks for the server's default: more than the bound, perhaps.
        let within = wanted.intersection(bound);
        wanted = if within.is_empty() { bound.clone() } else { within };
    }
    let offered = server.scopes_supported.as_ref().is_some_and(|scopes| scopes.contains(OFFLINE_ACCESS));
    // An empty request means the server's default; adding one scope to it would turn it into a request for that alone.
    if policy.offline_access && offered && !wanted.is_empty() {
        let addition: ScopeSet = mcp_oauth_core::ScopeToken::parse(OFFLINE_ACCESS).into_iter().collect();
        wanted = wanted.union(&addition);
    }
    Ok(wanted)
}

#[cfg(test)]
mod tests;
