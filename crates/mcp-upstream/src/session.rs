//! A session with one server: connected, negotiated, ready for calls.
use std::{collections::HashMap, sync::Arc, time::Duration};

use arc_swap::ArcSwap;
use tokio::{
    sync::{broadcast, mpsc, watch},
    time::{Instant, timeout_at},
};

use crate::{
    CallError, CallOptions, Closed, ConnectError, Counters, Event, ProtocolVersion, ServerDescription,
    ServerRequests, SessionOptions, StderrTail, Transport,
    handshake::{self, Opening},
    listening::{self, Offered},
    message::{Params, Request},
    parameter_headers::ParameterHeaders,
    questions::{self, Questions},
    shared::Shared,
};

/// A session with one MCP server. A clone is another handle to the same session; when the last one is dropped, the
/// session ends and its process tree is killed. [`close`](Self::close) ends it in good order.
#[derive(Debug, Clone)]
pub struct Session(Arc<Connected>);

struct Connected {
    handle: Handle,
    server: ServerDescription,
    requests: Option<Arc<dyn ServerRequests>>,
    /// Which tools want arguments in headers, as far as they were listed.
    parameter_headers: ArcSwap<HashMap<String, ParameterHeaders>>,
}

impl Session {
    /// Connects to a server and agrees on a revision with it ([`SessionOptions::revision`]).
    ///
    /// A process that ends when it is asked `server/discover` is started again and asked to `initialize`, since some
    /// servers of older revisions do not suffer anything else before that.
    ///
    /// # Errors
    /// [`ConnectError`] says what to do about it: a command that is not there, a server that died (with its last words),
    /// something that speaks no MCP, a revision we do not know, a deadline, or the HTTP service's own error.
    pub async fn connect(
        transport: impl Into<Transport>,
        options: SessionOptions,
    ) -> Result<Self, ConnectError> {
        let transport = transport.into();
        let deadline = Instant::now().checked_add(options.limits.connect_deadline);
        // A limit beyond what a clock can say is none.
        let deadline = deadline.unwrap_or_else(|| Instant::now() + NO_DEADLINE);
        let opening = Opening::chosen(&options, transport.may_be_stateless());
        let error = match Self::open(transport.clone(), &options, opening, deadline).await {
            Ok(session) => return Ok(session),
            Err(error) => error,
        };
        let legacy = Opening::Initialize(ProtocolVersion::LATEST_LEGACY);
        if opening == Opening::Probe && transport.is_process() && error.is_end_of_process() {
            tracing::debug!("the server ended when it was asked server/discover");
            return Self::open(transport, &options, legacy, deadline).await;
        }
        let Some(older) = transport.older().filter(|_| error.may_be_legacy_sse()) else { return Err(error) };
        match Self::open(older, &options, legacy, deadline).await {
            // A layer below has something to say, such as that a login is needed.
            Err(second @ ConnectError::Transport { .. }) => Err(second),
            // The first answer is the one that somebody can do something about.
            Err(_) => Err(error),
            session => session,
        }
    }

    async fn open(
        transport: Transport,
        options: &SessionOptions,
        opening: Opening,
        deadline: Instant,
    ) -> Result<Self, ConnectError> {
        let after = options.limits.connect_deadline;
        let handle = timeout_at(deadline, transport.start(options.limits.clone()))
            .await
            .unwrap_or_else(|_| Err(ConnectError::Timeout { after, stderr: StderrTail::default() }))?;
        let shared = &handle.shared;
        if let Some(requests) = &options.requests {
            let most = options.limits.server_requests.max(1);
            let (asked, queue) = mpsc::channel(most);
            let (taken_back, given_up) = mpsc::channel(2 * most);
            let _ = shared.questions.set(Questions { asked, taken_back });
            let (shared, requests) = (Arc::clone(shared), Arc::clone(requests));
            tokio::spawn(questions::answer_all(shared, requests, queue, given_up));
        }
        let server = match timeout_at(deadline, handshake::open(shared, options, opening)).await {
            Ok(result) => result?,
            Err(_elapsed) => return Err(handshake::failed(shared, CallError::Timeout { after })),
        };
        if server.protocol_version.is_stateless() {
            tokio::spawn(listening::listen(Arc::clone(shared), Offered::by(&server)));
        }
        Ok(Self(Arc::new(Connected {
            handle,
            server,
            requests: options.requests.clone(),
            parameter_headers: ArcSwap::default(),
        })))
    }

    /// What the server said about itself.
    pub fn server(&self) -> &ServerDescription {
        &self.0.server
    }

    /// Asks the server whether it is there: with `ping`, or, where the revision has no such thing (2026-07-28), with
    /// `server/discover`.
    ///
    /// # Errors
    /// [`CallError`], if it is not.
    pub async fn ping(&self) -> Result<(), CallError> {
        let method = if self.is_stateless() { "server/discover" } else { "ping" };
        let request = Request { method, params: Params::None };
        self.request(request, CallOptions::default()).await.map(drop)
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
        self.shared().changes.tools.subscribe()
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
        let shared = self.shared();
        // The subscription to a server's changes is none of the caller's.
        shared.calls.outstanding_besides(shared.subscriptions.id())
    }

    pub(crate) fn shared(&self) -> &Shared {
        &self.0.handle.shared
    }

    pub(crate) fn requests(&self) -> Option<&dyn ServerRequests> {
        self.0.requests.as_deref()
    }

    pub(crate) fn parameter_headers(&self) -> &ArcSwap<HashMap<String, ParameterHeaders>> {
        &self.0.parameter_headers
    }

    /// Whether the session is of a revision without sessions.
    pub(crate) fn is_stateless(&self) -> bool {
        self.0.server.protocol_version.is_stateless()
    }
}

impl std::fmt::Debug for Connected {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Connected")
            .field("handle", &self.handle)
            .field("server", &self.server)
            .finish_non_exhaustive()
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
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.shared.kill.cancel();
    }
}

/// Thirty years.
const NO_DEADLINE: Duration = Duration::from_secs(30 * 365 * 86_400);
