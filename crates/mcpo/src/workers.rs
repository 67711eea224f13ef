//! The threads that calls run on. Each has a runtime of its own, so that a call begins and ends on one thread: to wake a task on
//! another one costs more than the rest of a call.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::thread::JoinHandle;

use tokio::runtime::{Builder, Handle};
use tokio_util::sync::CancellationToken;

/// Where connections are served and sessions live. By default on the runtime of whoever asks.
#[derive(Debug, Clone, Default)]
pub struct Workers {
    workers: Arc<[Arc<Worker>]>,
    next: Arc<AtomicUsize>,
}

#[derive(Debug)]
struct Worker {
    runtime: Handle,
    connections: AtomicUsize,
}

/// The threads behind [`Workers`].
#[derive(Debug)]
pub struct Threads {
    stop: CancellationToken,
    threads: Vec<JoinHandle<()>>,
}

impl Workers {
    /// The runtime of this thread, which must have one thread only, and further threads until there are `count`.
    ///
    /// # Errors
    /// When a thread or its runtime cannot be had.
    ///
    /// # Panics
    /// Outside a runtime.
    pub fn start(count: usize) -> io::Result<(Self, Threads)> {
        let stop = CancellationToken::new();
        let mut runtimes = vec![Handle::current()];
        let mut threads = Vec::new();
        for number in 1..count {
            let runtime = Builder::new_current_thread().enable_all().build()?;
            runtimes.push(runtime.handle().clone());
            let stop = stop.clone();
            let run = move || {
                runtime.block_on(stop.cancelled());
                // What is left only waits for things that no longer matter.
                runtime.shutdown_background();
            };
            threads.push(std::thread::Builder::new().name(format!("worker {number}")).spawn(run)?);
        }
        let worker = |runtime| Arc::new(Worker { runtime, connections: AtomicUsize::new(0) });
        let workers = runtimes.into_iter().map(worker).collect();
        Ok((Self { workers, next: Arc::default() }, Threads { stop, threads }))
    }

    /// A place for a connection, where there are fewest of them.
    pub(crate) fn place(&self) -> Place {
        // Of equals the first: a lone connection is then where the first session is.
        let worker = self.workers.iter().min_by_key(|worker| worker.connections.load(Relaxed));
        Place::take(worker.map(Arc::clone))
    }

    /// The runtime of the next session: each in turn.
    ///
    /// # Panics
    /// Outside a runtime.
    pub(crate) fn next(&self) -> Handle {
        let turn = self.next.fetch_add(1, Relaxed);
        let worker = turn.checked_rem(self.workers.len()).and_then(|at| self.workers.get(at));
        worker.map_or_else(Handle::current, |worker| worker.runtime.clone())
    }
}

impl Threads {
    /// Ends them, whatever they do.
    pub fn stop(self) {
        self.stop.cancel();
        for thread in self.threads {
            // One that panicked has ended too.
            let _ = thread.join();
        }
    }
}

/// Where a connection is served; it counts until this is dropped.
#[derive(Debug)]
pub(crate) struct Place(Option<Arc<Worker>>);

impl Place {
    fn take(worker: Option<Arc<Worker>>) -> Self {
        if let Some(worker) = &worker {
            worker.connections.fetch_add(1, Relaxed);
        }
        Self(worker)
    }

    /// The runtime there, unless it is the one of this thread.
    ///
    /// # Panics
    /// Outside a runtime.
    pub(crate) fn elsewhere(&self) -> Option<Handle> {
        let worker = self.0.as_ref()?;
        (worker.runtime.id() != Handle::current().id()).then(|| worker.runtime.clone())
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Some(worker) = &self.0 {
            worker.connections.fetch_sub(1, Relaxed);
        }
    }
}
