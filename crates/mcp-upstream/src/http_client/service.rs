//! The HTTP client below a session, whatever it is.
#[cfg(feature = "client")]
use std::any::Any;
use std::{
    fmt,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use bytes::{Buf, Bytes};
use http::{Request, Response};
use http_body::{Body as HttpBody, Frame, SizeHint};
use http_body_util::{BodyExt as _, Full, combinators::UnsyncBoxBody};
use tower::{Service, ServiceExt as _};

use crate::BoxError;
#[cfg(feature = "client")]
use crate::{ClientBody, HttpClient};

/// A response body.
pub(crate) enum Body {
    /// Of our own client.
    #[cfg(feature = "client")]
    Client(ClientBody),
    /// Its kind forgotten.
    Any(UnsyncBoxBody<Bytes, BoxError>),
}

impl HttpBody for Body {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        match self.get_mut() {
            #[cfg(feature = "client")]
            Self::Client(body) => {
                Pin::new(body).poll_frame(cx).map(|frame| frame.map(|frame| frame.map_err(BoxError::from)))
            }
            Self::Any(body) => Pin::new(body).poll_frame(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            #[cfg(feature = "client")]
            Self::Client(body) => body.is_end_stream(),
            Self::Any(body) => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            #[cfg(feature = "client")]
            Self::Client(body) => body.size_hint(),
            Self::Any(body) => body.size_hint(),
        }
    }
}

/// Any HTTP client that is a `tower::Service`, with its type forgotten; or [`HttpClient`](crate::HttpClient), as it is. Layers that add tokens, log or balance go
/// below; their errors come out in the source chain of [`CallError`](crate::CallError) and
/// [`ConnectError`](crate::ConnectError), to be found by downcast.
///
/// When our client, or hyper-util's, says that nobody listens at the server's address, a streamable HTTP session ends with
/// [`Closed::Transport`](crate::Closed::Transport). Any other error fails the one request.
///
/// ```
/// use bytes::Bytes;
/// use http_body_util::Full;
/// use hyper_util::{client::legacy::Client, rt::TokioExecutor};
/// use mcp_upstream::HttpService;
///
/// let client: Client<_, Full<Bytes>> = Client::builder(TokioExecutor::new()).build_http();
/// let http = HttpService::new(client);
/// # let _ = http;
/// ```
#[derive(Clone)]
pub struct HttpService(Kind);

#[derive(Clone)]
enum Kind {
    /// Apart, since then no future and no body has to be put into a box for each request.
    #[cfg(feature = "client")]
    Client(HttpClient),
    Any(Arc<dyn Erased>),
}

impl HttpService {
    /// Forgets the type of `service`.
    pub fn new<S, B>(service: S) -> Self
    where
        S: Service<Request<Full<Bytes>>, Response = Response<B>> + Clone + Send + Sync + 'static,
        S::Error: Into<BoxError>,
        S::Future: Send + 'static,
        B: HttpBody + Send + 'static,
        B::Data: Buf,
        B::Error: Into<BoxError>,
    {
        Self(Kind::Any(Arc::new(Adapter(service))))
    }

    pub(crate) async fn call(&self, request: Request<Full<Bytes>>) -> Result<Response<Body>, BoxError> {
        match &self.0 {
            #[cfg(feature = "client")]
            Kind::Client(client) => Ok(client.send(request).await?.map(Body::Client)),
            Kind::Any(service) => service.call(request).await,
        }
    }
}

#[cfg(feature = "client")]
impl From<HttpClient> for HttpService {
    fn from(client: HttpClient) -> Self {
        Self(Kind::Client(client))
    }
}

impl fmt::Debug for HttpService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HttpService")
    }
}

type Answer = Pin<Box<dyn Future<Output = Result<Response<Body>, BoxError>> + Send>>;

trait Erased: Send + Sync {
    fn call(&self, request: Request<Full<Bytes>>) -> Answer;
}

struct Adapter<S>(S);

impl<S, B> Erased for Adapter<S>
where
    S: Service<Request<Full<Bytes>>, Response = Response<B>> + Clone + Send + Sync + 'static,
    S::Error: Into<BoxError>,
    S::Future: Send + 'static,
    B: HttpBody + Send + 'static,
    B::Data: Buf,
    B::Error: Into<BoxError>,
{
    fn call(&self, request: Request<Full<Bytes>>) -> Answer {
        // A service is ready for one call at a time, so each call has a clone of its own.
        let answer = self.0.clone().oneshot(request);
        Box::pin(async move {
            let response = answer.await.map_err(Into::into)?;
            Ok(response.map(forget_kind))
        })
    }
}

/// Layers such as those that add tokens leave the body as it is. That of our own client then needs no box either.
fn forget_kind<B>(body: B) -> Body
where
    B: HttpBody + Send + 'static,
    B::Data: Buf,
    B::Error: Into<BoxError>,
{
    #[cfg_attr(not(feature = "client"), expect(unused_mut, reason = "taken out of by our own client only"))]
    let mut body = Some(body);
    #[cfg(feature = "client")]
    if let Some(own) = (&mut body as &mut dyn Any).downcast_mut::<Option<ClientBody>>()
        && let Some(own) = own.take()
    {
        return Body::Client(own);
    }
    let body = body.map(|body| {
        let body = body.map_frame(|frame| frame.map_data(|mut data| data.copy_to_bytes(data.remaining())));
        body.map_err(Into::into).boxed_unsync()
    });
    // It is taken above only, and then returned.
    Body::Any(body.unwrap_or_default())
}
