//! Connects to a server as its settings say: child process, streamable HTTP or server-sent events, with or without OAuth.

use std::error::Error;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use mcp_oauth_client::{
    AuthorizationLayer, AuthorizationManager, AuthorizationReason, AuthorizationRequired,
};
use mcp_upstream::{
    CallError, Command, ConnectError, HttpClient, HttpService, ProtocolVersion, Session, SessionOptions,
    SseTransport, StdioTransport, StreamableTransport, Tools, Transport,
};
use tokio::sync::watch;
use tower::Layer as _;

use super::http_client::{CertificateError, client_for};
use crate::config::{HttpKind, RemoteServer, StdioServer, UpstreamSettings};

/// How to connect to one server.
#[derive(Debug)]
pub struct Connector {
    upstream: Upstream,
    options: SessionOptions,
    timeout: Duration,
    /// What the last session found out, so that the next one need not.
    revision: Mutex<Option<ProtocolVersion>>,
}

#[derive(Debug)]
enum Upstream {
    Stdio(StdioServer),
    Remote(Box<Remote>),
}

#[derive(Debug)]
struct Remote {
    server: RemoteServer,
    http: HttpClient,
    manager: Option<AuthorizationManager>,
}

/// A session, and the tools that the server listed when it began.
#[derive(Debug)]
pub struct Connected {
    /// The session.
    pub session: Session,
    /// Its tools.
    pub tools: Tools,
    /// Changes when the server says that its tools changed, from before they were listed.
    pub changed: watch::Receiver<u64>,
}

/// A login is needed, and what for.
#[derive(Debug, Clone)]
pub struct LoginRequired {
    /// Who logs in.
    pub manager: AuthorizationManager,
    /// What the server asked for.
    pub required: AuthorizationRequired,
}

impl LoginRequired {
    /// Whether only some tools wait for it, rather than the whole server.
    pub fn is_partial(&self) -> bool {
        self.required.reason == AuthorizationReason::InsufficientScope
    }

    /// Whether the grant that there is now is what was asked for: a login for something else, or for the same, came between.
    pub fn is_met(&self) -> bool {
        let needed = self.required.challenges.scope().unwrap_or_default();
        self.manager.grant().is_some_and(|grant| grant.scopes().covers(&needed))
    }
}

/// Why there is no session.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectorError {
    /// A person has to log in first.
    #[error("a login is needed")]
    LoginNeeded(LoginRequired),
    /// No session could be opened.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// The session opened, but the tools could not be listed.
    #[error("the server does not list its tools")]
    List(#[source] CallError),
    /// It took too long.
    #[error("no answer within {} s", .0.as_secs_f64())]
    Timeout(Duration),
}

impl Connector {
    /// A connector for a server. `manager` is who logs in to it, where it may need a login.
    ///
    /// # Errors
    /// When the server's certificates cannot be used.
    pub fn new(
        settings: &UpstreamSettings,
        http: &HttpClient,
        manager: Option<AuthorizationManager>,
        timeout: Duration,
    ) -> Result<Self, CertificateError> {
        let upstream = match settings {
            UpstreamSettings::Stdio(server) => Upstream::Stdio(server.clone()),
            UpstreamSettings::Remote(server) => {
                let http = client_for(&server.certificates, http)?;
                Upstream::Remote(Box::new(Remote { server: (**server).clone(), http, manager }))
            }
        };
        let mut options = SessionOptions {
            client_name: "mcpo".into(),
            client_version: env!("CARGO_PKG_VERSION").into(),
            ..SessionOptions::default()
        };
        options.limits.connect_deadline = timeout;
        if let Upstream::Remote(remote) = &upstream {
            let extensions = remote.manager.iter().flat_map(AuthorizationManager::extensions);
            options.extensions = extensions.map(str::to_owned).collect();
        }
        Ok(Self { upstream, options, timeout, revision: Mutex::new(None) })
    }

    /// Opens a session and lists the tools.
    ///
    /// # Errors
    /// When that does not succeed within the time limit, or needs a login first.
    pub async fn connect(&self) -> Result<Connected, ConnectorError> {
        tokio::time::timeout(self.timeout, self.open())
            .await
            .unwrap_or(Err(ConnectorError::Timeout(self.timeout)))
    }

    async fn open(&self) -> Result<Connected, ConnectorError> {
        // Asked anew after a failure: the server may have been replaced by another.
        let revision = self.known_revision().take();
        let options = SessionOptions { revision, ..self.options.clone() };
        let session = match &self.upstream {
            Upstream::Stdio(server) => Session::connect(stdio(server), options).await?,
            Upstream::Remote(remote) => self.remote(remote, options).await?,
        };
        let spoken = session.server().protocol_version;
        *self.known_revision() =
            Some(if spoken.is_stateless() { spoken } else { ProtocolVersion::LATEST_LEGACY });
        // From before the list, so that no change of it is missed.
        let changed = session.tools_changed();
        match session.list_tools().await {
            Ok(tools) => Ok(Connected { session, tools, changed }),
            Err(error) => {
                session.close().await;
                match self.login_required(&error) {
                    Some(required) => Err(ConnectorError::LoginNeeded(required)),
                    // A server without tools may not know the method.
                    None => Err(ConnectorError::List(error)),
                }
            }
        }
    }

    fn known_revision(&self) -> MutexGuard<'_, Option<ProtocolVersion>> {
        self.revision.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn remote(&self, remote: &Remote, options: SessionOptions) -> Result<Session, ConnectorError> {
        let Remote { server, http, manager } = remote;
        let service = match manager {
            Some(manager) => HttpService::new(AuthorizationLayer::new(manager.clone()).layer(http.clone())),
            None => HttpService::from(http.clone()),
        };
        let (url, headers) = (server.url.clone(), server.headers.clone());
        let streamable = StreamableTransport::new(url.clone(), service.clone()).headers(headers.clone());
        let transport: Transport = match server.kind {
            HttpKind::Streamable => streamable.into(),
            HttpKind::Detect => streamable.or_sse().into(),
            HttpKind::Sse => SseTransport::new(url, service).headers(headers).into(),
        };
        Session::connect(transport, options).await.map_err(|error| match self.login_required(&error) {
            Some(required) => ConnectorError::LoginNeeded(required),
            None => error.into(),
        })
    }

    /// Waits for what must not be cut off at the end of the program: a renewal of the grant.
    ///
    /// # Errors
    /// When the renewed grant cannot be stored.
    pub async fn settle(&self) -> Result<(), mcp_oauth_client::Error> {
        match &self.upstream {
            Upstream::Remote(remote) => match &remote.manager {
                Some(manager) => manager.settle().await,
                None => Ok(()),
            },
            Upstream::Stdio(_) => Ok(()),
        }
    }

    fn login_required(&self, error: &(dyn Error + 'static)) -> Option<LoginRequired> {
        AuthorizationRequired::find(error).and_then(|required| self.login(required.clone()))
    }

    /// The login to this server that a call was turned away for; none where tokens are got without a person.
    pub fn login(&self, required: AuthorizationRequired) -> Option<LoginRequired> {
        let Upstream::Remote(remote) = &self.upstream else { return None };
        let manager = remote.manager.clone().filter(|manager| !manager.is_unattended())?;
        Some(LoginRequired { manager, required })
    }
}

fn stdio(server: &StdioServer) -> Transport {
    Transport::from(StdioTransport::new(Command {
        program: server.program.clone(),
        args: server.args.clone(),
        env: server.env.clone(),
        inherit_env: server.inherit_env,
        current_dir: server.cwd.clone(),
    }))
}

/// What login a call failed for, if it failed for one.
pub fn login_wanted<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a AuthorizationRequired> {
    AuthorizationRequired::find(error)
}
