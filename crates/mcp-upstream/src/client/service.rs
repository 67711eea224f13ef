//! The client itself.
use std::{
    fmt,
    pin::Pin,
    sync::{Arc, PoisonError, RwLock},
    task::{Context, Poll},
};

use bytes::Bytes;
use http::{HeaderValue, Request, Response, header};
use http_body_util::Full;
use hyper::body::Incoming;
use tokio::runtime::{Handle, Id};
use tower::Service;

use super::{
    BuildError, ClientBody, ClientLimits, HttpClientBuilder, HttpClientError,
    dial::Dialer,
    http1::Unanswered,
    origin::Origin,
    pool::{Connection, Pool},
};

/// An HTTP client for MCP servers. It keeps connections open, speaks HTTP/2 where the server does, follows no redirect, and
/// checks certificates always. A clone shares the connections.
///
/// ```no_run
/// use mcp_upstream::{HttpClient, Session, SessionOptions, StreamableTransport};
///
/// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
/// let client = HttpClient::builder()
///     .authorities(&std::fs::read("company-ca.pem")?)?
///     .client_certificate(&std::fs::read("me.pem")?, &std::fs::read("me.key")?)?
///     .build()?;
/// let server = StreamableTransport::new("https://mcp.example.com/mcp".parse()?, client);
/// let session = Session::connect(server, SessionOptions::default()).await?;
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct HttpClient(Arc<Inner>);

struct Inner {
    dialer: Dialer,
    limits: ClientLimits,
    pools: RwLock<Vec<(Id, Arc<Pool>)>>,
}

impl HttpClient {
    /// A client that trusts the machine's certificate authorities and uses the environment's proxies.
    ///
    /// # Errors
    /// As [`HttpClientBuilder::build`].
    pub fn with_defaults() -> Result<Self, BuildError> {
        Self::builder().build()
    }

    /// Says what a client needs beyond that.
    pub fn builder() -> HttpClientBuilder {
        HttpClientBuilder::default()
    }

    pub(super) fn new(dialer: Dialer, limits: ClientLimits) -> Self {
        Self(Arc::new(Inner { dialer, limits, pools: RwLock::default() }))
    }

    /// Sends a request and waits for the head of its answer.
    ///
    /// A connection that the server closed while it lay idle is replaced, once, if nothing of the request was sent on it.
    ///
    /// # Errors
    /// [`HttpClientError`]. Any answer of the server is none, whatever its status.
    ///
    /// # Panics
    /// Outside a runtime.
    pub async fn send(
        &self,
        mut request: Request<Full<Bytes>>,
    ) -> Result<Response<ClientBody>, HttpClientError> {
        let origin = Origin::of(request.uri())?;
        let pool = self.pool();
        if let Some(connection) = pool.take(&origin) {
            let uri = request.uri().clone();
            match exchange(connection, request).await {
                Err(Unanswered { unsent: Some(again), .. }) => request = *again,
                answer => return answer.map_err(HttpClientError::from),
            }
            *request.uri_mut() = uri;
            let connection = pool.open(&origin, true).await?;
            return Box::pin(exchange(connection, request)).await.map_err(HttpClientError::from);
        }
        let connection = pool.open(&origin, false).await?;
        Box::pin(exchange(connection, request)).await.map_err(HttpClientError::from)
    }

    /// The connections of the current runtime.
    fn pool(&self) -> Arc<Pool> {
        let id = Handle::current().id();
        let find = |pools: &[(Id, Arc<Pool>)]| {
            pools.iter().find(|(own, _)| *own == id).map(|(_, pool)| Arc::clone(pool))
        };
        if let Some(pool) = find(&self.0.pools.read().unwrap_or_else(PoisonError::into_inner)) {
            return pool;
        }
        let mut pools = self.0.pools.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(pool) = find(&pools) {
            return pool;
        }
        // Those of runtimes that are gone become empty, or are closed here with what they held.
        if pools.len() >= MOST_RUNTIMES {
            pools.retain(|(_, pool)| !pool.is_empty());
            pools.truncate(MOST_RUNTIMES);
        }
        let pool = Pool::new(self.0.dialer.clone(), self.0.limits.clone());
        pools.push((id, Arc::clone(&pool)));
        pool
    }
}

async fn exchange(
    connection: Connection,
    request: Request<Full<Bytes>>,
) -> Result<Response<ClientBody>, Unanswered> {
    match connection {
        Connection::Http1(mut connection) => {
            let response = connection.send(request).await?;
            connection.prompt.set(is_event_stream(&response));
            Ok(response.map(|incoming| ClientBody::new(incoming, Some(connection))))
        }
        Connection::Http2(mut connection) => {
            let response = connection.send.try_send_request(request).await.map_err(Unanswered::new)?;
            if is_event_stream(&response) {
                connection.prompt.set(true);
            }
            Ok(response.map(|incoming| ClientBody::new(incoming, None)))
        }
    }
}

fn is_event_stream(response: &Response<Incoming>) -> bool {
    let kind = response.headers().get(header::CONTENT_TYPE).map(HeaderValue::as_bytes).unwrap_or_default();
    kind.get(..EVENT_STREAM.len()).is_some_and(|kind| kind.eq_ignore_ascii_case(EVENT_STREAM))
}

impl Service<Request<Full<Bytes>>> for HttpClient {
    type Response = Response<ClientBody>;
    type Error = HttpClientError;
    type Future = Pin<Box<dyn Future<Output = Result<Response<ClientBody>, HttpClientError>> + Send>>;

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), HttpClientError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Full<Bytes>>) -> Self::Future {
        let client = self.clone();
        Box::pin(async move { client.send(request).await })
    }
}

// It may hold a private key and passwords of proxies.
impl fmt::Debug for HttpClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpClient").field("limits", &self.0.limits).finish_non_exhaustive()
    }
}

const EVENT_STREAM: &[u8] = b"text/event-stream";
/// A program with more runtimes than this has most of them for a moment only.
const MOST_RUNTIMES: usize = 256;
