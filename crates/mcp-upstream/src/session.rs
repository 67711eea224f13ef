//! A session with one server: connected, negotiated, ready for calls.
use std::sync::Arc;

use bytes::Bytes;
use tokio::{
    sync::{broadcast, watch},
    time::{Instant, timeout, timeout_at},
};

use crate::{
    CallError, CallOptions, Closed, ConnectError, Counters, Event, ProtocolVersion, RpcError,
    ServerDescription, SessionOptions, StderrTail, ToolResult, Tools, Transport,
    message::{self, InitializeParams, Params, Request},
    shared::Shared,
    tools::Gathering,
};

/// A session with one MCP server. A clone is another handle to the same session; when the last one is dropped, the
/// session ends and its process tree is killed. [`close`](Self::close) ends it in good order.
#[derive(Debug, Clone)]
pub struct Session(Arc<Connected>);

#[derive(Debug)]
struct Connected {
    handle: Handle,
    server: ServerDescription,
}

impl Session {
    /// Connects to a server, negotiates the revision and tells it that we are ready.
    ///
    /// # Errors
    /// [`ConnectError`] says what to do about it: a command that is not there, a server that died (with its last words),
    /// something that speaks no MCP, a revision we do not know, a deadline, or the HTTP service's own error.
    pub async fn connect(
        transport: impl Into<Transport>,
        options: SessionOptions,
    ) -> Result<Self, ConnectError> {
        let after = options.limits.connect_deadline;
        let deadline = Instant::now() + after;
        let start = transport.into().start(options.limits.clone());
        let handle = timeout_at(deadline, start)
            .await
            .unwrap_or_else(|_| Err(ConnectError::Timeout { after, stderr: StderrTail::default() }))?;
        let handshake = initialize(&handle.shared, &options);
        let server = match timeout_at(deadline, handshake).await {
            Ok(result) => result?,
            Err(_elapsed) => return Err(handle.connect_error(CallError::Timeout { after })),
        };
        // `initialized` is out, so requests may be cancelled from here on.
        let _ = handle.shared.ready.set(());
        Ok(Self(Arc::new(Connected { handle, server })))
    }

    /// What the server said about itself.
    pub fn server(&self) -> &ServerDescription {
        &self.0.server
    }

    /// The server's tools, all pages of them. A definition that is not usable is listed apart and harms no other.
    ///
    /// # Errors
    /// [`CallError`], if any page could not be had.
    pub async fn list_tools(&self) -> Result<Tools, CallError> {
        let mut gathering = Gathering::new(&self.shared().limits);
        let mut params = Params::None;
        let mut cursor;
        loop {
            let request = Request { method: "tools/list", params };
            let page = match self.request(&request, CallOptions::default()).await {
                // A server without tools need not know the method.
                Err(CallError::Server(RpcError { code: RpcError::METHOD_NOT_FOUND, .. }))
                    if !self.server().declares("tools") =>
                {
                    break;
                }
                page => page?,
            };
            cursor = match gathering.add(&page) {
                Ok(Some(cursor)) => cursor,
                Ok(None) => break,
                Err(source) => return Err(CallError::Malformed { source }),
            };
            params = Params::Page { cursor: &cursor };
        }
        Ok(gathering.finish())
    }

    /// Calls a tool. `arguments` is the text of a JSON object and is passed on as it is (over stdio, line ends between
    /// its tokens become blanks); it must be valid JSON. Empty means that the request has no `arguments`.
    ///
    /// When the returned future is dropped before the reply came, the server gets `notifications/cancelled`.
    ///
    /// # Errors
    /// [`CallError`]. A tool that ran and failed is no error here: see [`ToolResultParts::is_error`](crate::ToolResultParts::is_error).
    pub async fn call_tool(
        &self,
        name: &str,
        arguments: Bytes,
        options: CallOptions,
    ) -> Result<ToolResult, CallError> {
        let request = Request { method: "tools/call", params: Params::Call { name, arguments: &arguments } };
        self.request(&request, options).await.map(ToolResult::new)
    }

    /// Asks the server whether it is there.
    ///
    /// # Errors
    /// [`CallError`], if it is not.
    pub async fn ping(&self) -> Result<(), CallError> {
        let request = Request { method: "ping", params: Params::None };
        self.request(&request, CallOptions::default()).await.map(drop)
    }

    /// Ends the session in good order: over HTTP with `DELETE`; a process by closing its input, then SIGTERM, then
    /// SIGKILL, each with its whole tree. Calls under way fail with [`Closed::Local`]. Returns when the process is gone and
    /// what was left of its tree has been killed.
    pub async fn close(&self) {
        let shared = self.shared();
        shared.close.cancel();
        shared.ended.cancelled().await;
    }

    /// Resolves when the session has ended, with the reason; at once if it has ended already.
    pub async fn closed(&self) -> Closed {
        self.shared().closed().await
    }

    /// What the server says on its own from now on, in the order of the wire. A subscriber that falls behind by more
    /// than [`Limits::events`](crate::Limits::events) loses the oldest, and is told so.
    pub fn events(&self) -> broadcast::Receiver<Event> {
        self.shared().events.subscribe()
    }

    /// How often the server has said that its tools changed (`notifications/tools/list_changed`). Take it before
    /// [`list_tools`](Self::list_tools), and no change of that list is missed, however much else the server says: what
    /// came before is in the value, and what comes later wakes whoever waits.
    pub fn tools_changed(&self) -> watch::Receiver<u64> {
        self.shared().tools_changed.subscribe()
    }

    /// The end of what the server's process wrote to standard error; empty for a remote server.
    pub fn stderr(&self) -> StderrTail {
        self.shared().wire.stderr()
    }

    /// What was ignored so far.
    pub fn counters(&self) -> Counters {
        self.shared().counting.snapshot()
    }

    /// How many calls are under way.
    pub fn outstanding_calls(&self) -> usize {
        self.shared().calls.outstanding()
    }

    async fn request(&self, request: &Request<'_>, options: CallOptions) -> Result<Bytes, CallError> {
        let shared = self.shared();
        let after = options.deadline.unwrap_or(shared.limits.call_deadline);
        // When the time is up the future is dropped, and with it the server is told.
        timeout(after, shared.wire.request(shared, request, options))
            .await
            .unwrap_or(Err(CallError::Timeout { after }))
    }

    fn shared(&self) -> &Shared {
        &self.0.handle.shared
    }
}

/// The only thing that keeps a session alive: the tasks of a transport share its state but not this.
#[derive(Debug)]
pub(crate) struct Handle {
    shared: Arc<Shared>,
}

impl Handle {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }

    fn connect_error(&self, error: CallError) -> ConnectError {
        connect_error(&self.shared, error)
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.shared.kill.cancel();
    }
}

/// The handshake (basic/lifecycle, "Initialization").
async fn initialize(shared: &Shared, options: &SessionOptions) -> Result<ServerDescription, ConnectError> {
    let offered = ProtocolVersion::LATEST;
    let params = Params::Initialize(InitializeParams { offered, options });
    let request = Request { method: "initialize", params };
    let failed = |error| connect_error(shared, error);
    let result = shared.wire.request(shared, &request, CallOptions::default()).await.map_err(failed)?;
    let server = ServerDescription::parse(&result, offered)?;
    shared.wire.negotiated(shared, server.protocol_version, message::initialized()).await.map_err(failed)?;
    Ok(server)
}

fn connect_error(shared: &Shared, error: CallError) -> ConnectError {
    ConnectError::from_call(error, shared.counting.first_stray(), shared.wire.stderr())
}
