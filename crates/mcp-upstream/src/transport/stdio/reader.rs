//! Lines from the child, cut out of one growing buffer.
use std::io;

use bytes::{Buf as _, BytesMut};
use memchr::memchr;
use tokio::io::{AsyncRead, AsyncReadExt as _};

use crate::{
    message::Oversized,
    shared::{Shared, Text},
};

/// Reads messages until the output ends.
pub(super) async fn read(mut stdout: impl AsyncRead + Unpin, shared: &Shared) -> io::Result<()> {
    let mut lines = Lines { buffer: BytesMut::new(), searched: 0, skipping: None };
    loop {
        lines.make_room(shared.limits.message_bytes);
        if stdout.read_buf(&mut lines.buffer).await? == 0 {
            return Ok(());
        }
        lines.take_all(shared);
    }
}

struct Lines {
    buffer: BytesMut,
    /// So much of the buffer holds no line end.
    searched: usize,
    /// The line that is too long to be kept, of which the rest is still to come.
    skipping: Option<Oversized>,
}

impl Lines {
    /// An idle session keeps a small buffer; one that carries much, or a long line, a large one.
    fn make_room(&mut self, limit: usize) {
        let wanted =
            if self.buffer.is_empty() { CHUNK } else { self.buffer.len().clamp(CHUNK, limit.max(CHUNK)) };
        if self.buffer.capacity() - self.buffer.len() < CHUNK {
            self.buffer.reserve(wanted);
        }
    }

    fn take_all(&mut self, shared: &Shared) {
        while let Some(at) = self.buffer.get(self.searched..).and_then(|new| memchr(b'\n', new)) {
            let length = self.searched + at;
            self.searched = 0;
            self.take_line(length, shared);
            self.buffer.advance(1);
        }
        self.searched = self.buffer.len();
        if self.skipping.is_some() || self.buffer.len() > shared.limits.message_bytes {
            self.skip();
        }
    }

    /// Takes the first `length` bytes of the buffer as a line.
    fn take_line(&mut self, length: usize, shared: &Shared) {
        if self.skipping.is_some() || length > shared.limits.message_bytes {
            let rest = self.buffer.split_to(length);
            let mut oversized = self.skipping.take().unwrap_or_default();
            oversized.extend(&rest);
            shared.oversized(&oversized);
        } else if length < SHARED_FROM {
            if let Some(line) = self.buffer.get(..length) {
                receive(&Text::Borrowed(line), shared);
            }
            self.buffer.advance(length);
        } else {
            receive(&Text::Shared(self.buffer.split_to(length).freeze()), shared);
        }
    }

    fn skip(&mut self) {
        let rest = self.buffer.split();
        self.searched = 0;
        self.skipping.get_or_insert_default().extend(&rest);
    }
}

fn receive(line: &Text<'_>, shared: &Shared) {
    if !line.as_slice().trim_ascii().is_empty() {
        shared.receive(line);
    }
}

/// How much is read at once at least.
const CHUNK: usize = 16 << 10;
/// From this length on a line is handed on in place instead of being copied.
const SHARED_FROM: usize = 4 << 10;
