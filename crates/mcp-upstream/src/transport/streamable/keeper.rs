//! The task behind a streamable HTTP session: the server's own stream, messages that nobody waits for, and the end.
use std::{sync::Arc, time::Duration};

use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use tokio::{sync::mpsc, time::timeout};

use super::StreamableWire;
use crate::{
    Closed,
    http_client::{EventStream, Item, is_refused},
    shared::{Shared, Text},
    transport::{Wire, remote},
};

pub(super) async fn keep(shared: Arc<Shared>, queue: mpsc::Receiver<Vec<u8>>) {
    let _ended = shared.ended.clone().drop_guard();
    let Wire::Streamable(wire) = &shared.wire else { return };
    let patience = shared.limits.connect_deadline;
    let post = |message| Some(wire.post_request(HeaderMap::new(), message));
    let ending = async {
        tokio::select! {
            () = shared.close.cancelled() => Closed::Local,
            () = shared.kill.cancelled() => Closed::Local,
            reason = shared.closed() => reason,
        }
    };
    let reason = tokio::select! {
        reason = ending => reason,
        () = remote::post_all(queue, &wire.http, patience, post) => Closed::Local,
        () = listen(wire, &shared) => Closed::Local,
    };
    shared.shut(reason);
    // Only the first reason counts, and it may be another one.
    let expired = matches!(shared.closed().await, Closed::SessionExpired);
    if !expired {
        let _ = timeout(shared.limits.close_grace, delete(wire)).await;
    }
}

/// "Clients that no longer need a particular session SHOULD send an HTTP DELETE". What the server says to that changes
/// nothing.
async fn delete(wire: &StreamableWire) {
    if wire.session.get().is_some() {
        let request =
            remote::request(Method::DELETE, &wire.uri, wire.headers(), HeaderMap::new(), Vec::new());
        let _ = wire.http.call(request).await;
    }
}

/// Reads the stream that a server may offer for what it says on its own ("Listening for Messages from the Server").
/// Opens it again when it breaks, after a pause; gives up, without harm to the session, when the server offers none.
async fn listen(wire: &StreamableWire, shared: &Shared) {
    wire.listen.notified().await;
    let mut pause = FIRST_PAUSE;
    loop {
        match listen_once(wire, shared).await {
            Listened::Unwelcome => break,
            Listened::Some => pause = FIRST_PAUSE,
            Listened::Nothing => pause = (pause * 2).min(shared.limits.listen_pause),
        }
        tokio::time::sleep(pause).await;
    }
    std::future::pending::<()>().await;
}

enum Listened {
    /// The server offers no such stream, or not to us.
    Unwelcome,
    /// It was open, and something came.
    Some,
    /// It broke before anything came.
    Nothing,
}

async fn listen_once(wire: &StreamableWire, shared: &Shared) -> Listened {
    let mut headers = wire.headers();
    headers.remove(header::CONTENT_TYPE);
    headers.insert(header::ACCEPT, HeaderValue::from_static(remote::EVENT_STREAM));
    let request = remote::request(Method::GET, &wire.uri, headers, HeaderMap::new(), Vec::new());
    let response = match wire.http.call(request).await {
        Ok(response) => response,
        // The server is down. But one that is about to stop answers the calls that it has when it listens no more.
        Err(source) if is_refused(&source) && shared.calls.outstanding() == 0 => {
            shared.shut(Closed::Transport { source: source.into() });
            return Listened::Unwelcome;
        }
        Err(_) => return Listened::Nothing,
    };
    match response.status() {
        StatusCode::OK if remote::is_event_stream(&response) => {}
        status if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS => {
            return Listened::Nothing;
        }
        // Some servers have no route for GET at all, and others forgot the session.
        status if wire.may_be_expired(status) && wire.is_forgotten(shared).await => {
            shared.shut(Closed::SessionExpired);
            return Listened::Unwelcome;
        }
        // 405 says that there is no such stream.
        _ => return Listened::Unwelcome,
    }
    let mut events = EventStream::new(response.into_body(), shared.limits.message_bytes);
    let mut listened = Listened::Nothing;
    while let Ok(Some(item)) = events.next().await {
        match item {
            Item::Event(event) if event.is_message() => {
                shared.receive(&Text::Shared(event.data));
                listened = Listened::Some;
            }
            Item::Event(_) => {}
            Item::Oversized(oversized) => shared.oversized(&oversized),
        }
    }
    listened
}

const FIRST_PAUSE: Duration = Duration::from_secs(1);
