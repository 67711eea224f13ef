//! The task behind a streamable HTTP session: the server's own stream, messages that nobody waits for, and the end.
use std::sync::Arc;

use http::{HeaderMap, Method, header};
use tokio::{sync::mpsc, time::timeout};

use super::{
    StreamableWire,
    patience::Patience,
    resume::{is_stream, may_pass},
};
use crate::{
    Closed,
    http_client::{Cursor, EventStream, Item, is_refused},
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
        let mut headers = wire.headers();
        // There is no body, and some servers refuse an empty one that claims to be JSON.
        headers.remove(header::CONTENT_TYPE);
        let request = remote::request(Method::DELETE, &wire.uri, headers, HeaderMap::new(), Vec::new());
        let _ = wire.http.call(request).await;
    }
}

/// Reads the stream that a server may offer for what it says on its own ("Listening for Messages from the Server").
/// Opens it again when it breaks, after a pause, where it broke off; gives up, without harm to the session, when the
/// server offers none.
async fn listen(wire: &StreamableWire, shared: &Shared) {
    wire.listen.notified().await;
    let mut cursor = Cursor::new(shared.limits.event_id_bytes);
    let mut patience = Patience::default();
    loop {
        cursor = match listen_once(wire, shared, cursor).await {
            Listened::Unwelcome => break,
            Listened::Failed(cursor) => {
                patience.failed();
                cursor
            }
            Listened::Ended { cursor, news } => {
                patience.ended(news);
                cursor
            }
        };
        tokio::time::sleep(patience.pause(cursor.retry(), &shared.limits)).await;
    }
    std::future::pending::<()>().await;
}

enum Listened {
    /// The server offers no such stream, or not to us.
    Unwelcome,
    /// There was no stream this time.
    Failed(Cursor),
    /// It was open, and is to be continued.
    Ended { cursor: Cursor, news: bool },
}

async fn listen_once(wire: &StreamableWire, shared: &Shared, cursor: Cursor) -> Listened {
    let last = cursor.last_event_id();
    let answer = wire.http.call(wire.get_request(last.clone(), HeaderMap::new())).await;
    wire.listened.notify_one();
    let response = match answer {
        Ok(response) => response,
        // The server is down. But one that is about to stop answers the calls that it has when it listens no more.
        Err(source) if is_refused(&source) && shared.calls.outstanding() == 0 => {
            shared.shut(Closed::Transport { source: source.into() });
            return Listened::Unwelcome;
        }
        Err(_) => return Listened::Failed(cursor),
    };
    let status = response.status();
    if !is_stream(&response) {
        return if may_pass(status) {
            Listened::Failed(cursor)
        // Some servers have no route for GET at all, and others forgot the session.
        } else if wire.may_be_expired(status) && wire.is_forgotten(shared).await {
            shared.shut(Closed::SessionExpired);
            Listened::Unwelcome
        } else if last.is_some() {
            // Perhaps it forgot the event only. What it said since then is lost.
            Listened::Failed(Cursor::new(shared.limits.event_id_bytes))
        } else {
            // 405 says that there is no such stream.
            Listened::Unwelcome
        };
    }
    let mut events = EventStream::from(response.into_body(), shared.limits.message_bytes, cursor);
    let mut news = false;
    while let Ok(Some(item)) = events.next().await {
        match item {
            Item::Event(event) if event.is_message() => {
                shared.receive(&Text::Shared(event.data));
                news = true;
            }
            Item::Event(_) => {}
            Item::Oversized(oversized) => shared.oversized(&oversized),
        }
    }
    let cursor = events.into_cursor();
    let news = news || cursor.last_event_id() != last;
    Listened::Ended { cursor, news }
}
