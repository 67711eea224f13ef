//! An HTTP/1.1 connection that whoever uses it drives.
//!
//! hyper's connection is a future that reads and writes; usually it has a task of its own, which is woken for each request
//! and wakes the caller for each answer. Here the caller polls it, and between two requests nobody does.
use std::{
    pin::Pin,
    task::{Context, Poll, Waker},
};

use bytes::Bytes;
use http::{HeaderValue, Request, Response, Uri, header};
use http_body_util::Full;
use hyper::{
    body::Incoming,
    client::conn::{TrySendError, http1},
};
use hyper_util::rt::TokioIo;

use super::{
    ClientLimits, HttpClientError,
    dial::Forward,
    socket::{Line, Prompt, Socket},
};

type Connection = http1::Connection<TokioIo<Line>, Full<Bytes>>;

pub(super) struct Http1 {
    send: http1::SendRequest<Full<Bytes>>,
    connection: Connection,
    /// The connection's future is through: it must not be polled again.
    over: bool,
    pub(super) prompt: Prompt,
    host: HeaderValue,
    forward: Option<Forward>,
}

impl Http1 {
    pub(super) async fn new(
        socket: Socket,
        host: HeaderValue,
        forward: Option<Forward>,
        limits: &ClientLimits,
    ) -> hyper::Result<Box<Self>> {
        let prompt = Prompt::default();
        let line = TokioIo::new(Line::new(socket, prompt.clone()));
        // hyper refuses less than 8 KiB.
        let buffer = limits.http1_buffer.max(8 << 10);
        let (send, connection) = http1::Builder::new().max_buf_size(buffer).handshake(line).await?;
        Ok(Box::new(Self { send, connection, over: false, prompt, host, forward }))
    }

    /// Sends a request, and drives the connection until the head of the answer is here.
    pub(super) async fn send(
        &mut self,
        mut request: Request<Full<Bytes>>,
    ) -> Result<Response<Incoming>, Unanswered> {
        self.address(&mut request);
        let answer = self.send.try_send_request(request);
        let mut answer = std::pin::pin!(answer);
        std::future::poll_fn(|cx| {
            self.drive(cx);
            // Only the connection can make it ready, and that has just been polled: nobody has to be woken.
            match poll_quietly(|cx| answer.as_mut().poll(cx)) {
                Poll::Ready(answer) => Poll::Ready(answer.map_err(Unanswered::new)),
                Poll::Pending if self.over => Poll::Ready(Err(Unanswered { unsent: None, error: None })),
                Poll::Pending => Poll::Pending,
            }
        })
        .await
    }

    /// Reads and writes what can be.
    pub(super) fn drive(&mut self, cx: &mut Context<'_>) {
        if !self.over && Pin::new(&mut self.connection).poll(cx).is_ready() {
            // Its error, if it ended with one, is told to the request or the body that it broke.
            self.over = true;
        }
    }

    pub(super) fn is_over(&self) -> bool {
        self.over
    }

    /// Whether another request can be sent: the last answer was read to its end, and the server keeps the connection.
    pub(super) fn is_ready(&mut self) -> bool {
        // Nobody waits for what happens to it from here on.
        self.drive(&mut Context::from_waker(Waker::noop()));
        !self.over && self.send.is_ready()
    }

    /// What stands in the first lines of an HTTP/1.1 request (RFC 9112 §3.2).
    fn address(&self, request: &mut Request<Full<Bytes>>) {
        request.headers_mut().entry(header::HOST).or_insert_with(|| self.host.clone());
        if let Some(forward) = &self.forward {
            if let Some(credentials) = &forward.credentials {
                request.headers_mut().insert(header::PROXY_AUTHORIZATION, credentials.clone());
            }
        } else {
            let path = request.uri().path_and_query().cloned();
            *request.uri_mut() = path.map_or_else(|| Uri::from_static("/"), Uri::from);
        }
    }
}

/// A request without an answer.
pub(super) struct Unanswered {
    /// The request, if nothing of it was sent.
    pub(super) unsent: Option<Box<Request<Full<Bytes>>>>,
    error: Option<hyper::Error>,
}

impl Unanswered {
    pub(super) fn new(mut error: TrySendError<Request<Full<Bytes>>>) -> Self {
        Self { unsent: error.take_message().map(Box::new), error: Some(error.into_error()) }
    }
}

impl From<Unanswered> for HttpClientError {
    fn from(unanswered: Unanswered) -> Self {
        Self::Broken { source: unanswered.error }
    }
}

/// Looks without being woken later.
pub(super) fn poll_quietly<T>(poll: impl FnOnce(&mut Context<'_>) -> Poll<T>) -> Poll<T> {
    poll(&mut Context::from_waker(Waker::noop()))
}
