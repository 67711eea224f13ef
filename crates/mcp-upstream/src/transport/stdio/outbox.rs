//! What waits to be written to the child: one buffer that callers append to and the writer takes whole.
//!
//! While one batch is being written the next one gathers, so that under load a single write carries many messages, and
//! no message has an allocation or a queue entry of its own.
use std::{
    io,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use memchr::memchr2;
use tokio::{
    io::{AsyncWrite, AsyncWriteExt as _},
    sync::Notify,
};

use super::pipe::LONG;

#[derive(Debug)]
pub(super) struct Outbox {
    limit: usize,
    state: Mutex<State>,
    /// There is something to write, or there will never be again.
    ready: Notify,
    /// There is room again.
    room: Notify,
    /// How many bytes the pipe has taken so far.
    accepted: AtomicU64,
}

#[derive(Debug, Default)]
struct State {
    gathering: Vec<u8>,
    /// The position of the end of `gathering` in all that was ever to be written.
    end: u64,
    closed: bool,
}

/// Where a message begins in all that was ever to be written.
#[derive(Debug, Clone, Copy)]
pub(super) struct Position(u64);

impl Outbox {
    pub(super) fn new(limit: usize) -> Self {
        Self {
            limit,
            state: Mutex::default(),
            ready: Notify::new(),
            room: Notify::new(),
            accepted: AtomicU64::new(0),
        }
    }

    /// Appends one message as a line when there is room.
    pub(super) async fn push(&self, size: usize, mut encode: impl FnMut(&mut Vec<u8>)) -> Position {
        loop {
            let room = self.room.notified();
            tokio::pin!(room);
            // Registered before the look, so that room made in between is not missed.
            room.as_mut().enable();
            {
                let mut state = self.lock();
                if state.closed || state.gathering.is_empty() || state.gathering.len() + size <= self.limit {
                    return self.append(&mut state, &mut encode);
                }
            }
            room.await;
        }
    }

    /// Appends one message as a line if there is room now.
    pub(super) fn try_push(&self, message: &[u8]) -> bool {
        let mut state = self.lock();
        let room = state.gathering.len() + message.len() <= self.limit;
        if room {
            self.append(&mut state, |out| out.extend_from_slice(message));
        }
        room
    }

    /// Whether the pipe took the beginning of the message.
    pub(super) fn has_accepted(&self, position: Position) -> bool {
        self.accepted.load(Relaxed) > position.0
    }

    /// No more messages; the writer writes what is here and ends.
    pub(super) fn close(&self) {
        self.lock().closed = true;
        self.ready.notify_one();
        self.room.notify_waiters();
    }

    /// Writes until the outbox is closed and empty, then closes `stdin` by dropping it. `widen` is called once it turns out
    /// that there is much to write at once.
    pub(super) async fn write_to<W>(&self, mut stdin: W, widen: fn(&W)) -> io::Result<()>
    where
        W: AsyncWrite + Unpin,
    {
        let mut batch = Vec::new();
        let mut wide = false;
        while self.take(&mut batch).await {
            if !wide && batch.len() >= LONG {
                widen(&stdin);
                wide = true;
            }
            let mut rest = &*batch;
            while !rest.is_empty() {
                let written = stdin.write(rest).await?;
                if written == 0 {
                    return Err(io::ErrorKind::WriteZero.into());
                }
                self.accepted.fetch_add(written as u64, Relaxed);
                rest = rest.get(written..).unwrap_or_default();
            }
            batch.clear();
            if batch.capacity() > KEPT_CAPACITY {
                batch = Vec::new();
            }
        }
        Ok(())
    }

    /// Exchanges the empty `batch` for what has gathered; `false` when no more will come.
    async fn take(&self, batch: &mut Vec<u8>) -> bool {
        loop {
            {
                let mut state = self.lock();
                if !state.gathering.is_empty() {
                    std::mem::swap(&mut state.gathering, batch);
                    drop(state);
                    self.room.notify_waiters();
                    return true;
                }
                if state.closed {
                    return false;
                }
            }
            self.ready.notified().await;
        }
    }

    fn append(&self, state: &mut State, mut encode: impl FnMut(&mut Vec<u8>)) -> Position {
        let position = Position(state.end);
        if state.closed {
            // Nothing is written any more, so the message will not count as accepted.
            return Position(u64::MAX);
        }
        let start = state.gathering.len();
        encode(&mut state.gathering);
        single_line(state.gathering.get_mut(start..).unwrap_or_default());
        state.gathering.push(b'\n');
        state.end += (state.gathering.len() - start) as u64;
        if start == 0 {
            self.ready.notify_one();
        }
        position
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// "Messages are delimited by newlines, and MUST NOT contain embedded newlines": within JSON they can only be white
/// space between tokens, so a blank does as well.
fn single_line(message: &mut [u8]) {
    let mut rest = message;
    while let Some(at) = memchr2(b'\n', b'\r', rest) {
        let Some((line_end, after)) = rest.get_mut(at..).and_then(<[u8]>::split_first_mut) else { break };
        *line_end = b' ';
        rest = after;
    }
}

/// What a buffer may keep after a burst.
const KEPT_CAPACITY: usize = 1 << 20;

#[cfg(test)]
mod tests;
