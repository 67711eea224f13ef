//! Any HTTP client, authorized.

mod exchange;
mod origin;
mod proof;
mod recovery;

use std::fmt;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_util::future::BoxFuture;
use http::{Request, Response};
use tower::{Layer, Service};

use self::proof::Sent;
use self::recovery::Spare;
use crate::attendance::{Attendance, Attendant, LoginOccasion};
use crate::http::BoxError;
use crate::manager::Ready;
use crate::{AuthorizationManager, Interaction};

pub use exchange::AuthorizedFuture;
pub(crate) use origin::is_for;
pub(crate) use proof::attach;

/// Makes any HTTP client an authorized one: attaches the token to requests for the MCP server, and answers the server's
/// challenges.
///
/// | the server says | once per request |
/// |---|---|
/// | 401 | the token is renewed, or one that was renewed elsewhere is taken over; where that cannot be done, a login |
/// | 403 with `insufficient_scope` | a login with more scopes (step-up): those asked for before, and those it names |
/// | 401 that wants another nonce in the proof ([`DpopPolicy`](crate::DpopPolicy)) | a new proof with the same token |
/// | anything else | passes through |
///
/// After each, the request is sent again, never with a token that was refused.
///
/// **Who logs in.** By itself the layer only renews. Where a person is needed, the request ends in
/// [`AuthorizationRequired`](crate::AuthorizationRequired), for the application to deal with. With
/// [`interactive`](Self::interactive) the layer brings the person there itself and the request just takes longer.
///
/// **Where tokens go.** To the MCP server's origin, in the `Authorization` header. Requests to anywhere else pass through
/// without one. The client below must not follow redirects to other origins with the headers of the first request;
/// hyper's follows none.
///
/// ```
/// use bytes::Bytes;
/// use http_body_util::Full;
/// use hyper_util::client::legacy::Client;
/// use hyper_util::rt::TokioExecutor;
/// use mcp_oauth_client::{AuthorizationLayer, AuthorizationManager, BrowserLoopback};
/// use tower::Layer;
///
/// let manager = AuthorizationManager::builder("http://127.0.0.1:8000/mcp").build()?;
/// let client: Client<_, Full<Bytes>> = Client::builder(TokioExecutor::new()).build_http();
/// let client = AuthorizationLayer::new(manager).interactive(BrowserLoopback::new()).layer(client);
/// # Ok::<(), mcp_oauth_client::Error>(())
/// ```
#[derive(Clone)]
pub struct AuthorizationLayer {
    manager: AuthorizationManager,
    attendance: Attendance,
}

impl AuthorizationLayer {
    /// A layer with the tokens of `manager`, which leaves logins to the application.
    pub fn new(manager: AuthorizationManager) -> Self {
        Self { manager, attendance: Attendance::default() }
    }

    /// Lets requests that need a login begin it. Requests that need the same login share it; a request that is given up
    /// does not end it.
    ///
    /// How often a person may be asked is bounded: [`Limits::logins_per_operation`](crate::Limits::logins_per_operation),
    /// [`Limits::logins`](crate::Limits::logins). What was refused, or did not help, is not asked for again for
    /// [`Limits::refusal_memory`](crate::Limits::refusal_memory); a login by
    /// [`AuthorizationManager::authorize`] ends that. A request that then still needs a login ends in
    /// [`AuthorizationRequired`](crate::AuthorizationRequired), whose
    /// [`obstacle`](crate::AuthorizationRequired::obstacle) says why there was none.
    #[must_use]
    pub fn interactive(mut self, interaction: impl Interaction + 'static) -> Self {
        self.attendance.interactive(interaction);
        self
    }

    /// With [`interactive`](Self::interactive), before or after it: asks the application before a person is asked once more,
    /// as in a step-up.
    /// `false` is remembered like a refusal of the person. The first login needs no such question.
    ///
    /// ```
    /// # use mcp_oauth_client::{AuthorizationLayer, AuthorizationManager, BrowserLoopback};
    /// # let manager = AuthorizationManager::builder("http://127.0.0.1:8000/mcp").build()?;
    /// let layer = AuthorizationLayer::new(manager).interactive(BrowserLoopback::new()).confirm(|occasion| {
    ///     Box::pin(async move {
    ///         println!("{} wants more: {}", occasion.server, occasion.scopes);
    ///         !occasion.scopes.contains("admin")
    ///     })
    /// });
    /// # Ok::<(), mcp_oauth_client::Error>(())
    /// ```
    #[must_use]
    pub fn confirm(
        mut self,
        confirm: impl Fn(LoginOccasion) -> BoxFuture<'static, bool> + Send + Sync + 'static,
    ) -> Self {
        self.attendance.confirm(confirm);
        self
    }

    /// With what was said elsewhere about logins.
    #[cfg(feature = "rmcp")]
    pub(crate) fn attended(self, attendance: Attendance) -> Self {
        Self { attendance, ..self }
    }
}

impl fmt::Debug for AuthorizationLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthorizationLayer")
            .field("manager", &self.manager)
            .field("attendance", &self.attendance)
            .finish()
    }
}

impl<S> Layer<S> for AuthorizationLayer {
    type Service = Authorized<S>;

    fn layer(&self, inner: S) -> Authorized<S> {
        let authority = Authority { manager: self.manager.clone(), attendant: self.attendance.attendant() };
        Authorized { inner, authority: Arc::new(authority) }
    }
}

/// Who gives tokens, and who may be asked for one.
struct Authority {
    manager: AuthorizationManager,
    attendant: Option<Arc<Attendant>>,
}

/// The service that [`AuthorizationLayer`] makes.
#[derive(Clone)]
pub struct Authorized<S> {
    inner: S,
    authority: Arc<Authority>,
}

impl<S> fmt::Debug for Authorized<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authorized")
            .field("manager", &self.authority.manager)
            .field("interactive", &self.authority.attendant.is_some())
            .finish_non_exhaustive()
    }
}

impl<S, B, R> Service<Request<B>> for Authorized<S>
where
    S: Service<Request<B>, Response = Response<R>> + Clone + Send + 'static,
    S::Error: Into<BoxError>,
    S::Future: Send,
    B: Clone + Send + 'static,
    R: Send + 'static,
{
    type Response = Response<R>;
    type Error = BoxError;
    type Future = AuthorizedFuture<S, B, R>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(context).map_err(Into::into)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        let manager = &self.authority.manager;
        if !is_for(request.uri(), manager.server()) {
            return AuthorizedFuture::passing(self.inner.call(request));
        }
        let again = request.clone();
        let sent = match manager.ready() {
            Ready::Grant(grant) if grant.binding.is_none() => {
                proof::attach_bearer(&mut request, &grant);
                Some(Sent::bearer(grant))
            }
            // Without a token the request goes all the same: the server's challenge says what is needed, if anything is.
            Ready::NoGrant => None,
            // A token to be read or renewed first, or a proof to be made.
            Ready::NotYet | Ready::Grant(_) => {
                // The service that was polled ready must be the one that is called.
                let clone = self.inner.clone();
                let ready = std::mem::replace(&mut self.inner, clone);
                return AuthorizedFuture::slow(recovery::begin(ready, Arc::clone(&self.authority), request));
            }
        };
        let spare = Spare {
            service: self.inner.clone(),
            authority: Arc::clone(&self.authority),
            request: again,
            sent,
        };
        AuthorizedFuture::first(self.inner.call(request), spare)
    }
}

#[cfg(test)]
mod tests;
