//! The scopes that a server knows, with a description for people.

use mcp_oauth_core::{ScopeSet, ScopeToken};

/// `offline_access`: not a permission on the resource, but the wish for a refresh token. Always known.
pub(crate) const OFFLINE_ACCESS: &str = "offline_access";

/// All scopes with their descriptions.
#[derive(Debug, Clone, Default)]
pub(crate) struct ScopeCatalogue {
    described: Vec<(ScopeToken, String)>,
    /// Granted when a request names no scope.
    default: Option<ScopeSet>,
}

impl ScopeCatalogue {
    pub(super) fn add(&mut self, scope: ScopeToken, description: String) {
        self.described.retain(|(known, _)| *known != scope);
        self.described.push((scope, description));
    }

    pub(super) fn set_default(&mut self, scopes: ScopeSet) {
        self.default = Some(scopes);
    }

    /// What a request without `scope` asks for: a server must not insist on scopes that its clients do not know.
    pub(crate) fn default_scopes(&self) -> ScopeSet {
        match &self.default {
            Some(scopes) => scopes.clone(),
            None => self.described.iter().map(|(scope, _)| scope.clone()).collect(),
        }
    }

    /// The scopes of `wanted` that are not known here.
    pub(crate) fn unknown(&self, wanted: &ScopeSet) -> ScopeSet {
        wanted.difference(&self.supported())
    }

    /// All scopes, for the metadata.
    pub(crate) fn supported(&self) -> ScopeSet {
        let offline = ScopeToken::parse(OFFLINE_ACCESS).ok();
        self.described.iter().map(|(scope, _)| scope.clone()).chain(offline).collect()
    }

    /// What a person is told about a scope.
    pub(crate) fn description(&self, scope: &ScopeToken) -> Option<&str> {
        if scope.as_str() == OFFLINE_ACCESS {
            return Some("Stay connected when you are not there");
        }
        self.described.iter().find_map(|(known, text)| (known == scope).then_some(text.as_str()))
    }
}
