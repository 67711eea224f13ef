//! When the program ends: the only listener to signals. The first signal asks everything to finish what it does; the second, or
//! the end of the grace period, ends it at once.

use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::workers::Workers;

/// Two stages of shutdown and the tasks that take part in it.
#[derive(Debug, Clone, Default)]
pub struct Lifecycle {
    /// Cancelled when the program should finish what it does and start nothing new.
    pub soft: CancellationToken,
    /// Cancelled when it should stop at once.
    pub hard: CancellationToken,
    /// Tasks that shutdown waits for.
    pub tasks: TaskTracker,
    /// Where connections and sessions run.
    pub workers: Workers,
}

impl Lifecycle {
    /// A lifecycle that ends with this one, or by itself before it.
    #[must_use]
    pub fn child(&self) -> Self {
        Self {
            soft: self.soft.child_token(),
            hard: self.hard.child_token(),
            tasks: self.tasks.clone(),
            workers: self.workers.clone(),
        }
    }

    /// Waits for a signal (or for `soft` to be cancelled by somebody else), then sees the tasks out.
    ///
    /// `grace` is how long they have.
    pub async fn run(&self, mut signals: Signals, grace: Duration) {
        tokio::select! {
            () = signals.next() => tracing::info!("stopping; a second signal stops at once"),
            () = self.soft.cancelled() => {}
        }
        self.soft.cancel();
        self.tasks.close();
        tokio::select! {
            () = self.tasks.wait() => return,
            () = signals.next() => tracing::warn!("stopping at once"),
            () = tokio::time::sleep(grace) => tracing::warn!(grace_s = grace.as_secs(), "some work did not finish in time"),
        }
        self.hard.cancel();
        // Children still have to be ended: a short while, then the process goes, and with it their pipes.
        let _ = tokio::time::timeout(HARD_STOP, self.tasks.wait()).await;
    }
}

/// How long the second stage may take.
const HARD_STOP: Duration = Duration::from_secs(5);

/// The signals that end the program: SIGINT and SIGTERM; on Windows Ctrl-C, Ctrl-Break and the console closing.
///
/// They are caught from the moment this exists. Before that they end the process as it stands, so it has to exist before
/// anything that wants to be ended in order.
#[derive(Debug)]
pub struct Signals(Option<Caught>);

#[cfg(unix)]
type Caught = (tokio::signal::unix::Signal, tokio::signal::unix::Signal);
#[cfg(windows)]
type Caught =
    (tokio::signal::windows::CtrlC, tokio::signal::windows::CtrlBreak, tokio::signal::windows::CtrlClose);

impl Signals {
    /// Catches them. Where that is impossible, they go on ending the process as it stands.
    ///
    /// # Panics
    /// Outside a runtime.
    pub fn catch() -> Self {
        Self(caught().ok())
    }

    /// The next one.
    async fn next(&mut self) {
        match &mut self.0 {
            #[cfg(unix)]
            Some((interrupt, terminate)) => {
                tokio::select! {
                    _ = interrupt.recv() => {}
                    _ = terminate.recv() => {}
                }
            }
            #[cfg(windows)]
            Some((c, brk, close)) => {
                tokio::select! {
                    _ = c.recv() => {}
                    _ = brk.recv() => {}
                    _ = close.recv() => {}
                }
            }
            None => std::future::pending().await,
        }
    }
}

#[cfg(unix)]
fn caught() -> std::io::Result<Caught> {
    use tokio::signal::unix::{SignalKind, signal};
    Ok((signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?))
}

#[cfg(windows)]
fn caught() -> std::io::Result<Caught> {
    use tokio::signal::windows;
    Ok((windows::ctrl_c()?, windows::ctrl_break()?, windows::ctrl_close()?))
}
