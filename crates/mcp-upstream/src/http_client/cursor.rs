//! Where a reader is in an event stream, and when it may come back (WHATWG HTML §9.2.6).
use std::time::Duration;

use http::HeaderValue;
use memchr::memchr;

/// What an event stream said about its resumption. It outlives the connection: the stream that continues another begins
/// with the cursor of that one.
#[derive(Debug)]
pub(crate) struct Cursor {
    limit: usize,
    /// The id of the last event that came whole.
    last: Vec<u8>,
    /// The id of the event under way; it counts when that event is whole.
    next: Vec<u8>,
    named: bool,
    retry: Option<Duration>,
}

impl Cursor {
    /// The cursor of a new stream, which keeps ids of up to `limit` bytes. A longer one is ignored: what came after the
    /// id before it may then come twice.
    pub(crate) fn new(limit: usize) -> Self {
        Self { limit, last: Vec::new(), next: Vec::new(), named: false, retry: None }
    }

    /// For a stream that is never resumed.
    pub(super) fn none() -> Self {
        Self::new(0)
    }

    /// What `Last-Event-ID` says; `None` if no event had an id, or one that no header can carry.
    pub(crate) fn last_event_id(&self) -> Option<HeaderValue> {
        if self.last.is_empty() { None } else { HeaderValue::from_bytes(&self.last).ok() }
    }

    /// The pause that the server wants before the stream is opened again.
    pub(crate) fn retry(&self) -> Option<Duration> {
        self.retry
    }

    /// The field `id`: "If the field value does not contain U+0000 NULL, then set the last event ID buffer".
    pub(super) fn set_id(&mut self, id: &[u8]) {
        if id.len() <= self.limit && memchr(0, id).is_none() {
            // Copied, so that a stream that is idle holds no buffer of the connection.
            self.next.clear();
            self.next.extend_from_slice(id);
            self.named = true;
        }
    }

    /// The field `retry`: "If the field value consists of only ASCII digits", it is a number of milliseconds.
    pub(super) fn set_retry(&mut self, value: &[u8]) {
        if !value.is_empty() && value.iter().all(u8::is_ascii_digit) {
            let digit = |number: u64, digit: &u8| {
                number.saturating_mul(10).saturating_add(u64::from(digit.saturating_sub(b'0')))
            };
            self.retry = Some(Duration::from_millis(value.iter().fold(0, digit)));
        }
    }

    /// An event is whole, whether or not it has data: "Set the last event ID string […] to the value of the last event
    /// ID buffer."
    pub(super) fn pass(&mut self) {
        if self.named {
            self.named = false;
            std::mem::swap(&mut self.last, &mut self.next);
        }
    }

    /// The stream ended. An event that was under way never came.
    pub(super) fn rest(&mut self) {
        self.named = false;
    }
}
