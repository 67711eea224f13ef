//! A login that the application brings to a person.

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use mcp_oauth_core::{RedactedUrl, ScopeSet, State};
use url::Url;

use crate::manager::Beginning;
use crate::{AuthorizationManager, Error, Grant};

/// A login under way: an address for a person, and what their answer is checked against.
///
/// ```no_run
/// # async fn example() -> Result<(), mcp_oauth_client::Error> {
/// use mcp_oauth_client::AuthorizationManager;
/// use mcp_oauth_core::{Challenges, RedirectUri};
///
/// let manager = AuthorizationManager::new("https://mcp.example/mcp").await?;
/// let redirect_uri = RedirectUri::parse("http://127.0.0.1:3030/callback").expect("a valid one");
/// let session = manager.begin(&Challenges::default(), redirect_uri).await?;
/// println!("open {}", session.authorization_url());
/// // The address that the browser was sent to:
/// let grant = session.handle_callback("http://127.0.0.1:3030/callback?code=…&state=…").await?;
/// # Ok(())
/// # }
/// ```
pub struct AuthorizationSession {
    manager: AuthorizationManager,
    url: Url,
    state: State,
    scopes: ScopeSet,
    expires_at: SystemTime,
}

impl AuthorizationSession {
    pub(crate) fn new(manager: AuthorizationManager, beginning: Beginning) -> Self {
        let Beginning { url, pending } = beginning;
        Self { manager, url, state: pending.state, scopes: pending.requested, expires_at: pending.expires_at }
    }

    /// The address for the person: https, or http on loopback. It holds the state of the login, so show it to nobody
    /// else.
    pub fn authorization_url(&self) -> &Url {
        &self.url
    }

    /// The scopes that are asked for. Empty: what the server sees fit.
    pub fn scopes(&self) -> &ScopeSet {
        &self.scopes
    }

    /// When an answer comes too late.
    pub fn expires_at(&self) -> SystemTime {
        self.expires_at
    }

    /// Takes the answer: the whole address that the browser was sent to, or its query. It may be given once; an answer
    /// that belongs to another login leaves this one as it is.
    ///
    /// A bare code is accepted too, with a caveat: only the whole address carries the state and the issuer, so nothing
    /// but the person then ties the code to this login.
    ///
    /// # Errors
    /// When the answer is not accepted, or the code cannot be redeemed.
    pub async fn handle_callback(&self, answer: &str) -> Result<Arc<Grant>, Error> {
        self.manager.finish_session(answer, &self.state).await
    }
}

impl fmt::Debug for AuthorizationSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthorizationSession")
            .field("authorization_url", &RedactedUrl(&self.url))
            .field("scopes", &self.scopes.to_string())
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}
