//! The task behind a legacy SSE session: it reads the stream, and when the stream ends, so does the session.
use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, Request};
use http_body_util::Full;
use tokio::sync::{mpsc, oneshot};
use url::Url;

use super::{SseWire, endpoint};
use crate::{
    CallError, Closed, ConnectError, StderrTail,
    http_client::{EventStream, Item, excerpt},
    shared::{Shared, Text},
    transport::{Wire, remote},
};

pub(super) async fn keep(
    shared: Arc<Shared>,
    url: Url,
    stream: Request<Full<Bytes>>,
    named: oneshot::Sender<Result<(), ConnectError>>,
    queue: mpsc::Receiver<Vec<u8>>,
) {
    let _ended = shared.ended.clone().drop_guard();
    let Wire::Sse(wire) = &shared.wire else { return };
    let patience = shared.limits.connect_deadline;
    let post = |message| wire.post_request(HeaderMap::new(), message);
    let reason = tokio::select! {
        () = shared.close.cancelled() => Closed::Local,
        () = shared.kill.cancelled() => Closed::Local,
        reason = live(wire, &shared, &url, stream, named) => reason,
        () = remote::post_all(queue, &wire.http, patience, post) => Closed::Local,
    };
    shared.shut(reason);
}

/// Opens the stream, says whether an endpoint was named, and reads until the end.
async fn live(
    wire: &SseWire,
    shared: &Shared,
    url: &Url,
    stream: Request<Full<Bytes>>,
    named: oneshot::Sender<Result<(), ConnectError>>,
) -> Closed {
    let (mut events, endpoint) = match open(wire, shared, url, stream).await {
        Ok(opened) => opened,
        Err(error) => {
            // Whoever is connecting may have given up.
            let _ = named.send(Err(error));
            return Closed::StreamEnded;
        }
    };
    let _ = wire.endpoint.set(endpoint);
    let _ = named.send(Ok(()));
    loop {
        match events.next().await {
            Ok(Some(Item::Event(event))) if event.is_message() => shared.receive(&Text::Shared(event.data)),
            Ok(Some(Item::Event(_))) => {}
            Ok(Some(Item::Oversized(oversized))) => shared.oversized(&oversized),
            Ok(None) => return Closed::StreamEnded,
            Err(error) => return Closed::Transport { source: error.into() },
        }
    }
}

/// "When a client connects, the server MUST send an `endpoint` event containing a URI for the client to use".
async fn open(
    wire: &SseWire,
    shared: &Shared,
    url: &Url,
    stream: Request<Full<Bytes>>,
) -> Result<(EventStream, http::Uri), ConnectError> {
    let limits = &shared.limits;
    let response = wire.http.call(stream).await.map_err(|source| ConnectError::Transport { source })?;
    let status = response.status();
    if !status.is_success() {
        let refusal = remote::refusal(response, None, limits).await;
        return Err(ConnectError::from_call(refusal, None, StderrTail::default()));
    }
    if !remote::is_event_stream(&response) {
        let (_, said) = excerpt(response.into_body(), limits.excerpt_bytes, limits.drain_deadline).await;
        return Err(ConnectError::NotMcp { status: Some(status), said, stderr: StderrTail::default() });
    }
    let mut events = EventStream::new(response.into_body(), limits.message_bytes);
    loop {
        match events.next().await.map_err(|source| ConnectError::Transport { source })? {
            Some(Item::Event(event)) if *event.name == *b"endpoint" => {
                let endpoint = endpoint::resolve(url, &event.data, limits.excerpt_bytes)?;
                return Ok((events, endpoint));
            }
            Some(_) => {}
            None => return Err(ConnectError::from_call(CallError::Truncated, None, StderrTail::default())),
        }
    }
}
