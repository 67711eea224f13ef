//! A login that the application brings to a person.

use std::borrow::Borrow;
use std::fmt;
use std::time::SystemTime;

use mcp_oauth_core::{RedactedUrl, RedirectUri, ScopeSet, State};
use url::Url;

use super::Credentials;
use crate::manager::Beginning;
use crate::{AuthorizationManager, BuildError, Error};

/// A login under way: an address for a person, and what their answer is checked against.
///
/// ```no_run
/// # async fn example() -> Result<(), mcp_oauth_client::Error> {
/// use mcp_oauth_client::{AuthorizationManager, AuthorizationSession};
///
/// let manager = AuthorizationManager::new("https://mcp.example/mcp").await?;
/// let session = AuthorizationSession::new(&manager, &["mcp"], "http://localhost:8080/callback").await?;
/// println!("open {}", session.get_authorization_url());
/// // The whole address that the browser was sent to:
/// let credentials = session.handle_callback("http://localhost:8080/callback?code=…&state=…").await?;
/// println!("valid until {:?}", credentials.expires_at());
/// # Ok(())
/// # }
/// ```
///
/// [`AuthorizationManager::begin`] is the same for a program that has a challenge at hand: it then asks for what the
/// server named. Where this machine has a browser, [`AuthorizationManager::authorize`] does all of it, listener included.
pub struct AuthorizationSession {
    manager: AuthorizationManager,
    url: Url,
    open_before: Option<SystemTime>,
    state: State,
    scopes: ScopeSet,
    expires_at: SystemTime,
}

impl AuthorizationSession {
    /// Begins a login: finds the authorization server, registers if need be, and makes the address for the person.
    ///
    /// `scopes` are asked for, together with those of the grant that there is; none leaves the choice to what the server
    /// publishes. `redirect_uri` must be https, or http on loopback (`localhost`, `127.0.0.1`, `[::1]`), and something
    /// of yours must answer there: this type does not listen.
    ///
    /// # Errors
    /// When a scope or the redirect URI cannot be used, no authorization server is found, or none of its ways of
    /// registration works.
    pub async fn new(
        manager: impl Borrow<AuthorizationManager>,
        scopes: &[&str],
        redirect_uri: &str,
    ) -> Result<Self, Error> {
        let scopes = ScopeSet::parse(&scopes.join(" ")).map_err(BuildError::Scope)?;
        let redirect_uri = RedirectUri::parse(redirect_uri).map_err(BuildError::RedirectUri)?;
        let manager = manager.borrow().clone();
        manager.begin_with(&scopes, redirect_uri).await
    }

    pub(crate) fn begun(manager: AuthorizationManager, beginning: Beginning) -> Self {
        let Beginning { url, open_before, pending, .. } = beginning;
        Self {
            manager,
            url,
            open_before,
            state: pending.state,
            scopes: pending.requested,
            expires_at: pending.expires_at,
        }
    }

    /// The address for the person: https, or http on loopback. It holds the state of the login, so show it to nobody
    /// else.
    pub fn authorization_url(&self) -> &Url {
        &self.url
    }

    /// The same as [`authorization_url`](Self::authorization_url).
    pub fn get_authorization_url(&self) -> &Url {
        self.authorization_url()
    }

    /// When it is too late to open the address: a minute or so after a request that was pushed (RFC 9126). An answer may
    /// come later, up to [`expires_at`](Self::expires_at).
    pub fn open_before(&self) -> Option<SystemTime> {
        self.open_before
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
    /// but the person then ties the code to this login. Where the server promises to say who it is in the address
    /// (RFC 9207), a bare code is refused.
    ///
    /// # Errors
    /// When the answer is not accepted, or the code cannot be redeemed.
    pub async fn handle_callback(&self, answer: &str) -> Result<Credentials, Error> {
        self.manager.finish_session(answer, &self.state).await.map(Credentials::new)
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
