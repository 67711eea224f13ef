//! Event streams whose events have a limit. The parser keeps an event until it is whole, so the limit must come before it.

use std::error::Error;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures_util::StreamExt as _;
use futures_util::stream::BoxStream;
use http_body::{Body, Frame};
use sse_stream::{Error as SseError, Sse, SseStream};

use super::http::ResponseBody;
use crate::http::BoxError;

pub(super) type Events = BoxStream<'static, Result<Sse, SseError>>;

/// The events of an answer.
pub(super) fn events(body: ResponseBody, limit: usize) -> Events {
    let size = EventSize { limit, event: 0, line: 0, is_comment: false, after_cr: false };
    SseStream::new(Bounded { body, size, failed: false }).boxed()
}

/// What a stream ends with.
#[derive(Debug)]
pub(super) enum StreamError {
    Body(BoxError),
    TooLong { limit: usize },
}

impl fmt::Display for StreamError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Body(_) => f.write_str("the event stream broke off"),
            Self::TooLong { limit } => write!(f, "an event is longer than {limit} bytes"),
        }
    }
}

impl Error for StreamError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Body(error) => Some(&**error),
            Self::TooLong { .. } => None,
        }
    }
}

/// A body that ends with an error at the first event that is too long.
struct Bounded {
    body: ResponseBody,
    size: EventSize,
    failed: bool,
}

impl Body for Bounded {
    type Data = Bytes;
    type Error = StreamError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, StreamError>>> {
        if self.failed {
            return Poll::Ready(None);
        }
        let frame = match ready!(Pin::new(&mut self.body).poll_frame(context)) {
            None => return Poll::Ready(None),
            Some(Ok(frame)) => frame,
            Some(Err(error)) => {
                self.failed = true;
                return Poll::Ready(Some(Err(StreamError::Body(error))));
            }
        };
        if frame.data_ref().is_some_and(|data| !self.size.admits(data)) {
            self.failed = true;
            return Poll::Ready(Some(Err(StreamError::TooLong { limit: self.size.limit })));
        }
        Poll::Ready(Some(Ok(frame)))
    }
}

/// How long the event under way is. Comments do not count: they keep connections alive, for as long as it takes.
#[derive(Debug)]
struct EventSize {
    limit: usize,
    event: usize,
    line: usize,
    is_comment: bool,
    after_cr: bool,
}

impl EventSize {
    fn admits(&mut self, data: &[u8]) -> bool {
        for &byte in data {
            let after_cr = std::mem::replace(&mut self.after_cr, byte == b'\r');
            match byte {
                b'\n' if after_cr => {}
                b'\n' | b'\r' => self.end_line(),
                _ => {
                    self.is_comment |= self.line == 0 && byte == b':';
                    self.line += 1;
                }
            }
            if self.event + self.line > self.limit {
                return false;
            }
        }
        true
    }

    fn end_line(&mut self) {
        match (self.line, self.is_comment) {
            (0, _) => self.event = 0,
            (_, true) => {}
            (line, false) => self.event += line,
        }
        (self.line, self.is_comment) = (0, false);
    }
}

#[cfg(test)]
mod tests;
