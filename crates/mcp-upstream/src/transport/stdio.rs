//! stdio: a child process, one message per line.
mod keeper;
mod outbox;
mod reader;

use std::sync::Arc;

use bytes::Bytes;

use self::outbox::Outbox;
use super::{Wire, pending::Pending};
use crate::{
    CallError, CallOptions, Command, ConnectError, Limits, StderrTail,
    message::Request,
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
        request: &Request<'_>,
        options: CallOptions,
    ) -> Result<Bytes, CallError> {
        let progress = options.progress.is_some();
        let mut pending = Pending::register(shared, options.progress)?;
        let id = pending.id;
        let position = self.outbox.push(request.size_hint(), |out| request.encode(out, id, progress)).await;
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
