//! Keeps one server connected: connects, logs in, publishes its tools, notices its end, starts again. Never holds up another
//! server or a request.

use std::sync::Arc;
use std::time::Duration;

use mcp_oauth_core::Entropy;
use mcp_upstream::{Event, Session};
use tokio::sync::broadcast::error::RecvError;
use tokio::time::Instant;
use url::Url;

use super::advice;
use super::backoff::Backoff;
use super::connector::{Connected, Connector, ConnectorError, LoginRequired};
use super::explain::explain;
use super::login::LoginDesk;
use super::outage::Outage;
use super::status::{Exposed, Login, Status};
use crate::config::UpstreamSettings;
use crate::lifecycle::Lifecycle;
use crate::openapi::{self, ServerFacts, ToolSource};
use crate::registry::Server;

/// The task behind one server.
pub struct Supervisor {
    server: Arc<Server>,
    connector: Connector,
    desk: Arc<LoginDesk>,
    backoff: Backoff,
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
        Self { server, connector, desk, backoff, entropy }
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
                    let session = connected.session.clone();
                    let since = Instant::now();
                    last_outage = None;
                    self.publish(connected);
                    tokio::select! {
                        () = self.watch(&session) => {}
                        () = soft.cancelled() => {
                            // Calls under way may finish.
                            tokio::select! {
                                () = self.server.drained() => {}
                                () = lifecycle.hard.cancelled() => {}
                            }
                            session.close().await;
                            break;
                        }
                    }
                    session.close().await;
                    if since.elapsed() >= STABLE {
                        self.backoff.succeeded();
                    }
                    // The first time it is started again at once; one that dies as soon as it is called is not, for ever.
                    if self.backoff.attempts() < PROMPT_RESTARTS {
                        let _ = self.backoff.failed(&*self.entropy);
                        None
                    } else {
                        Some(Outage::restless())
                    }
                }
                Err(ConnectorError::LoginNeeded(required)) => {
                    tokio::select! {
                        () = self.login(&required) => None,
                        () = soft.cancelled() => break,
                    }
                }
                Err(error) => Some(Outage::of_connect(&error)),
            };
            if let Some(outage) = pause {
                let wait = self.backoff.failed(&*self.entropy);
                if last_outage.as_ref() == Some(&outage) {
                    tracing::debug!(server = self.name(), retry_in_ms = wait.as_millis(), "still down");
                } else {
                    tracing::warn!(
                        server = self.name(),
                        retry_in_ms = wait.as_millis(),
                        "failed to connect: {}",
                        outage.detail
                    );
                }
                last_outage = Some(outage.clone());
                tokio::select! {
                    () = self.pause(outage, wait) => {}
                    () = soft.cancelled() => break,
                }
            }
        }
        self.server.publish_status(Status::Stopped);
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
    async fn watch(&self, session: &Session) {
        let mut events = session.events();
        let closed = session.closed();
        tokio::pin!(closed);
        let login = self.logins();
        tokio::pin!(login);
        loop {
            tokio::select! {
                reason = &mut closed => {
                    tracing::warn!(server = self.name(), "the session ended: {reason}");
                    return;
                }
                () = &mut login => {}
                event = events.recv() => match event {
                    // Lagged: something was missed, which may have been a change of the tools.
                    Ok(Event::ToolsChanged) | Err(RecvError::Lagged(_)) => self.list_again(session).await,
                    Ok(_) => {}
                    Err(RecvError::Closed) => {
                        let reason = (&mut closed).await;
                        tracing::warn!(server = self.name(), "the session ended: {reason}");
                        return;
                    }
                },
            }
        }
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

    async fn list_again(&self, session: &Session) {
        match session.list_tools().await {
            Ok(tools) => {
                tracing::info!(server = self.name(), tools = tools.tools.len(), "its tools changed");
                self.publish(Connected { session: session.clone(), tools });
            }
            Err(error) => {
                tracing::warn!(server = self.name(), "cannot list its tools again: {}", explain(&error));
            }
        }
    }

    fn publish(&self, connected: Connected) {
        let Connected { session, tools } = connected;
        let description = session.server();
        let presentation = self.server.presentation();
        let disabled = &self.server.settings.disabled_tools;
        let sources: Vec<_> = tools
            .tools
            .iter()
            .filter(|tool| !disabled.contains(&tool.name))
            .map(|tool| ToolSource {
                name: &tool.name,
                title: tool.title(),
                description: tool.description(),
                input_schema: tool.input_schema(),
                output_schema: tool.output_schema(),
                annotations: tool.annotations(),
            })
            .collect();
        if let Some(incomplete) = tools.incomplete {
            tracing::warn!(server = self.name(), "its list of tools is not whole: {incomplete}");
        }
        let facts = ServerFacts {
            title: &description.name,
            version: &description.version,
            instructions: description.instructions.as_deref(),
            base_path: &presentation.base_path,
            secured: presentation.secured,
        };
        let (document, exposed, mut left_out) = openapi::server_document(&facts, &sources);
        left_out.extend(tools.rejected.iter().map(|tool| openapi::LeftOut {
            tool: tool.name.clone().unwrap_or_else(|| "(without a name)".into()),
            reason: tool.reason.to_string(),
        }));
        for tool in &left_out {
            tracing::warn!(server = self.name(), tool = tool.tool, "this tool is left out: {}", tool.reason);
        }
        for tool in &exposed {
            for caveat in &tool.caveats {
                tracing::warn!(server = self.name(), tool = tool.name, "{caveat}");
            }
        }
        tracing::info!(
            server = self.name(),
            tools = exposed.len(),
            revision = %description.protocol_version,
            "connected to {} {}",
            description.name,
            description.version
        );
        let title = description.name.clone();
        let tools = exposed.into_iter().map(|tool| (tool.name.clone(), tool)).collect();
        self.server.publish_exposed(Exposed { session, tools, left_out, title }, document);
    }
}

/// A session that lived this long was a success.
const STABLE: Duration = Duration::from_secs(30);

/// So many times a session that ends is opened again without a wait.
const PROMPT_RESTARTS: u32 = 2;
