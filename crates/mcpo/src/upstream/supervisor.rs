//! Keeps one server connected: connects, logs in, publishes its tools, notices its end, starts again. Never holds up another
//! server or a request.

use std::sync::Arc;
use std::time::Duration;

use mcp_oauth_core::Entropy;
use mcp_upstream::{Session, Tools};
use tokio::sync::watch;
use tokio::time::Instant;
use url::Url;

use super::advice;
use super::backoff::Backoff;
use super::connector::{Connected, Connector, ConnectorError, LoginRequired};
use super::explain::explain;
use super::login::LoginDesk;
use super::outage::Outage;
use super::publication::{fingerprint, publish};
use super::status::{Login, Status};
use crate::config::UpstreamSettings;
use crate::lifecycle::Lifecycle;
use crate::registry::Server;

/// The task behind one server.
pub struct Supervisor {
    server: Arc<Server>,
    connector: Connector,
    desk: Arc<LoginDesk>,
    /// Between attempts that fail.
    backoff: Backoff,
    /// Between sessions that end soon.
    crashes: Backoff,
    entropy: Arc<dyn Entropy>,
}

impl Supervisor {
    /// A supervisor for a server; nothing happens until [`Self::run`].
    pub fn new(
        server: Arc<Server>,
        connector: Connector,
        desk: Arc<LoginDesk>,
        backoff: Backoff,
        entropy: Arc<dyn Entropy>,
    ) -> Self {
        let crashes = backoff.clone();
        Self { server, connector, desk, backoff, crashes, entropy }
    }

    /// Runs until the lifecycle's first stage, then ends the session in good order.
    pub async fn run(mut self, lifecycle: Lifecycle) {
        let soft = lifecycle.soft.clone();
        let mut last_outage = None;
        loop {
            self.server.publish_status(Status::Connecting);
            let connected = tokio::select! {
                connected = self.connector.connect() => connected,
                () = soft.cancelled() => break,
            };
            let pause = match connected {
                Ok(connected) => {
                    last_outage = None;
                    self.backoff.succeeded();
                    if self.serve(connected, &lifecycle).await {
                        break;
                    }
                    self.crashed()
                }
                Err(ConnectorError::LoginNeeded(required)) => {
                    tokio::select! {
                        () = self.login(&required) => None,
                        () = soft.cancelled() => break,
                    }
                }
                Err(error) => {
                    let outage = Outage::of_connect(&error, &self.server.settings.upstream);
                    Some((outage, self.backoff.failed(&*self.entropy)))
                }
            };
            if let Some((outage, wait)) = pause {
                self.say_down(&outage, last_outage.as_ref(), wait);
                last_outage = Some(outage.clone());
                tokio::select! {
                    () = self.pause(outage, wait) => {}
                    () = soft.cancelled() => break,
                }
            }
        }
        tokio::select! {
            settled = self.connector.settle() => if let Err(error) = settled {
                tracing::error!(server = self.name(), "the renewed login is lost: {}", explain(&error));
            },
            () = lifecycle.hard.cancelled() => {}
        }
        self.server.publish_status(Status::Stopped);
    }

    /// Serves a session until it ends; whether the program ends with it.
    async fn serve(&mut self, connected: Connected, lifecycle: &Lifecycle) -> bool {
        let Connected { session, tools, changed } = connected;
        let since = Instant::now();
        let description = session.server();
        tracing::info!(
            server = self.name(),
            tools = tools.tools.len(),
            revision = %description.protocol_version,
            "connected to {} {}",
            description.name,
            description.version
        );
        publish(&self.server, &session, &tools);
        let ended = tokio::select! {
            () = self.watch(&session, &tools, changed) => false,
            () = lifecycle.soft.cancelled() => {
                // Calls under way may finish.
                tokio::select! {
                    () = self.server.drained() => {}
                    () = lifecycle.hard.cancelled() => {}
                }
                true
            }
        };
        session.close().await;
        if since.elapsed() >= STABLE {
            self.crashes.succeeded();
        }
        ended
    }

    /// How long to wait after a session that ended. The first ones of a short time are opened again at once; a server that dies
    /// as soon as it is called is not started in a tight loop for ever.
    fn crashed(&mut self) -> Option<(Outage, Duration)> {
        let wait = self.crashes.failed(&*self.entropy);
        (self.crashes.attempts() > PROMPT_RESTARTS).then(|| (Outage::restless(), wait))
    }

    /// Says in the log why the server is down, once for each reason.
    fn say_down(&self, outage: &Outage, last: Option<&Outage>, wait: Duration) {
        let retry_in_ms = wait.as_millis();
        if last == Some(outage) {
            tracing::debug!(server = self.name(), retry_in_ms, "still down");
        } else {
            tracing::warn!(server = self.name(), retry_in_ms, "failed to connect: {}", outage.detail);
        }
    }

    fn name(&self) -> &str {
        &self.server.settings.name
    }

    /// Says why the server is down and waits, or until somebody asks.
    async fn pause(&self, outage: Outage, wait: Duration) {
        self.server.publish_status(Status::Retrying { outage, at: Instant::now() + wait });
        let _ = tokio::time::timeout(wait, self.server.wanted()).await;
    }

    /// Has a person log in; returns when that succeeded. While nobody does, it costs nothing and holds up nothing.
    async fn login(&self, required: &LoginRequired) {
        let oauth = match &self.server.settings.upstream {
            UpstreamSettings::Remote(remote) => remote.oauth.clone().unwrap_or_default(),
            UpstreamSettings::Stdio(_) => return,
        };
        let mut required = required.clone();
        let mut login = Login { partial: required.is_partial(), ..Login::default() };
        let mut backoff = self.backoff.clone();
        backoff.succeeded();
        loop {
            login.idle = false;
            self.server.publish_login(Some(login.clone()));
            let (server, shown) = (Arc::clone(&self.server), login.clone());
            let announce = move |url: &Url| {
                server.publish_login(Some(Login { authorization_url: Some(url.clone()), ..shown.clone() }));
            };
            let error = match self.desk.login(self.name(), &oauth, &required, announce).await {
                Ok(()) => return self.logged_in(),
                Err(error) => error,
            };
            let text = advice::told(&error);
            if login.problem.as_ref() == Some(&text) {
                tracing::debug!(server = self.name(), "the login did not succeed, as before");
            } else {
                tracing::warn!(server = self.name(), "the login did not succeed: {text}");
            }
            login.problem = Some(text);
            login.idle = true;
            login.failures = login.failures.saturating_add(1);
            // Nobody is asked again unasked: what was wanted before this moment had its answer. The page's button, or a call,
            // brings the next attempt, which is for what the last call needs. Only what failed before anybody was asked is
            // tried again by itself.
            let before = self.server.take_wanted();
            self.server.publish_login(Some(login.clone()));
            let wanted = if error.is_passing() {
                let wait = backoff.failed(&*self.entropy);
                tokio::time::timeout(wait, self.server.wanted()).await.unwrap_or(None)
            } else {
                self.server.wanted().await
            };
            if let Some(wanted) = wanted.or(before).and_then(|wanted| self.connector.login(wanted)) {
                login.partial = wanted.is_partial();
                required = wanted;
            }
        }
    }

    fn logged_in(&self) {
        tracing::info!(server = self.name(), "logged in");
        self.server.publish_login(None);
        // Calls that were turned away meanwhile wait for nothing more, unless they need something else.
        if let Some(other) = self.server.take_wanted().and_then(|other| self.connector.login(other))
            && !other.is_met()
        {
            self.server.want_login(other.required);
        }
    }

    /// Follows a session until it ends; tools that change are published anew. A login that a call asks for runs beside it.
    async fn watch(&self, session: &Session, tools: &Tools, changed: watch::Receiver<u64>) {
        tokio::select! {
            reason = session.closed() => {
                let outage = Outage::of_closed(&reason);
                tracing::warn!(server = self.name(), "the session ended: {}", outage.detail);
            }
            () = self.logins() => {}
            () = self.relist(session, tools, changed) => {}
        }
    }

    /// Publishes the tools anew when the server says that they changed, for ever. Not more often than [`RELIST_PAUSE`], whatever
    /// the server says, and only if the list is another one. A list that fails is asked for again: the server need not say
    /// twice that its tools changed.
    async fn relist(&self, session: &Session, tools: &Tools, mut changed: watch::Receiver<u64>) {
        let mut known = fingerprint(tools);
        let mut backoff = self.backoff.clone();
        backoff.succeeded();
        let mut retry = None;
        while is_due(&mut changed, retry).await {
            match session.list_tools().await {
                Ok(tools) => {
                    retry = None;
                    backoff.succeeded();
                    let listed = fingerprint(&tools);
                    if listed == known {
                        tracing::debug!(server = self.name(), "listed again: its tools are as they were");
                    } else {
                        tracing::info!(server = self.name(), tools = tools.tools.len(), "its tools changed");
                        known = listed;
                        publish(&self.server, session, &tools);
                    }
                }
                Err(error) => {
                    let why = explain(&error);
                    if retry.is_none() {
                        tracing::warn!(server = self.name(), "cannot list its tools again: {why}");
                    } else {
                        tracing::debug!(server = self.name(), "still cannot list its tools: {why}");
                    }
                    retry = Some(backoff.failed(&*self.entropy));
                }
            }
            tokio::time::sleep(RELIST_PAUSE).await;
        }
        // The session is gone, which is somebody else's news.
        std::future::pending::<()>().await;
    }

    /// Serves the calls that were turned away for want of a login, for ever.
    async fn logins(&self) {
        loop {
            let required = self.server.wanted().await;
            if let Some(required) = required.and_then(|required| self.connector.login(required)) {
                self.login(&required).await;
            }
        }
    }
}

/// Waits for the news that the tools changed, or until it is time to `retry`; false when there is no news any more.
async fn is_due(changed: &mut watch::Receiver<u64>, retry: Option<Duration>) -> bool {
    match retry {
        None => changed.changed().await.is_ok(),
        Some(wait) => tokio::time::timeout(wait, changed.changed()).await.map_or(true, |news| news.is_ok()),
    }
}

/// A session that lived this long was a success.
const STABLE: Duration = Duration::from_secs(30);

/// So many sessions that end soon are opened again without a wait.
const PROMPT_RESTARTS: u32 = 3;

/// How long a list of tools stands at least.
const RELIST_PAUSE: Duration = Duration::from_secs(1);
