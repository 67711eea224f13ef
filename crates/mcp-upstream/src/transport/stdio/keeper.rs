//! The task that owns the child: it notices the end first and says why.
//!
//! Running => Ended by itself | Closed in good order | Killed. Each way leaves no process of the tree behind.
use std::{io, sync::Arc};

use tokio::task::JoinHandle;

use super::{outbox::Outbox, pipe, reader};
use crate::{
    Closed,
    process::{self, ProcessTree, Started, StderrRing},
    shared::Shared,
};

/// Takes over a child that was just started.
pub(super) fn keep(started: Started, shared: &Arc<Shared>, outbox: &Arc<Outbox>, ring: Arc<StderrRing>) {
    let Started { tree, stdin, stdout, stderr } = started;
    let reading = tokio::spawn({
        let shared = Arc::clone(shared);
        async move { reader::read(stdout, &shared).await }
    });
    let writing = tokio::spawn({
        let outbox = Arc::clone(outbox);
        async move { outbox.write_to(stdin, pipe::widen).await }
    });
    let stderr = tokio::spawn(process::collect(stderr, ring));
    let (shared, outbox) = (Arc::clone(shared), Arc::clone(outbox));
    tokio::spawn(Keeper { tree, reading: Some(reading), writing, stderr, outbox, shared }.run());
}

struct Keeper {
    tree: ProcessTree,
    reading: Option<JoinHandle<io::Result<()>>>,
    writing: JoinHandle<io::Result<()>>,
    stderr: JoinHandle<()>,
    outbox: Arc<Outbox>,
    shared: Arc<Shared>,
}

enum End {
    Kill,
    Close,
    Exit(io::Result<std::process::ExitStatus>),
    Output(io::Result<()>),
    Input(io::Result<()>),
}

impl Keeper {
    async fn run(mut self) {
        let _ended = self.shared.ended.clone().drop_guard();
        let end = self.first_end().await;
        match end {
            End::Kill => {
                self.shared.shut(Closed::Local);
                self.tree.kill(self.shared.limits.close_grace).await;
            }
            End::Close => {
                self.shared.shut(Closed::Local);
                self.outbox.close();
                self.tree.end(self.shared.limits.close_grace).await;
            }
            End::Exit(status) => self.ended(status.ok(), None).await,
            End::Output(result) | End::Input(result) => self.half_closed(result.err()).await,
        }
        self.writing.abort();
        if let Some(reading) = &self.reading {
            reading.abort();
        }
    }

    async fn first_end(&mut self) -> End {
        let shared = Arc::clone(&self.shared);
        let reading = async {
            match &mut self.reading {
                Some(reading) => reading.await.unwrap_or(Ok(())),
                None => std::future::pending().await,
            }
        };
        let end = tokio::select! {
            biased;
            () = shared.kill.cancelled() => End::Kill,
            () = shared.close.cancelled() => End::Close,
            status = self.tree.leader_exit() => End::Exit(status),
            result = reading => End::Output(result),
            result = &mut self.writing => End::Input(result.unwrap_or(Ok(()))),
        };
        if matches!(end, End::Output(_)) {
            self.reading = None;
        }
        end
    }

    /// A pipe has ended, most often because the process is ending; its exit status says more.
    async fn half_closed(&mut self, error: Option<io::Error>) {
        let patience = self.shared.limits.drain_deadline;
        let status = tokio::time::timeout(patience, self.tree.leader_exit()).await;
        self.ended(status.ok().and_then(Result::ok), error).await;
    }

    /// Kills what is left, reads what was written before, then says why the session ended.
    async fn ended(&mut self, status: Option<std::process::ExitStatus>, error: Option<io::Error>) {
        let patience = self.shared.limits.drain_deadline;
        self.tree.kill(patience).await;
        if let Some(reading) = &mut self.reading {
            let _ = tokio::time::timeout(patience, reading).await;
            self.reading = None;
        }
        let _ = tokio::time::timeout(patience, &mut self.stderr).await;
        let stderr = self.shared.wire.stderr();
        self.shared.shut(match (status, error) {
            (Some(status), _) => Closed::Exited { status, stderr },
            (None, Some(error)) => Closed::Transport { source: error.into() },
            (None, None) => Closed::EndOfOutput { stderr },
        });
    }
}
