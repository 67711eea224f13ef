//! The errors of the single operations, folded for callers who only want to know what to do next.

use std::sync::Arc;
use std::time::Duration;

use mcp_oauth_core::{InvalidClientMetadataDocument, InvalidScope, InvalidUrl, ScopeSet};

use crate::{
    CallbackError, DeviceError, DiscoveryError, DpopError, InteractionError, ManagementError, PushError,
    RefreshError, RegistrationError, ScopeError, StoreError, TokenError,
};

/// Any failure of this crate. [`is_retryable`](Self::is_retryable) and [`needs_authorization`](Self::needs_authorization)
/// say what helps.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The manager cannot be built as it is configured.
    #[error(transparent)]
    Build(#[from] BuildError),
    /// No authorization server was found.
    #[error(transparent)]
    Discovery(#[from] DiscoveryError),
    /// There is no client for the authorization server.
    #[error(transparent)]
    Registration(#[from] RegistrationError),
    /// The person could not be reached or did not answer.
    #[error(transparent)]
    Interaction(#[from] InteractionError),
    /// The answer was not accepted.
    #[error(transparent)]
    Callback(#[from] CallbackError),
    /// The code could not be redeemed.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// The grant could not be renewed.
    #[error(transparent)]
    Refresh(#[from] RefreshError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The authorization request could not be pushed.
    #[error(transparent)]
    Push(#[from] PushError),
    /// The client's registration could not be read, changed or ended.
    #[error(transparent)]
    Management(#[from] ManagementError),
    /// The login on another device failed.
    #[error(transparent)]
    Device(#[from] DeviceError),
    /// The chosen grant needs no person, so there is no login to begin (C17.7).
    #[error("tokens are obtained without a login here")]
    NoLogin,
    /// What must be asked for may not be asked for.
    #[error(transparent)]
    Scope(#[from] ScopeError),
    /// The tokens cannot be bound to a key.
    #[error(transparent)]
    Dpop(#[from] DpopError),
}

impl Error {
    /// True when the same attempt may succeed later without anybody changing anything.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Discovery(error) => error.is_retryable(),
            Self::Registration(error) => error.is_retryable(),
            Self::Push(error) => error.is_retryable(),
            Self::Management(error) => error.is_retryable(),
            Self::Token(error) => error.is_retryable(),
            Self::Refresh(error) => error.is_retryable(),
            Self::Store(error) => error.is_retryable(),
            Self::Dpop(error) => error.is_retryable(),
            Self::Device(error) => error.is_retryable(),
            Self::Build(_) | Self::Interaction(_) | Self::Callback(_) | Self::Scope(_) | Self::NoLogin => {
                false
            }
        }
    }

    /// True when a person must log in: there is no grant, or it ended.
    pub fn needs_authorization(&self) -> bool {
        matches!(self, Self::Refresh(error) if error.needs_authorization())
    }
}

/// Why a manager cannot be built.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// The MCP server's address is not one that a token may be sent to.
    #[error("the MCP server's address cannot be used")]
    Server(#[source] InvalidUrl),
    /// The client id metadata document's address cannot be a client id.
    #[error("the client id metadata document cannot be used")]
    MetadataDocument(#[source] InvalidClientMetadataDocument),
    /// The chosen grant needs a client that was registered before, and client credentials one with a secret or a key.
    #[error("the chosen grant needs a client that is configured, with what it proves itself with")]
    NoClient,
    /// The policy sets a parameter of the authorization request that is this client's own.
    #[error("the authorization parameter {name} is set by the client itself")]
    OwnParameter {
        /// Its name.
        name: String,
    },
    /// A text is no scope.
    #[error("the scopes cannot be asked for")]
    Scope(#[source] InvalidScope),
    /// The redirect URI is not https or on loopback.
    #[error("the redirect URI cannot be used")]
    RedirectUri(#[source] InvalidUrl),
}

/// A request needs an authorization that only a person can give.
///
/// The [`AuthorizationLayer`](crate::AuthorizationLayer) returns it, and it stays findable by downcast in the source
/// chain of whatever wraps it. Give its `challenges` to
/// [`AuthorizationManager::authorize`](crate::AuthorizationManager::authorize).
#[derive(Debug, Clone, thiserror::Error)]
#[error("{}", match .reason {
    AuthorizationReason::Unauthorized => "a login is needed".to_owned(),
    AuthorizationReason::InsufficientScope => format!("a login with more scopes is needed: {scopes}"),
})]
#[non_exhaustive]
pub struct AuthorizationRequired {
    /// Why.
    pub reason: AuthorizationReason,
    /// What the server asked for.
    pub challenges: mcp_oauth_core::Challenges,
    /// The scopes to ask for: those asked for before, and those of the challenge. Empty when neither says any.
    pub scopes: ScopeSet,
    /// Why a layer that may ask a person ([`interactive`](crate::AuthorizationLayer::interactive)) got no login that
    /// helped. `None` where it may not.
    #[source]
    pub obstacle: Option<LoginObstacle>,
}

impl AuthorizationRequired {
    /// Looks for it in an error and everything that caused it.
    pub fn find<'a>(error: &'a (dyn std::error::Error + 'static)) -> Option<&'a Self> {
        std::iter::successors(Some(error), |&error| deeper(error)).find_map(|error| error.downcast_ref())
    }

    /// True when the login failed for something that may pass by itself: the same request may succeed later.
    pub fn is_retryable(&self) -> bool {
        matches!(&self.obstacle, Some(LoginObstacle::Failed(error)) if error.is_retryable())
    }

    pub(crate) fn because(mut self, obstacle: LoginObstacle) -> Self {
        self.obstacle = Some(obstacle);
        self
    }
}

/// What an error was caused by.
fn deeper<'a>(error: &'a (dyn std::error::Error + 'static)) -> Option<&'a (dyn std::error::Error + 'static)> {
    #[cfg(feature = "rmcp")]
    if let Some(hidden) = crate::transport::hidden_source(error) {
        return Some(hidden);
    }
    // What an error is transparent for is not among its sources.
    if let Some(crate::RequestError::Authorization(required)) = error.downcast_ref() {
        return Some(required);
    }
    error.source()
}

/// Why a request that may log in by itself got no login that helped.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum LoginObstacle {
    /// The login failed, or the person refused.
    #[error("the login failed")]
    Failed(#[source] Arc<Error>),
    /// The same was refused, or did not help, a short while ago; nobody was asked, nor the authorization server where no
    /// person is needed.
    #[error("the login was refused lately")]
    RefusedLately {
        /// After this time, a request asks again.
        again_in: Duration,
    },
    /// The application did not want the person to be asked once more.
    #[error("the application wants no further login")]
    Declined,
    /// The login succeeded, and the server refuses the request all the same.
    #[error("the server refuses the request after a login, too")]
    OfNoUse,
    /// Requests began as many logins (or token requests for more scopes, where no person is needed) as they may, see
    /// [`Limits::logins`](crate::Limits::logins).
    #[error("there were {limit} logins lately, which is the limit")]
    TooMany {
        /// The limit that was reached.
        limit: usize,
    },
    /// The runtime stopped during the login.
    #[error("the program is ending")]
    Stopped,
}

/// Why a person is needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum AuthorizationReason {
    /// There is no token, or none that the server takes (401).
    Unauthorized,
    /// The token's scopes do not cover the request (403 with `insufficient_scope`).
    InsufficientScope,
}
