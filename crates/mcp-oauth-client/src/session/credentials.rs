//! What a login gave, as its caller gets it.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use mcp_oauth_core::AccessToken;

use crate::Grant;

/// What a login gave: the token, and by [`Deref`] everything else about the [`Grant`].
///
/// The manager of the session has it already; nothing needs to be done with this. It is for showing that the login
/// succeeded, and for programs that take the token elsewhere.
#[derive(Clone)]
#[non_exhaustive]
pub struct Credentials {
    /// The access token. Displaying it says only that it is there; [`ShownToken::expose`] gives the token itself.
    pub access_token: ShownToken,
    grant: Arc<Grant>,
}

impl Credentials {
    pub(crate) fn new(grant: Arc<Grant>) -> Self {
        Self { access_token: ShownToken(grant.access_token().clone()), grant }
    }

    /// The grant, shared with the manager.
    pub fn grant(&self) -> &Arc<Grant> {
        &self.grant
    }
}

impl Deref for Credentials {
    type Target = Grant;

    fn deref(&self) -> &Grant {
        &self.grant
    }
}

impl From<Credentials> for Arc<Grant> {
    fn from(credentials: Credentials) -> Self {
        credentials.grant
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Credentials").field(&self.grant).finish()
    }
}

/// An access token that may stand in a message to a person without being in it: displayed, it is `[access token]`.
///
/// Programs print what they are given, logs are kept, and screens are shared; whoever has an access token is let in. So
/// the token itself comes out by [`expose`](Self::expose) only, where one can see it in the code.
#[derive(Clone, PartialEq, Eq)]
pub struct ShownToken(AccessToken);

impl ShownToken {
    /// The token itself. Whoever calls this answers for where it goes.
    pub fn expose(&self) -> &str {
        self.0.expose()
    }

    /// The token as the rest of this crate has it.
    pub fn as_access_token(&self) -> &AccessToken {
        &self.0
    }
}

impl fmt::Display for ShownToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad("[access token]")
    }
}

impl fmt::Debug for ShownToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ShownToken(redacted)")
    }
}
