//! What a person is asked to do.

use std::fmt;
use std::time::SystemTime;

use mcp_oauth_core::{Issuer, RedirectUri, ResourceUri, ScopeSet, State};
use url::Url;

/// What a person is asked to do.
#[derive(Clone)]
#[non_exhaustive]
pub struct Prompt {
    /// The address to open: https, or http on loopback. It holds the state of the login, so show it to nobody else.
    pub url: Url,
    /// When it is too late to open it: a minute or so after a request that was pushed (RFC 9126).
    pub open_before: Option<SystemTime>,
    /// What the login is for.
    pub resource: ResourceUri,
    /// Who will ask for it.
    pub issuer: Issuer,
    /// What will be asked for. Empty: what the server sees fit.
    pub scopes: ScopeSet,
    /// Where the answer will come to.
    pub redirect_uri: RedirectUri,
    /// What the answer must carry.
    pub(crate) state: State,
}

impl fmt::Debug for Prompt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Prompt")
            .field("url", &mcp_oauth_core::RedactedUrl(&self.url))
            .field("resource", &self.resource)
            .field("issuer", &self.issuer)
            .field("redirect_uri", &self.redirect_uri)
            .finish_non_exhaustive()
    }
}
