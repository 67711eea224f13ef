//! The HTTP client below a session, whatever it is.
use std::{fmt, pin::Pin, sync::Arc};

use bytes::{Buf, Bytes};
use http::{Request, Response};
use http_body::Body as HttpBody;
use http_body_util::{BodyExt as _, Full, combinators::UnsyncBoxBody};
use tower::{Service, ServiceExt as _};

use crate::BoxError;

/// A response body, its kind forgotten.
pub(crate) type Body = UnsyncBoxBody<Bytes, BoxError>;

/// Any HTTP client that is a `tower::Service`, with its type forgotten. Layers that add tokens, log or balance go
/// below; their errors come out in the source chain of [`CallError`](crate::CallError) and
/// [`ConnectError`](crate::ConnectError), to be found by downcast.
///
/// When hyper-util's client says that nobody listens at the server's address, a streamable HTTP session ends with
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
pub struct HttpService(Arc<dyn Erased>);

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
        Self(Arc::new(Adapter(service)))
    }

    pub(crate) fn call(&self, request: Request<Full<Bytes>>) -> Answer {
        self.0.call(request)
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
            Ok(response.map(|body| {
                body.map_frame(|frame| frame.map_data(|mut data| data.copy_to_bytes(data.remaining())))
                    .map_err(Into::into)
                    .boxed_unsync()
            }))
        })
    }
}
