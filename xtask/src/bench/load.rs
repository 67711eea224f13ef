//! Load on one target: a number of connections, each with one call under way, for a while.

use std::cell::{Cell, RefCell};
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};

use super::connection::{Connection, Reply};
use super::message::{Checker, Template};

/// What is to be done.
#[derive(Debug, Clone)]
pub(super) struct Load {
    /// Where to.
    pub(super) address: SocketAddr,
    /// What.
    pub(super) template: Template,
    /// On how many connections.
    pub(super) connections: usize,
    /// Whether each call has a connection of its own.
    pub(super) close: bool,
    /// Over how long the connections begin, one after another.
    pub(super) spread: Duration,
    /// How long before it counts.
    pub(super) warm_up: Duration,
    /// How long it counts.
    pub(super) measured: Duration,
}

/// What came of it.
#[derive(Debug, Default)]
pub(super) struct Counted {
    /// How long each right call took, in microseconds, in order of length.
    micros: Vec<u32>,
    /// Replies that were not the right one.
    pub(super) wrong: u64,
    /// Connections that broke.
    pub(super) broken: u64,
    /// Calls that were still not answered when everybody had stopped waiting.
    pub(super) unanswered: u64,
    /// The first thing that went wrong.
    pub(super) trouble: Option<String>,
}

impl Counted {
    /// Calls that were not answered rightly.
    pub(super) fn bad(&self) -> u64 {
        self.wrong + self.broken + self.unanswered
    }

    fn note_break(&mut self, error: &io::Error) {
        self.broken += 1;
        self.trouble.get_or_insert_with(|| error.to_string());
    }

    /// Right calls.
    pub(super) fn calls(&self) -> usize {
        self.micros.len()
    }

    /// Milliseconds within which this share of the calls was answered.
    pub(super) fn percentile_ms(&self, percent: usize) -> f64 {
        let at = (self.micros.len() * percent / 100).min(self.micros.len().saturating_sub(1));
        self.micros.get(at).map_or(f64::NAN, |micros| f64::from(*micros) / 1000.0)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    WarmUp,
    Measured,
    Over,
}

impl Load {
    /// Opens the connections that are kept; none if each call has its own.
    ///
    /// A few at a time: more than a listener's queue holds would be kept waiting by the system, for seconds.
    pub(super) async fn open(&self) -> io::Result<Vec<Connection>> {
        let (mut opening, mut open) = (JoinSet::new(), Vec::new());
        for _ in 0..if self.close { 0 } else { self.connections } {
            if opening.len() >= AT_A_TIME
                && let Some(connection) = opening.join_next().await
            {
                open.push(connection??);
            }
            opening.spawn_local(Connection::open(self.address, self.template.size()));
        }
        while let Some(connection) = opening.join_next().await {
            open.push(connection??);
        }
        Ok(open)
    }

    /// Runs it on this thread. `snapshot` is called when counting begins and when it ends.
    ///
    /// Must run on a current-thread runtime inside a `LocalSet`.
    pub(super) async fn run<T>(
        self,
        mut open: Vec<Connection>,
        mut snapshot: impl FnMut() -> T,
    ) -> (Counted, T, T) {
        let phase = Rc::new(Cell::new(Phase::WarmUp));
        let counted = Rc::new(RefCell::new(Counted::default()));
        let mut tasks = JoinSet::new();
        for connection in 0..self.connections {
            let (load, phase, counted) = (self.clone(), Rc::clone(&phase), Rc::clone(&counted));
            let mut own = open.pop();
            let turn = u32::try_from(connection).unwrap_or(u32::MAX);
            let later = self.spread * turn / u32::try_from(self.connections).unwrap_or(u32::MAX).max(1);
            tasks.spawn_local(async move {
                if !later.is_zero() {
                    sleep(later).await;
                }
                for _ in 0..MOST_BREAKS {
                    let Err(error) = load.one(connection, own.take(), &phase, &counted).await else { return };
                    counted.borrow_mut().note_break(&error);
                    sleep(AFTER_A_BREAK).await;
                }
            });
        }
        sleep(self.warm_up).await;
        let before = snapshot();
        phase.set(Phase::Measured);
        sleep(self.measured).await;
        phase.set(Phase::Over);
        let after = snapshot();
        // A call that never ends is cut off with its task.
        let _ = timeout(LAST_CALL, async { while tasks.join_next().await.is_some() {} }).await;
        let unanswered = tasks.len() as u64;
        tasks.shutdown().await;
        let mut counted = counted.take();
        counted.unanswered = unanswered;
        counted.micros.sort_unstable();
        (counted, before, after)
    }

    /// One connection, until the load is over or the connection breaks.
    async fn one(
        &self,
        connection: usize,
        mut open: Option<Connection>,
        phase: &Cell<Phase>,
        counted: &RefCell<Counted>,
    ) -> io::Result<()> {
        let mut template = self.template.clone();
        let mut checker = Checker::default();
        // Numbers that no other connection uses.
        let mut call = (connection as u64) << 32;
        while phase.get() != Phase::Over {
            call += 1;
            let start = Instant::now();
            let mut connection = match open.take() {
                Some(connection) => connection,
                None => Connection::open(self.address, self.template.size()).await?,
            };
            let reply = connection.call(template.request(call)).await?;
            let micros = u32::try_from(start.elapsed().as_micros()).unwrap_or(u32::MAX);
            let right = reply.status == 200 && checker.is_right(&template, call, reply.body);
            if phase.get() == Phase::Measured {
                let mut counted = counted.borrow_mut();
                if right {
                    counted.micros.push(micros);
                } else {
                    counted.wrong += 1;
                    counted.trouble.get_or_insert_with(|| describe(&reply));
                }
            }
            open = (!self.close).then_some(connection);
        }
        Ok(())
    }
}

/// The status, and how the body begins.
fn describe(reply: &Reply<'_>) -> String {
    let start = reply.body.get(..EXCERPT).unwrap_or(reply.body);
    format!("status {}: {}", reply.status, String::from_utf8_lossy(start))
}

/// How much of a wrong reply is shown, in bytes.
const EXCERPT: usize = 200;
/// How many connections are opened at the same time.
const AT_A_TIME: usize = 128;
/// How often a connection may break before it is given up.
const MOST_BREAKS: usize = 20;
/// How long to wait before connecting again.
const AFTER_A_BREAK: Duration = Duration::from_millis(50);
/// How long the calls that are under way at the end may take.
const LAST_CALL: Duration = Duration::from_secs(20);
