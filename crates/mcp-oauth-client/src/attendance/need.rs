//! What a login is for.

use std::sync::Arc;

use http::Request;
use mcp_oauth_core::ScopeSet;

use crate::{AuthorizationReason, AuthorizationRequired, Grant};

/// What a refused request does, so that attempts for it can be counted (C11.4). The standard headers of 2026-07-28 name
/// it; before them, all that can be told is where the request goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Operation(Box<str>);

impl Operation {
    pub(crate) fn of<B>(request: &Request<B>) -> Self {
        let header = |name| request.headers().get(name).and_then(|value| value.to_str().ok());
        let text = match (header("mcp-method"), header("mcp-name")) {
            (Some(method), Some(name)) => format!("{method} {name}"),
            (Some(method), None) => method.to_owned(),
            (None, _) => format!("{} {}", request.method(), request.uri().path()),
        };
        Self(text.into())
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// A login that a request needs.
#[derive(Debug, Clone)]
pub(crate) struct Need {
    pub(crate) required: AuthorizationRequired,
    pub(crate) operation: Operation,
    /// The grant whose token was refused.
    pub(crate) refused: Option<Arc<Grant>>,
}

impl Need {
    /// The scopes that the server named for the request.
    pub(crate) fn scopes(&self) -> ScopeSet {
        self.required.challenges.scope().unwrap_or_default()
    }

    /// Whether a login for one is a login for the other.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        self.required.reason == other.required.reason
            && (self.required.reason == AuthorizationReason::Unauthorized || self.scopes() == other.scopes())
    }

    /// Whether it is this grant's token that was refused.
    pub(crate) fn is_refused(&self, grant: &Grant) -> bool {
        self.refused.as_ref().is_some_and(|refused| refused.access_token() == grant.access_token())
    }

    /// Whether the grant may be what is needed: another than the refused one, with the scopes. After a 401 whatever
    /// scopes it has: the server says so if they do not suffice.
    pub(crate) fn is_met_by(&self, grant: &Grant) -> bool {
        let is_other = !self.is_refused(grant);
        let suffices = match self.required.reason {
            AuthorizationReason::InsufficientScope => grant.scopes().covers(&self.scopes()),
            AuthorizationReason::Unauthorized => true,
        };
        is_other && suffices
    }
}
