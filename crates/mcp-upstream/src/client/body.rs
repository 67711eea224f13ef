//! The body of an answer, and the connection that it comes over.
use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;

use super::{http1::poll_quietly, pool::Borrowed};

/// The body of an answer. Read to its end, it gives its connection back; dropped before, an HTTP/1.1 connection is closed
/// and an HTTP/2 stream reset.
pub struct ClientBody {
    incoming: Incoming,
    /// None with HTTP/2, whose connection drives itself, and after the end.
    connection: Option<Borrowed>,
}

impl ClientBody {
    pub(super) fn new(incoming: Incoming, connection: Option<Borrowed>) -> Self {
        let mut body = Self { incoming, connection };
        body.settle();
        body
    }

    /// Gives the connection back if the body is through.
    fn settle(&mut self) {
        if self.incoming.is_end_stream()
            && let Some(connection) = self.connection.take()
        {
            connection.give_back();
        }
    }
}

impl Body for ClientBody {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let this = &mut *self;
        let Some(connection) = &mut this.connection else {
            return Pin::new(&mut this.incoming).poll_frame(cx);
        };
        // What has come already, then what the connection can read now. Only the connection makes the body ready, so only it
        // has to wake us.
        let mut frame = poll_quietly(|cx| Pin::new(&mut this.incoming).poll_frame(cx));
        if frame.is_pending() {
            connection.drive(cx);
            if connection.is_over() {
                // What it has not handed over by now does not come.
                this.connection = None;
                return Pin::new(&mut this.incoming).poll_frame(cx);
            }
            frame = poll_quietly(|cx| Pin::new(&mut this.incoming).poll_frame(cx));
        }
        let frame = ready!(frame);
        match &frame {
            Some(Ok(_)) => this.settle(),
            Some(Err(_)) => this.connection = None,
            None => {
                if let Some(connection) = this.connection.take() {
                    connection.give_back();
                }
            }
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.incoming.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.incoming.size_hint()
    }
}

impl std::fmt::Debug for ClientBody {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ClientBody")
    }
}
