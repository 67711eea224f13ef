//! Lines from the child, cut out of one growing buffer.
use std::io;

use bytes::{Buf as _, BytesMut};
use memchr::memchr;
use tokio::{io::AsyncReadExt as _, process::ChildStdout};

use super::pipe;
use crate::{
    message::Oversized,
    shared::{Shared, Text},
};

/// Reads messages until the output ends.
pub(super) async fn read(mut stdout: ChildStdout, shared: &Shared) -> io::Result<()> {
    let mut lines = Lines { buffer: BytesMut::new(), searched: 0, skipping: None, usual: 0 };
    let mut wide = false;
    loop {
        lines.make_room(shared.limits.message_bytes);
        if stdout.read_buf(&mut lines.buffer).await? == 0 {
            return Ok(());
        }
        lines.take_all(shared);
        if !wide && lines.usual >= pipe::LONG {
            pipe::widen(&stdout);
            wide = true;
        }
    }
}

struct Lines {
    buffer: BytesMut,
    /// So much of the buffer holds no line end.
    searched: usize,
    /// The line that is too long to be kept, of which the rest is still to come.
    skipping: Option<Oversized>,
    /// About how long lines have been lately, the longer ones.
    usual: usize,
}

impl Lines {
    /// An idle session keeps a small buffer; one that carries long lines one that holds some of them, so that a line lies
    /// where it was read. A line that is longer than those before it makes the buffer grow with it.
    fn make_room(&mut self, limit: usize) {
        let limit = limit.max(CHUNK);
        let (length, room) = (self.buffer.len(), self.buffer.capacity() - self.buffer.len());
        let next = self.usual.saturating_add(CHUNK).min(limit);
        // A line that has just begun and will not fit is moved now, while there is little to move.
        let will_not_fit = length.saturating_mul(4) < next && length + room < next;
        if room < CHUNK || will_not_fit {
            let several = self.usual.saturating_mul(4).min(SEVERAL);
            self.buffer.reserve(next.saturating_sub(length).max(length).max(several).clamp(CHUNK, limit));
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
        // Forgotten little by little, so that one long line does not keep a large buffer for ever.
        self.usual = length.max(self.usual - self.usual / 16);
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
/// Room for several long lines is made at once, up to this.
const SEVERAL: usize = 256 << 10;
