//! The little HTTP that scripted servers need: hyper, so that a connection can be cut at any point.
use std::{convert::Infallible, time::Duration};

use bytes::Bytes;
use futures_util::stream;
use http_body_util::{BodyExt as _, Full, StreamBody, combinators::UnsyncBoxBody};
use hyper::{Response, body::Frame, header};
use tokio::sync::mpsc;

use super::Step;

/// A connection was cut on purpose.
#[derive(Debug)]
pub(super) struct Cut;

impl std::fmt::Display for Cut {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("cut by the script")
    }
}

impl std::error::Error for Cut {}

pub(super) type Body = UnsyncBoxBody<Bytes, Cut>;
/// Events of a stream; an error cuts the connection.
pub(super) type Events = mpsc::UnboundedSender<Result<String, Cut>>;

pub(super) fn answer(status: u16, kind: &str, body: impl Into<Bytes>) -> Response<Body> {
    let body = Full::new(body.into()).map_err(|never: Infallible| match never {}).boxed_unsync();
    let mut response = Response::new(body);
    *response.status_mut() = status.try_into().expect("a script names real statuses");
    if !kind.is_empty() {
        let kind = kind.parse().expect("a content type");
        response.headers_mut().insert(header::CONTENT_TYPE, kind);
    }
    response
}

/// The answer that a [`Step::Status`] describes.
pub(super) fn scripted(status: u16, headers: Vec<(String, String)>, body: String) -> Response<Body> {
    let mut response = answer(status, "", body);
    for (name, value) in headers {
        let name: header::HeaderName = name.parse().expect("a header name");
        response.headers_mut().append(name, value.parse().expect("a header value"));
    }
    response
}

/// A stream of events, and where to put them.
pub(super) fn event_stream() -> (Events, Response<Body>) {
    let (events, queue) = mpsc::unbounded_channel::<Result<String, Cut>>();
    let frames = stream::unfold(queue, |mut queue| async {
        let event = queue.recv().await?;
        Some((event.map(|text| Frame::data(Bytes::from(text))), queue))
    });
    let mut response = answer(200, "text/event-stream", "");
    *response.body_mut() = StreamBody::new(frames).boxed_unsync();
    (events, response)
}

pub(super) fn event(message: &str) -> String {
    let lines: Vec<String> = message.lines().map(|line| format!("data: {line}\n")).collect();
    format!("event: message\n{}\n", lines.concat())
}

/// Does the steps of one request; `say` gets what the script says. Whether the connection is to be cut.
pub(super) async fn perform(steps: Vec<Step>, mut say: impl FnMut(Said)) -> Result<(), Cut> {
    for step in steps {
        match step {
            Step::Send(message) | Step::Answer { message, .. } => say(Said::Message(message)),
            Step::Raw(text) => say(Said::Raw(text)),
            Step::Push(message) => say(Said::Push(message)),
            Step::Listen(request) => say(Said::Listen(request)),
            Step::EndListening => say(Said::EndListening),
            Step::CutListening => say(Said::CutListening),
            Step::Wait(milliseconds) => tokio::time::sleep(Duration::from_millis(milliseconds)).await,
            Step::Hang => std::future::pending().await,
            Step::Break(_) => return Err(Cut),
            Step::Stderr(_)
            | Step::StderrFlood(_)
            | Step::Bytes(_)
            | Step::Padded(..)
            | Step::Repeat(..)
            | Step::Status { .. }
            | Step::Ask(_) => {}
        }
    }
    Ok(())
}

/// What a script says.
pub(super) enum Said {
    /// On the way of the reply.
    Message(String),
    /// On the way of the reply.
    Raw(String),
    /// On the server's own streams.
    Push(String),
    /// Nothing but that this request opens a stream.
    Listen(String),
    /// To all such streams.
    EndListening,
    /// To all such streams.
    CutListening,
}
