//! stdio: a child process, one message per line.
mod keeper;
mod outbox;
mod pipe;
mod reader;

use std::sync::Arc;

use bytes::Bytes;

use self::outbox::Outbox;
use super::{Outgoing, Wire, pending::Pending};
use crate::{
    CallError, Command, ConnectError, Limits, StderrTail,
    calls::Listener,
    process::{ProcessTree, StderrRing},
    session::Handle,
    shared::Shared,
};

/// A server that is a child process. It gets its own process group, and ends with its whole tree when the session is
/// closed or dropped.
#[derive(Debug, Clone)]
pub struct StdioTransport {
    command: Command,
}

impl StdioTransport {
    /// The server that `command` starts.
    pub fn new(command: Command) -> Self {
        Self { command }
    }

    pub(super) async fn start(self, limits: Limits) -> Result<Handle, ConnectError> {
        let started = ProcessTree::start(&self.command).await.map_err(ConnectError::Spawn)?;
        let outbox = Arc::new(Outbox::new(limits.outgoing_bytes));
        let stderr = Arc::new(StderrRing::new(limits.stderr_bytes));
        let wire = StdioWire { outbox: Arc::clone(&outbox), stderr: Arc::clone(&stderr) };
        let shared = Arc::new(Shared::new(limits, Wire::Stdio(wire)));
        keeper::keep(started, &shared, &outbox, stderr);
        Ok(Handle::new(shared))
    }
}

/// The parent's side of the pipes.
#[derive(Debug)]
pub(crate) struct StdioWire {
    outbox: Arc<Outbox>,
    stderr: Arc<StderrRing>,
}

impl StdioWire {
    pub(super) async fn request(
        &self,
        shared: &Shared,
        outgoing: Outgoing<'_>,
        listener: Listener,
    ) -> Result<Bytes, CallError> {
        let progress = listener.listens();
        let mut pending = Pending::register(shared, listener)?;
        let id = pending.id;
        let size = outgoing.request.size_hint();
        let position = self.outbox.push(size, |out| outgoing.encode(out, shared, id, progress)).await;
        pending.mark_sent();
        pending.outcome(|| self.outbox.has_accepted(position)).await
    }

    pub(super) fn post(&self, message: &[u8]) -> bool {
        self.outbox.try_push(message)
    }

    pub(super) fn stderr(&self) -> StderrTail {
        self.stderr.tail()
    }
}
