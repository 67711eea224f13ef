//! The HTTP+SSE transport of 2024-11-05 for rmcp, which no longer has one: messages come on an event stream and go to the
//! endpoint that the stream names.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use ::rmcp::RoleClient;
use ::rmcp::model::{ClientJsonRpcMessage, ServerJsonRpcMessage};
use ::rmcp::transport::Transport;
use arc_swap::ArcSwap;
use bytes::Bytes;
use futures_util::StreamExt as _;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Method, Uri};
use sse_stream::Sse;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use url::Url;

use super::error::shown;
use super::events::{Events, events};
use super::http::{HeadLimit, Http, is_of_kind};
use super::{TransportError, TransportOptions, TransportRetry};
use crate::Limits;

/// Messages that wait to be received; then the stream waits.
const QUEUE: usize = 64;

/// The transport that [`create_authorized_transport`](super::create_authorized_transport) makes. It ends with its stream,
/// unless that can be resumed.
pub struct AuthorizedSseTransport {
    http: Http,
    /// Where messages go; a resumed stream may name another place.
    endpoint: Arc<ArcSwap<Uri>>,
    messages: mpsc::Receiver<ServerJsonRpcMessage>,
    reader: JoinHandle<()>,
}

impl AuthorizedSseTransport {
    pub(super) async fn connect(
        url: &str,
        http: Http,
        limits: &Limits,
        options: &TransportOptions,
    ) -> Result<Self, TransportError> {
        let url = Url::parse(url).map_err(|error| TransportError::Url(error.into()))?;
        let uri = url.as_str().parse::<Uri>().map_err(|_| TransportError::Endpoint)?;
        let limit = limits.request_time;
        let source = Source { url, uri, http: http.clone(), event_bytes: limits.resource_bytes, limit };
        let mut stream = source.open(None).await?;
        let endpoint = tokio::time::timeout(limit, source.endpoint(&mut stream));
        let endpoint = endpoint.await.map_err(|_| TransportError::TimedOut { limit })??;
        let endpoint = Arc::new(ArcSwap::from_pointee(endpoint));
        let (queue, messages) = mpsc::channel(QUEUE);
        let reader = Reader { source, endpoint: Arc::clone(&endpoint), queue, retry: options.retry };
        Ok(Self { http, endpoint, messages, reader: tokio::spawn(reader.read(stream)) })
    }
}

impl fmt::Debug for AuthorizedSseTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthorizedSseTransport").finish_non_exhaustive()
    }
}

impl Drop for AuthorizedSseTransport {
    fn drop(&mut self) {
        self.reader.abort();
    }
}

impl Transport<RoleClient> for AuthorizedSseTransport {
    type Error = TransportError;

    fn send(
        &mut self,
        message: ClientJsonRpcMessage,
    ) -> impl Future<Output = Result<(), TransportError>> + Send + 'static {
        let (http, endpoint) = (self.http.clone(), self.endpoint.load_full());
        async move {
            let body = serde_json::to_vec(&message).map_err(TransportError::Message)?;
            let mut request = http.request(Method::POST, &endpoint, body.into());
            request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
            let status = http.send(request).await?.status();
            // What comes of it comes on the stream.
            if status.is_success() {
                Ok(())
            } else {
                Err(TransportError::Status { url: shown(&endpoint.to_string()), status })
            }
        }
    }

    async fn receive(&mut self) -> Option<ServerJsonRpcMessage> {
        self.messages.recv().await
    }

    async fn close(&mut self) -> Result<(), TransportError> {
        self.reader.abort();
        self.messages.close();
        Ok(())
    }
}

/// Where the stream is.
struct Source {
    url: Url,
    uri: Uri,
    http: Http,
    event_bytes: usize,
    /// How long the head of an answer may take.
    limit: Duration,
}

impl Source {
    async fn open(&self, last_event_id: Option<&HeaderValue>) -> Result<Events, TransportError> {
        let mut request = self.http.request(Method::GET, &self.uri, Bytes::new());
        request.extensions_mut().insert(HeadLimit(self.limit));
        if let Some(id) = last_event_id {
            request.headers_mut().insert("last-event-id", id.clone());
        }
        let response = self.http.send(request).await?;
        let status = response.status();
        if !status.is_success() {
            return Err(TransportError::Status { url: shown(self.url.as_str()), status });
        }
        if !is_of_kind(&response, "text/event-stream") {
            return Err(TransportError::NoEventStream);
        }
        Ok(events(response.into_body(), self.event_bytes))
    }

    /// "The server MUST send an `endpoint` event" (2024-11-05, "HTTP with SSE").
    async fn endpoint(&self, stream: &mut Events) -> Result<Uri, TransportError> {
        loop {
            match stream.next().await {
                Some(Ok(event)) if event.event.as_deref() == Some("endpoint") => return self.resolve(&event),
                Some(Ok(_)) => {}
                Some(Err(error)) => return Err(TransportError::Broken(error.into())),
                None => return Err(TransportError::Endpoint),
            }
        }
    }

    /// Another origin is refused: messages go there with a token, and with what people say (C13.3).
    fn resolve(&self, event: &Sse) -> Result<Uri, TransportError> {
        let endpoint = self.url.join(event.data.as_deref().unwrap_or_default().trim()).ok();
        let endpoint = endpoint.filter(|endpoint| endpoint.origin() == self.url.origin());
        endpoint.and_then(|endpoint| endpoint.as_str().parse().ok()).ok_or(TransportError::Endpoint)
    }
}

/// Reads the stream to its end, and its continuations.
struct Reader {
    source: Source,
    endpoint: Arc<ArcSwap<Uri>>,
    queue: mpsc::Sender<ServerJsonRpcMessage>,
    retry: TransportRetry,
}

/// Where a broken stream goes on.
#[derive(Default)]
struct Place {
    last_event_id: Option<HeaderValue>,
    pause: Option<Duration>,
    /// How often it was asked for since the last event: a server that takes it up and says nothing is no success.
    attempts: usize,
}

impl Reader {
    async fn read(self, mut stream: Events) {
        let mut place = Place::default();
        loop {
            while let Some(event) = stream.next().await {
                match event {
                    Ok(event) => {
                        place.note(&event);
                        if !self.pass_on(event).await {
                            return;
                        }
                    }
                    Err(error) => {
                        tracing::debug!(%error, "the event stream ended");
                        break;
                    }
                }
            }
            match self.resume(&mut place).await {
                Some(resumed) => stream = resumed,
                None => return,
            }
        }
    }

    /// False when nobody receives any more, or the server may no longer be trusted with messages.
    async fn pass_on(&self, event: Sse) -> bool {
        match event.event.as_deref() {
            None | Some("message" | "") => {}
            Some("endpoint") => {
                let endpoint = self.source.resolve(&event);
                return endpoint.map(|endpoint| self.endpoint.store(Arc::new(endpoint))).is_ok();
            }
            Some(_) => return true,
        }
        let Some(data) = event.data.filter(|data| !data.is_empty()) else { return true };
        match serde_json::from_str(&data) {
            Ok(message) => self.queue.send(message).await.is_ok(),
            Err(error) => {
                // One message that cannot be read harms no other.
                tracing::warn!(line = error.line(), column = error.column(), "a message cannot be read");
                true
            }
        }
    }

    async fn resume(&self, place: &mut Place) -> Option<Events> {
        let id = place.last_event_id.clone()?;
        let pause = place.pause.unwrap_or(self.retry.pause);
        let pause = pause.min(self.retry.longest_pause).max(self.retry.shortest_pause);
        while place.attempts < self.retry.attempts {
            place.attempts = place.attempts.saturating_add(1);
            tokio::time::sleep(pause).await;
            match self.source.open(Some(&id)).await {
                Ok(stream) => return Some(stream),
                Err(error) if error.is_passing() => tracing::debug!(%error, "not resumed yet"),
                Err(error) => {
                    tracing::warn!(%error, "the event stream cannot be resumed");
                    return None;
                }
            }
        }
        None
    }
}

impl Place {
    fn note(&mut self, event: &Sse) {
        self.attempts = 0;
        if let Some(id) = &event.id {
            // An empty id takes the last one back (WHATWG HTML §9.2.6).
            self.last_event_id = HeaderValue::from_str(id).ok().filter(|id| !id.is_empty());
        }
        if let Some(milliseconds) = event.retry {
            self.pause = Some(Duration::from_millis(milliseconds));
        }
    }
}
