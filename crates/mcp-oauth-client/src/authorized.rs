//! A small HTTP client with tokens, for programs that have none of their own.

mod answer;
mod request;
mod sender;

use std::borrow::Borrow;
use std::fmt;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use http::Method;
use mcp_oauth_core::InvalidUrl;
use tower::Layer as _;

use self::sender::Sender;
use crate::http::BoxError;
use crate::{
    AuthorizationLayer, AuthorizationManager, AuthorizationRequired, Authorized, HttpClient, HttpError,
    Interaction, LoginOccasion, RefreshError,
};

pub use answer::Answer;
pub use request::AuthorizedRequest;

/// An HTTP client whose requests carry the token of an [`AuthorizationManager`], renewed as it must be.
///
/// Tokens go to the MCP server's origin only; requests to anywhere else are sent without one. Answers are read whole, up to
/// [`Limits::resource_bytes`](crate::Limits::resource_bytes). For answers that stream, put [`AuthorizationLayer`] around a
/// client of your own; this one is that layer around an [`HttpClient`].
///
/// Redirects are followed as long as they stay at their origin. One that leaves it is the answer: whether to go there,
/// without the token, is for the program to decide (C13.3).
///
/// ```no_run
/// use std::sync::Arc;
/// use mcp_oauth_client::{AuthorizationManager, AuthorizedHttpClient};
/// # #[derive(serde::Deserialize, serde::Serialize)]
/// # struct Resource;
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let manager = Arc::new(AuthorizationManager::new("https://api.example.com/mcp").await?);
/// let client = AuthorizedHttpClient::new(manager, None);
/// let resources = client.get("https://api.example.com/resources").await?.json::<Vec<Resource>>().await?;
/// let created = client.post("https://api.example.com/resources").json(&Resource).await?;
/// println!("{} and {}", resources.len(), created.status());
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct AuthorizedHttpClient {
    layer: AuthorizationLayer,
    sender: Sender,
    redirects: usize,
}

impl AuthorizedHttpClient {
    /// A client with the tokens of `manager`, which may be shared. Requests are sent through `http`, by default through
    /// what the manager itself uses.
    pub fn new(manager: impl Borrow<AuthorizationManager>, http: Option<Arc<dyn HttpClient>>) -> Self {
        let manager = manager.borrow();
        let http = http.unwrap_or_else(|| manager.http());
        let limits = manager.policy().limits;
        Self {
            layer: AuthorizationLayer::new(manager.clone()),
            sender: Sender::new(http, &limits),
            redirects: limits.resource_redirects,
        }
    }

    /// Lets requests that need a login begin it, see [`AuthorizationLayer::interactive`].
    #[must_use]
    pub fn interactive(mut self, interaction: impl Interaction + 'static) -> Self {
        self.layer = self.layer.interactive(interaction);
        self
    }

    /// Asks the application before a person is asked once more, see [`AuthorizationLayer::confirm`].
    #[must_use]
    pub fn confirm(
        mut self,
        confirm: impl Fn(LoginOccasion) -> BoxFuture<'static, bool> + Send + Sync + 'static,
    ) -> Self {
        self.layer = self.layer.confirm(confirm);
        self
    }

    /// A GET.
    pub fn get(&self, url: impl AsRef<str>) -> AuthorizedRequest {
        self.request(Method::GET, url)
    }

    /// A POST.
    pub fn post(&self, url: impl AsRef<str>) -> AuthorizedRequest {
        self.request(Method::POST, url)
    }

    /// A request of any method, to be completed and awaited.
    pub fn request(&self, method: Method, url: impl AsRef<str>) -> AuthorizedRequest {
        AuthorizedRequest::new(self.layer.layer(self.sender.clone()), self.redirects, method, url.as_ref())
    }
}

impl fmt::Debug for AuthorizedHttpClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthorizedHttpClient").field("layer", &self.layer).finish_non_exhaustive()
    }
}

type Service = Authorized<Sender>;

/// Why a request of an [`AuthorizedHttpClient`] got no answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RequestError {
    /// The address is none.
    #[error("the address cannot be used")]
    Url(#[source] InvalidUrl),
    /// A header is none.
    #[error("the request cannot be made")]
    Request(#[source] http::Error),
    /// The value cannot be written as JSON.
    #[error("the request's body cannot be written as JSON")]
    Body(#[source] serde_json::Error),
    /// A person has to log in.
    #[error(transparent)]
    Authorization(#[from] AuthorizationRequired),
    /// The token could not be renewed.
    #[error(transparent)]
    Refresh(#[from] RefreshError),
    /// The server cannot be reached.
    #[error(transparent)]
    Http(#[from] HttpError),
    /// The server redirects on and on.
    #[error("there were more than {limit} redirects")]
    TooManyRedirects {
        /// The limit, [`Limits::resource_redirects`](crate::Limits::resource_redirects).
        limit: usize,
    },
    /// The answer's body is not what was asked for.
    #[error("the answer ({status}) is not the JSON that was expected")]
    Json {
        /// The answer's status.
        status: http::StatusCode,
        /// What is wrong with the body.
        #[source]
        source: serde_json::Error,
    },
    /// Something else failed.
    #[error("the request failed")]
    Other(#[source] BoxError),
}

impl RequestError {
    /// True when the same request may succeed later without anybody changing anything.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Authorization(required) => required.is_retryable(),
            Self::Refresh(error) => error.is_retryable(),
            Self::Http(error) => error.is_retryable(),
            _ => false,
        }
    }

    /// True when a person must log in, or allow more.
    pub fn needs_authorization(&self) -> bool {
        match self {
            Self::Authorization(_) => true,
            Self::Refresh(error) => error.needs_authorization(),
            _ => false,
        }
    }

    /// What the layer and the sender below it return, each by its type again.
    fn from_box(error: BoxError) -> Self {
        let error = match error.downcast::<AuthorizationRequired>() {
            Ok(required) => return Self::Authorization(*required),
            Err(error) => error,
        };
        let error = match error.downcast::<RefreshError>() {
            Ok(refresh) => return Self::Refresh(*refresh),
            Err(error) => error,
        };
        match error.downcast::<HttpError>() {
            Ok(http) => Self::Http(*http),
            Err(other) => Self::Other(other),
        }
    }
}
