//! Which scopes to ask for.

use mcp_oauth_core::{AuthorizationServerMetadata, Challenges, OAuthErrorCode, ScopeSet};

use crate::{Grant, ProtectedResource};

const OFFLINE_ACCESS: &str = "offline_access";

/// The order of the specification: the challenge's scopes, else those that the resource publishes, else none at all.
/// Scopes that were asked for before are kept, so that a step-up does not lose what other operations need (MCP "Scope
/// Selection Strategy", "Step-Up Authorization Flow"). The caller's own choice replaces what the challenge of a first
/// login would ask for, but not what a refused operation needs.
pub(crate) fn select_scopes(
    configured: Option<&ScopeSet>,
    challenges: &Challenges,
    resource: &ProtectedResource,
    server: &AuthorizationServerMetadata,
    before: Option<&Grant>,
    offline_access: bool,
) -> ScopeSet {
    let bearer = challenges.bearer();
    let steps_up =
        bearer.as_ref().is_some_and(|bearer| bearer.error == Some(OAuthErrorCode::InsufficientScope));
    let needed = bearer.and_then(|bearer| bearer.scope);
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
    let offered = server.scopes_supported.as_ref().is_some_and(|scopes| scopes.contains(OFFLINE_ACCESS));
    // An empty request means the server's default; adding one scope to it would turn it into a request for that alone.
    if offline_access && offered && !wanted.is_empty() {
        let addition: ScopeSet = mcp_oauth_core::ScopeToken::parse(OFFLINE_ACCESS).into_iter().collect();
        wanted = wanted.union(&addition);
    }
    wanted
}

#[cfg(test)]
mod tests;
