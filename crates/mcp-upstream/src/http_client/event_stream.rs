//! Server-sent events (WHATWG HTML §9.2.6), decoded as the chunks come.
//!
//! A line that lies in one chunk is handed on without a copy.
use bytes::{Buf as _, Bytes, BytesMut};
use http_body_util::BodyExt as _;
use memchr::memchr2;

use super::{cursor::Cursor, service::Body};
use crate::{BoxError, message::Oversized};

/// The events of a response.
pub(crate) struct EventStream {
    body: Body,
    decoder: Decoder,
}

#[derive(Debug)]
pub(crate) enum Item {
    Event(ServerEvent),
    /// An event longer than the limit.
    Oversized(Oversized),
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct ServerEvent {
    /// The event's type; empty means `message`.
    pub(crate) name: Bytes,
    pub(crate) data: Bytes,
}

impl ServerEvent {
    /// Whether it carries a message. Events of other types are not for us, and one without data only primes resumption.
    pub(crate) fn is_message(&self) -> bool {
        (self.name.is_empty() || *self.name == *b"message") && !self.data.is_empty()
    }
}

impl EventStream {
    /// A stream that is never resumed: what it says about that is not kept.
    pub(crate) fn new(body: Body, limit: usize) -> Self {
        Self::from(body, limit, Cursor::none())
    }

    /// A stream that begins, or continues, at `cursor`.
    pub(crate) fn from(body: Body, limit: usize, cursor: Cursor) -> Self {
        Self { body, decoder: Decoder::new(limit, cursor) }
    }

    /// Where the stream can be resumed. Says so after events without data too, which are for nothing else.
    pub(crate) fn into_cursor(self) -> Cursor {
        let mut cursor = self.decoder.cursor;
        cursor.rest();
        cursor
    }

    /// The next event, or `None` at the end; what is left of an unfinished event is dropped there (§9.2.6). May be
    /// dropped and called again without loss.
    pub(crate) async fn next(&mut self) -> Result<Option<Item>, BoxError> {
        loop {
            if let Some(item) = self.decoder.next() {
                return Ok(Some(item));
            }
            match self.body.frame().await {
                Some(frame) => {
                    if let Ok(data) = frame?.into_data() {
                        self.decoder.feed(data);
                    }
                }
                None => return Ok(None),
            }
        }
    }
}

#[derive(Debug)]
struct Decoder {
    limit: usize,
    chunk: Bytes,
    /// The beginning of a line whose end has not come.
    line: BytesMut,
    /// The last line ended with CR, so that a LF now belongs to it.
    after_cr: bool,
    /// Only the stream's first line may begin with a byte order mark.
    begun: bool,
    name: Bytes,
    data: Data,
    cursor: Cursor,
    oversized: Option<Oversized>,
    discarding: Discarding,
}

/// Whether the line under way is read on without being kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Discarding {
    No,
    /// It is data of an event that is too long.
    Data,
    /// It is a comment, or another field that is too long to be one.
    Other,
}

impl Decoder {
    fn new(limit: usize, cursor: Cursor) -> Self {
        Self {
            limit,
            chunk: Bytes::new(),
            line: BytesMut::new(),
            after_cr: false,
            begun: false,
            name: Bytes::new(),
            data: Data::None,
            cursor,
            oversized: None,
            discarding: Discarding::No,
        }
    }

    /// To be called when `next` has nothing more.
    fn feed(&mut self, chunk: Bytes) {
        self.chunk = chunk;
    }

    fn next(&mut self) -> Option<Item> {
        while let Some(line) = self.next_line() {
            if !line.is_empty() {
                self.field(&line);
                continue;
            }
            self.cursor.pass();
            let name = std::mem::take(&mut self.name);
            let data = self.data.take();
            if let Some(oversized) = self.oversized.take() {
                return Some(Item::Oversized(oversized));
            }
            if let Some(data) = data {
                return Some(Item::Event(ServerEvent { name, data }));
            }
        }
        None
    }

    fn next_line(&mut self) -> Option<Bytes> {
        if self.after_cr && !self.chunk.is_empty() {
            self.after_cr = false;
            if self.chunk.first() == Some(&b'\n') {
                self.chunk.advance(1);
            }
        }
        let Some(at) = memchr2(b'\n', b'\r', &self.chunk) else {
            self.keep_unfinished();
            return None;
        };
        let mut line = self.chunk.split_to(at);
        self.after_cr = self.chunk.first() == Some(&b'\r');
        self.chunk.advance(1);
        if self.discarding != Discarding::No {
            self.skip_line(&line);
            self.discarding = Discarding::No;
            self.begun = true;
            // Not empty, since an empty line would end the event, and no field either.
            return Some(Bytes::from_static(b":"));
        }
        if !self.line.is_empty() {
            self.line.extend_from_slice(&line);
            line = self.line.split().freeze();
        }
        if !self.begun {
            self.begun = true;
            if line.starts_with(b"\xEF\xBB\xBF") {
                line.advance(3);
            }
        }
        Some(line)
    }

    fn keep_unfinished(&mut self) {
        let chunk = std::mem::take(&mut self.chunk);
        if self.discarding != Discarding::No {
            self.skip_line(&chunk);
            return;
        }
        self.line.extend_from_slice(&chunk);
        // Comments keep connections alive, for as long as it takes.
        if self.line.first() == Some(&b':') {
            self.line.clear();
            self.discarding = Discarding::Other;
            return;
        }
        let data = value(&self.line, b"data").map(<[u8]>::len);
        if data.map_or(self.line.len(), |data| data + self.data.len()) <= self.limit {
            return;
        }
        let line = self.line.split();
        self.discarding = if let Some(data) = value(&line, b"data") {
            self.skip(data);
            Discarding::Data
        } else {
            Discarding::Other
        };
    }

    fn skip_line(&mut self, piece: &[u8]) {
        if self.discarding == Discarding::Data {
            self.skip(piece);
        }
    }

    fn skip(&mut self, piece: &[u8]) {
        let data = self.data.take().unwrap_or_default();
        let oversized = self.oversized.get_or_insert_default();
        oversized.extend(&data);
        oversized.extend(piece);
    }

    fn field(&mut self, line: &Bytes) {
        if let Some(data) = value(line, b"data") {
            if self.oversized.is_some() || data.len() + self.data.len() > self.limit {
                self.skip(data);
            } else {
                self.data.add(line.slice_ref(data));
            }
        } else if let Some(name) = value(line, b"event") {
            self.name = line.slice_ref(name);
        } else if let Some(id) = value(line, b"id") {
            self.cursor.set_id(id);
        } else if let Some(retry) = value(line, b"retry") {
            self.cursor.set_retry(retry);
        }
    }
}

/// The data of the event under way: most often one line, which is kept where it lies.
#[derive(Debug, Default)]
enum Data {
    #[default]
    None,
    One(Bytes),
    Many(BytesMut),
}

impl Data {
    fn len(&self) -> usize {
        match self {
            Self::None => 0,
            Self::One(data) => data.len(),
            Self::Many(data) => data.len(),
        }
    }

    fn add(&mut self, line: Bytes) {
        match self {
            Self::None => *self = Self::One(line),
            Self::One(first) => {
                let mut joined = BytesMut::with_capacity(first.len() + 1 + line.len());
                joined.extend_from_slice(first);
                joined.extend_from_slice(b"\n");
                joined.extend_from_slice(&line);
                *self = Self::Many(joined);
            }
            Self::Many(joined) => {
                joined.extend_from_slice(b"\n");
                joined.extend_from_slice(&line);
            }
        }
    }

    fn take(&mut self) -> Option<Bytes> {
        match std::mem::take(self) {
            Self::None => None,
            Self::One(data) => Some(data),
            Self::Many(data) => Some(data.freeze()),
        }
    }
}

/// The value of a field line, if it is that field's.
fn value<'l>(line: &'l [u8], field: &[u8]) -> Option<&'l [u8]> {
    let rest = line.strip_prefix(field)?;
    if rest.is_empty() {
        return Some(rest);
    }
    let value = rest.strip_prefix(b":")?;
    Some(value.strip_prefix(b" ").unwrap_or(value))
}

#[cfg(test)]
mod tests;
