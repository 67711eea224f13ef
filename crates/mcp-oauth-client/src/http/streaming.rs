//! Clients whose answers are read as they come, as event streams must be.

#[cfg(feature = "rmcp")]
use bytes::Buf;
use bytes::Bytes;
use http::{Request, Response};
#[cfg(feature = "rmcp")]
use http_body::Body;
#[cfg(feature = "rmcp")]
use http_body_util::BodyExt as _;
use http_body_util::Full;
use http_body_util::combinators::UnsyncBoxBody;
use tower::util::BoxCloneSyncService;
#[cfg(feature = "rmcp")]
use tower::{Service, ServiceExt as _};

use super::BoxError;

/// A body that is read as it comes.
pub type StreamedBody = UnsyncBoxBody<Bytes, BoxError>;

/// An HTTP client whose answers stream. It follows no redirects and has no time limit.
pub type StreamingClient = BoxCloneSyncService<Request<Full<Bytes>>, Response<StreamedBody>, BoxError>;

/// Forgets which client it is.
#[cfg(feature = "rmcp")]
pub(crate) fn erase<S, B>(client: S) -> StreamingClient
where
    S: Service<Request<Full<Bytes>>, Response = Response<B>> + Clone + Send + Sync + 'static,
    S::Error: Into<BoxError>,
    S::Future: Send + 'static,
    B: Body + Send + 'static,
    B::Data: Buf,
    B::Error: Into<BoxError>,
{
    let client = client.map_response(|response: Response<B>| {
        response.map(|body| -> StreamedBody {
            let body =
                body.map_frame(|frame| frame.map_data(|mut data| data.copy_to_bytes(data.remaining())));
            body.map_err(Into::into).boxed_unsync()
        })
    });
    BoxCloneSyncService::new(client.map_err(Into::into))
}
