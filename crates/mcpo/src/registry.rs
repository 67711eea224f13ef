//! The servers that there are, and what is known of each: what every request reads.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use arc_swap::{ArcSwap, Guard};
use bytes::Bytes;
use futures_util::FutureExt as _;
use mcp_oauth_client::AuthorizationRequired;
use tokio::sync::{Notify, watch};
use tokio_util::task::TaskTracker;
use tokio_util::task::task_tracker::TaskTrackerToken;

use crate::config::{ApiFacts, ServerSettings};
use crate::openapi::{self, Unavailable};
use crate::upstream::{Exposed, Login, ServerState, Status};

/// The servers that there are. A change of the configuration is a new registry in its place; a request reads one, once.
#[derive(Debug)]
pub struct Registry {
    servers: Servers,
}

#[derive(Debug)]
enum Servers {
    Single(Arc<Server>),
    Named { order: Vec<Arc<Server>>, by_name: HashMap<String, Arc<Server>> },
}

impl Registry {
    /// One server, at the root.
    pub fn single(server: Arc<Server>) -> Self {
        Self { servers: Servers::Single(server) }
    }

    /// Several servers, by name.
    pub fn named(order: Vec<Arc<Server>>) -> Self {
        let by_name = order.iter().map(|server| (server.settings.name.clone(), Arc::clone(server))).collect();
        Self { servers: Servers::Named { order, by_name } }
    }

    /// The server at the root, if there is one.
    pub fn root(&self) -> Option<&Arc<Server>> {
        match &self.servers {
            Servers::Single(server) => Some(server),
            Servers::Named { .. } => None,
        }
    }

    /// The server of a name, where servers have names.
    pub fn server(&self, name: &str) -> Option<&Arc<Server>> {
        match &self.servers {
            Servers::Single(_) => None,
            Servers::Named { by_name, .. } => by_name.get(name),
        }
    }

    /// All servers, in the order of the configuration.
    pub fn all(&self) -> &[Arc<Server>] {
        match &self.servers {
            Servers::Single(server) => std::slice::from_ref(server),
            Servers::Named { order, .. } => order,
        }
    }
}

/// A server: what was configured, and what is known of it.
#[derive(Debug)]
pub struct Server {
    /// What was configured.
    pub settings: ServerSettings,
    presentation: Presentation,
    state: ArcSwap<ServerState>,
    changes: watch::Sender<()>,
    /// Somebody wants an attempt to connect, or to log in, now.
    wanted: Notify,
    /// What the last call that was turned away asked for.
    required: Mutex<Option<AuthorizationRequired>>,
    /// Calls under way: the session is not ended under them.
    calls: TaskTracker,
}

/// How a server's documents present it while it has not spoken for itself.
#[derive(Debug, Clone)]
pub struct Presentation {
    /// Title, description and version.
    pub facts: ApiFacts,
    /// Path of the document's `servers` entry: the root path of the reverse proxy and the server's own prefix.
    pub base_path: String,
    /// Whether tools need the API key.
    pub secured: bool,
}

impl Server {
    /// A server that nobody has tried to reach yet.
    pub fn new(settings: ServerSettings, presentation: Presentation) -> Arc<Self> {
        let status = Status::Connecting;
        let document = unavailable(&presentation, &status);
        Arc::new(Self {
            settings,
            presentation,
            state: ArcSwap::from_pointee(ServerState { status, exposed: None, document }),
            changes: watch::Sender::new(()),
            wanted: Notify::new(),
            required: Mutex::new(None),
            calls: TaskTracker::new(),
        })
    }

    /// What is known now: one atomic load.
    pub fn state(&self) -> Guard<Arc<ServerState>> {
        self.state.load()
    }

    /// How it presents itself.
    pub fn presentation(&self) -> &Presentation {
        &self.presentation
    }

    /// Publishes that the server has no session now, and why.
    pub fn publish_status(&self, status: Status) {
        let document = unavailable(&self.presentation, &status);
        self.publish(ServerState { status, exposed: None, document });
    }

    /// Publishes a session with its tools, or the tools of the session that there is anew.
    pub fn publish_exposed(&self, exposed: Exposed, document: Bytes) {
        let state = self.state.load_full();
        let status = match &state.exposed {
            // A login that waits goes on waiting.
            Some(_) => state.status.clone(),
            None => Status::Ready { login: None },
        };
        self.publish(ServerState { status, exposed: Some(Arc::new(exposed)), document });
    }

    /// Publishes that a login waits for a person (or no longer does), beside the session if there is one.
    pub fn publish_login(&self, login: Option<Login>) {
        let state = self.state.load_full();
        let status = match (&state.exposed, login) {
            (_, Some(login)) if !login.partial => Status::LoginNeeded(login),
            (Some(_), login) => Status::Ready { login },
            (None, Some(login)) => Status::LoginNeeded(login),
            (None, None) => Status::Connecting,
        };
        match &state.exposed {
            // Its tools stay listed: a client need not learn them anew after the login.
            Some(exposed) => self.publish(ServerState {
                status,
                exposed: Some(Arc::clone(exposed)),
                document: state.document.clone(),
            }),
            None => self.publish_status(status),
        }
    }

    fn publish(&self, state: ServerState) {
        self.state.store(Arc::new(state));
        self.changes.send_replace(());
    }

    /// Resolves at each change from now on.
    pub fn subscribe(&self) -> watch::Receiver<()> {
        self.changes.subscribe()
    }

    /// Asks the supervisor to act now rather than when its wait is over.
    pub fn want(&self) {
        self.wanted.notify_one();
    }

    /// Asks the supervisor for a login, because a call was turned away.
    pub fn want_login(&self, required: AuthorizationRequired) {
        *self.required.lock().unwrap_or_else(PoisonError::into_inner) = Some(required);
        self.wanted.notify_one();
    }

    /// Resolves when somebody asked the supervisor to act; says what a call was turned away for, if one was.
    pub async fn wanted(&self) -> Option<AuthorizationRequired> {
        self.wanted.notified().await;
        self.required.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Forgets what was asked of the supervisor so far; says what a call was turned away for, if one was.
    pub fn take_wanted(&self) -> Option<AuthorizationRequired> {
        let _ = self.wanted.notified().now_or_never();
        self.required.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Counts a call until the token is dropped.
    pub fn enter(&self) -> TaskTrackerToken {
        self.calls.token()
    }

    /// Resolves when no call is under way.
    pub async fn drained(&self) {
        self.calls.close();
        self.calls.wait().await;
    }

    /// The session, waiting for up to `wait` while the server is just connecting.
    ///
    /// # Errors
    /// Where the server stands instead.
    pub async fn session(&self, wait: Duration) -> Result<Arc<Exposed>, Status> {
        if let Some(exposed) = &self.state().exposed {
            return Ok(Arc::clone(exposed));
        }
        self.next_session(None, wait).await
    }

    /// A session other than `old`, waiting for up to `wait`.
    ///
    /// # Errors
    /// Where the server stands instead.
    pub async fn next_session(
        &self,
        old: Option<&Arc<Exposed>>,
        wait: Duration,
    ) -> Result<Arc<Exposed>, Status> {
        let deadline = tokio::time::Instant::now() + wait;
        let mut changes = self.subscribe();
        loop {
            let status = {
                let state = self.state();
                match &state.exposed {
                    Some(exposed) if old.is_none_or(|old| !Arc::ptr_eq(old, exposed)) => {
                        return Ok(Arc::clone(exposed));
                    }
                    _ => state.status.clone(),
                }
            };
            // A server that is known to be down or to need a person is not waited for.
            let worth_waiting = matches!(status, Status::Connecting | Status::Ready { .. });
            if !worth_waiting || tokio::time::timeout_at(deadline, changes.changed()).await.is_err() {
                return Err(status);
            }
        }
    }
}

fn unavailable(presentation: &Presentation, status: &Status) -> Bytes {
    openapi::unavailable_document(&Unavailable {
        title: &presentation.facts.title,
        version: &presentation.facts.version,
        base_path: &presentation.base_path,
        status: status.word(),
        sentence: &status.sentence(),
    })
}

#[cfg(test)]
mod tests;
