//! Any HTTP client, authorized.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use http::header::AUTHORIZATION;
use http::uri::Scheme;
use http::{HeaderValue, Request, Response, StatusCode, Uri};
use mcp_oauth_core::{AccessToken, Challenges, EndpointUrl, OAuthErrorCode};
use tower::{Layer, Service};

use crate::http::BoxError;
use crate::{AuthorizationManager, RefreshError};

/// Makes any HTTP client an authorized one: attaches the token to requests for the MCP server, and answers a 401 by
/// renewing it and trying once more.
///
/// Where only a person can help, the request ends in [`AuthorizationRequired`](crate::AuthorizationRequired), as it does
/// after a 403 with `insufficient_scope`. Other answers pass through. Tokens go to the MCP server's origin only; requests
/// to anywhere else pass through without one.
///
/// ```
/// use bytes::Bytes;
/// use http_body_util::Full;
/// use hyper_util::client::legacy::Client;
/// use hyper_util::rt::TokioExecutor;
/// use mcp_oauth_client::{AuthorizationLayer, AuthorizationManager};
/// use tower::Layer;
///
/// let manager = AuthorizationManager::builder("http://127.0.0.1:8000/mcp").build()?;
/// let client: Client<_, Full<Bytes>> = Client::builder(TokioExecutor::new()).build_http();
/// let client = AuthorizationLayer::new(manager).layer(client);
/// # Ok::<(), mcp_oauth_client::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct AuthorizationLayer {
    manager: AuthorizationManager,
}

impl AuthorizationLayer {
    /// A layer with the tokens of `manager`.
    pub fn new(manager: AuthorizationManager) -> Self {
        Self { manager }
    }
}

impl<S> Layer<S> for AuthorizationLayer {
    type Service = Authorized<S>;

    fn layer(&self, inner: S) -> Authorized<S> {
        Authorized { inner, manager: self.manager.clone() }
    }
}

/// The service that [`AuthorizationLayer`] makes.
#[derive(Clone)]
pub struct Authorized<S> {
    inner: S,
    manager: AuthorizationManager,
}

impl<S> fmt::Debug for Authorized<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authorized").field("manager", &self.manager).finish_non_exhaustive()
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
    type Future = Pin<Box<dyn Future<Output = Result<Response<R>, BoxError>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(context).map_err(Into::into)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        // The service that was polled ready must be the one that is called.
        let clone = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, clone);
        if !is_for(request.uri(), self.manager.server()) {
            let answer = inner.call(request);
            return Box::pin(async move { answer.await.map_err(Into::into) });
        }
        let manager = self.manager.clone();
        Box::pin(async move { send(inner, manager, request).await })
    }
}

async fn send<S, B, R>(
    mut inner: S,
    manager: AuthorizationManager,
    request: Request<B>,
) -> Result<Response<R>, BoxError>
where
    S: Service<Request<B>, Response = Response<R>> + Send,
    S::Error: Into<BoxError>,
    S::Future: Send,
    B: Clone + Send,
    R: Send,
{
    let mut first = request.clone();
    let mut sent = None;
    // Without a token the request goes all the same: the server's challenge says what is needed, if anything is.
    if let Some((header, grant)) = manager.credential().await? {
        first.headers_mut().insert(AUTHORIZATION, header);
        sent = Some(grant);
    }
    let answer = inner.call(first).await.map_err(Into::into)?;
    if answer.status() != StatusCode::UNAUTHORIZED {
        return judge(&manager, answer);
    }
    let challenges = Challenges::from_headers(answer.headers());
    drop(answer);
    let Some(header) = renewed(&manager, sent.as_ref().map(|grant| grant.access_token())).await? else {
        return Err(manager.required(challenges).into());
    };
    let mut second = request;
    second.headers_mut().insert(AUTHORIZATION, header);
    std::future::poll_fn(|context| inner.poll_ready(context)).await.map_err(Into::into)?;
    let answer = inner.call(second).await.map_err(Into::into)?;
    judge(&manager, answer)
}

/// Another token than the one that was refused. `None` when a person is needed.
async fn renewed(
    manager: &AuthorizationManager,
    rejected: Option<&AccessToken>,
) -> Result<Option<HeaderValue>, RefreshError> {
    match manager.recovered_grant(rejected).await {
        // A token that was refused is not sent again (C13.5).
        Ok(grant) if Some(grant.access_token()) == rejected => Ok(None),
        Ok(grant) => Ok(Some(grant.header.clone())),
        Err(error) if error.needs_authorization() => Ok(None),
        Err(error) => Err(error),
    }
}

/// A last 401, or a 403 that more scopes would cure, needs a person. A 403 without `insufficient_scope` is an ordinary
/// failure (C1.7).
fn judge<R>(manager: &AuthorizationManager, answer: Response<R>) -> Result<Response<R>, BoxError> {
    match answer.status() {
        StatusCode::UNAUTHORIZED => {}
        StatusCode::FORBIDDEN => {
            let bearer = Challenges::from_headers(answer.headers()).bearer();
            if bearer.and_then(|bearer| bearer.error) != Some(OAuthErrorCode::InsufficientScope) {
                return Ok(answer);
            }
        }
        _ => return Ok(answer),
    }
    Err(manager.required(Challenges::from_headers(answer.headers())).into())
}

/// A token goes to the origin it was obtained for, and nowhere else (C13.3).
fn is_for(uri: &Uri, server: &EndpointUrl) -> bool {
    let url = server.url();
    let default_port = if uri.scheme() == Some(&Scheme::HTTPS) { 443 } else { 80 };
    let same_scheme = uri.scheme_str().is_some_and(|scheme| scheme.eq_ignore_ascii_case(url.scheme()));
    let same_host = match (uri.host(), url.host_str()) {
        (Some(one), Some(other)) => one.eq_ignore_ascii_case(other),
        _ => false,
    };
    same_scheme && same_host && Some(uri.port_u16().unwrap_or(default_port)) == url.port_or_known_default()
}

#[cfg(test)]
mod tests;
