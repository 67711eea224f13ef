//! Lines that people type, read by one thread for all who wait for one.
//!
//! A call that waits for a person to type cannot be taken back. When the login that it was made for ends without an
//! answer, the thread still reads, and what is typed next is meant for the login that asks by then. So the thread reads
//! for nobody in particular: a line goes to the first who waits when it comes.

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

type Line = io::Result<String>;

/// One place where lines come from.
pub(super) struct Lines {
    source: Box<dyn Fn() -> Line + Send + Sync>,
    waiting: Mutex<Waiting>,
}

#[derive(Default)]
struct Waiting {
    /// Those who ask, the first one first. Some may have left.
    askers: VecDeque<oneshot::Sender<Line>>,
    /// Whether a thread reads.
    is_read: bool,
}

impl Lines {
    /// Lines as `read` waits for them.
    pub(super) fn new(read: impl Fn() -> Line + Send + Sync + 'static) -> Arc<Self> {
        Arc::new(Self { source: Box::new(read), waiting: Mutex::default() })
    }

    /// Takes a place among those who wait. A thread that reads already, for a login that has ended, gives its line to
    /// this one from now on: so a place is taken before anybody is asked to type. Nothing is lost when it is dropped.
    pub(super) fn queue(self: &Arc<Self>) -> Place {
        let (asker, line) = oneshot::channel();
        self.waiting().askers.push_back(asker);
        Place { lines: Arc::clone(self), line }
    }

    /// Has a thread read, if anybody still waits.
    fn read(self: &Arc<Self>) -> io::Result<()> {
        let mut waiting = self.waiting();
        waiting.askers.retain(|asker| !asker.is_closed());
        if !waiting.is_read && !waiting.askers.is_empty() {
            let reading = Reading { lines: Arc::clone(self), is_over: false };
            // Not one of the runtime's threads: it would wait for them when the program ends.
            let thread = std::thread::Builder::new().name("terminal".to_owned());
            // Where no thread can be made, the drop of `reading` takes the lock.
            waiting.is_read = true;
            drop(waiting);
            thread.spawn(move || reading.run())?;
        }
        Ok(())
    }

    /// Gives the line to the first who still waits. True when somebody waits for another one.
    fn hand_out(&self, mut line: Line) -> bool {
        let mut waiting = self.waiting();
        while let Some(asker) = waiting.askers.pop_front() {
            match asker.send(line) {
                Ok(()) => break,
                Err(returned) => line = returned,
            }
        }
        waiting.askers.retain(|asker| !asker.is_closed());
        // Decided with the lock held, so that who asks from now on either is seen here or begins anew.
        waiting.is_read = !waiting.askers.is_empty();
        waiting.is_read
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A place among those who wait for a line.
pub(super) struct Place {
    lines: Arc<Lines>,
    line: oneshot::Receiver<Line>,
}

impl Place {
    /// Waits for the line.
    pub(super) async fn line(self) -> Line {
        self.lines.read()?;
        self.line.await.unwrap_or_else(|_| Err(io::ErrorKind::BrokenPipe.into()))
    }
}

/// The thread's right to read.
struct Reading {
    lines: Arc<Lines>,
    /// Given back with the last line; another thread may have it since.
    is_over: bool,
}

impl Reading {
    fn run(mut self) {
        while self.lines.hand_out((self.lines.source)()) {}
        self.is_over = true;
    }
}

impl Drop for Reading {
    /// There is no thread, or it panicked: those who wait are told, and the next one begins anew.
    fn drop(&mut self) {
        if !self.is_over {
            *self.lines.waiting() = Waiting::default();
        }
    }
}

#[cfg(test)]
mod tests;
