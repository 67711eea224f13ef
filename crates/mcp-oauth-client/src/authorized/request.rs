//! Requests, put together and sent.

use std::fmt;
use std::future::IntoFuture;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::header::{CONTENT_TYPE, LOCATION};
use http::{HeaderName, HeaderValue, Method, Request, Response, Uri};
use serde::Serialize;
use tower::ServiceExt as _;
use url::Url;

use super::{Answer, RequestError, Service};

/// A request under construction. Awaiting it sends it; so does [`send`](Self::send).
#[must_use = "a request is sent when it is awaited"]
pub struct AuthorizedRequest {
    service: Service,
    redirects: usize,
    draft: Result<Draft, RequestError>,
}

struct Draft {
    url: Url,
    request: Request<Bytes>,
}

impl AuthorizedRequest {
    pub(super) fn new(service: Service, redirects: usize, method: Method, url: &str) -> Self {
        let draft = Url::parse(url).map_err(|error| RequestError::Url(error.into())).map(|url| {
            let mut request = Request::new(Bytes::new());
            *request.method_mut() = method;
            Draft { url, request }
        });
        Self { service, redirects, draft }
    }

    /// Adds a header. `Authorization` is set by the client.
    pub fn header<N, V>(mut self, name: N, value: V) -> Self
    where
        N: TryInto<HeaderName>,
        N::Error: Into<http::Error>,
        V: TryInto<HeaderValue>,
        V::Error: Into<http::Error>,
    {
        let name = name.try_into().map_err(Into::into);
        let value = value.try_into().map_err(Into::into);
        self.draft = self.draft.and_then(|mut draft| {
            let (name, value) = (name.map_err(RequestError::Request)?, value.map_err(RequestError::Request)?);
            draft.request.headers_mut().append(name, value);
            Ok(draft)
        });
        self
    }

    /// With a body.
    pub fn body(mut self, body: impl Into<Bytes>) -> Self {
        if let Ok(draft) = &mut self.draft {
            *draft.request.body_mut() = body.into();
        }
        self
    }

    /// With a value as JSON, and the header that says so.
    pub fn json(mut self, value: &(impl Serialize + ?Sized)) -> Self {
        self.draft = self.draft.and_then(|mut draft| {
            *draft.request.body_mut() = serde_json::to_vec(value).map_err(RequestError::Body)?.into();
            draft.request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
            Ok(draft)
        });
        self
    }

    /// Sends it.
    ///
    /// # Errors
    /// When there is no answer: the request cannot be made, the server cannot be reached, or a login is needed that there
    /// was not. An answer of any status is none, except a 401, and a 403 that asks for more scopes.
    pub async fn send(self) -> Result<Answer, RequestError> {
        let Self { service, redirects, draft } = self;
        let Draft { mut url, mut request } = draft?;
        for _ in 0..=redirects {
            url.set_fragment(None);
            *request.uri_mut() =
                Uri::try_from(url.as_str()).map_err(|error| RequestError::Request(error.into()))?;
            let response = service.clone().oneshot(request.clone()).await.map_err(RequestError::from_box)?;
            match next_hop(&url, request.method(), &response) {
                Some(next) => url = next,
                None => return Ok(Answer::new(url, response)),
            }
        }
        Err(RequestError::TooManyRedirects { limit: redirects })
    }
}

impl IntoFuture for AuthorizedRequest {
    type Output = Result<Answer, RequestError>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.send())
    }
}

impl fmt::Debug for AuthorizedRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthorizedRequest").finish_non_exhaustive()
    }
}

/// Where a redirect leads, if it is to be followed: to the same origin only, and with the same method.
fn next_hop(url: &Url, method: &Method, response: &Response<Bytes>) -> Option<Url> {
    let followed = match response.status().as_u16() {
        301..=303 => *method == Method::GET || *method == Method::HEAD,
        307 | 308 => true,
        _ => false,
    };
    let location = response.headers().get(LOCATION).filter(|_| followed)?;
    let next = url.join(std::str::from_utf8(location.as_bytes()).ok()?).ok()?;
    (next.origin().is_tuple() && next.origin() == url.origin()).then_some(next)
}
