//! What the program needs to serve, resolved from flags, file and environment.

use std::path::{Path, PathBuf};
use std::time::Duration;

use axum::http::HeaderValue;
use secrecy::{ExposeSecret as _, SecretString};

use super::file::ConfigFile;
use super::server::ServerSettings;
use crate::telemetry::LogLevel;

/// Everything the proxy is told.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where to listen.
    pub listen: Listen,
    /// Who may call.
    pub access: Access,
    /// Origins that browsers may call from; empty: any.
    pub cors_origins: Vec<HeaderValue>,
    /// How the API presents itself.
    pub api: ApiFacts,
    /// Path under which a reverse proxy serves this one: empty, or `/api/mcpo`.
    pub root_path: String,
    /// Path before the servers' names; starts and ends with a slash.
    pub path_prefix: String,
    /// The servers, and whether there is one at the root or several by name.
    pub layout: Layout,
    /// Where tokens are kept (`~/.mcpo/tokens`); none where there is no home directory.
    pub token_directory: Option<PathBuf>,
    /// What stored tokens are sealed with; none: they are as readable as the files.
    pub token_key: Option<TokenKey>,
    /// Sizes, times and counts.
    pub limits: Limits,
    /// How much to log.
    pub log_level: LogLevel,
}

/// Where the key is that stored tokens are sealed with.
#[derive(Debug, Clone)]
pub enum TokenKey {
    /// In a file, which is made if it is not there.
    File(PathBuf),
    /// This is it: one key, or several, the newest first.
    Given(SecretString),
}

/// Where to listen.
#[derive(Debug, Clone)]
pub struct Listen {
    /// A host name or address.
    pub host: String,
    /// A port; 0 takes a free one.
    pub port: u16,
    /// Serve HTTPS with these.
    pub tls: Option<TlsFiles>,
}

/// A certificate and its key, both PEM.
#[derive(Debug, Clone)]
pub struct TlsFiles {
    /// The certificate chain.
    pub certificate: PathBuf,
    /// The private key.
    pub key: PathBuf,
}

/// Who may call.
#[derive(Debug, Clone, Default)]
pub struct Access {
    /// The key that callers must send.
    pub api_key: Option<SecretString>,
    /// Whether it protects documents and pages too.
    pub strict: bool,
}

/// How the API presents itself in its root document.
#[derive(Debug, Clone)]
pub struct ApiFacts {
    /// Its title.
    pub title: String,
    /// Its description.
    pub description: String,
    /// Its version.
    pub version: String,
}

impl Default for ApiFacts {
    fn default() -> Self {
        Self {
            title: "MCP OpenAPI Proxy".into(),
            description: "Automatically generated API from MCP Tool Schemas".into(),
            version: "1.0".into(),
        }
    }
}

/// One server at the root, or several by name.
#[derive(Debug, Clone)]
pub enum Layout {
    /// `-- COMMAND`: tools at `/{tool}`.
    Single(Box<ServerSettings>),
    /// `--config`: tools at `{prefix}{server}/{tool}`.
    Named {
        /// The servers.
        servers: Vec<ServerSettings>,
        /// How to follow the file they come from, when it is to be followed.
        reload: Option<Reload>,
    },
}

/// How to read the configuration file again.
#[derive(Debug, Clone)]
pub struct Reload {
    file: PathBuf,
    /// `--env` and `--env-path`, as they were at the start; values may be secrets.
    env: Vec<(String, SecretString)>,
    call_timeout: Duration,
}

impl Reload {
    /// Reads `file` again with what else was said at the start.
    pub(super) fn new(file: PathBuf, env: &[(String, String)], call_timeout: Duration) -> Self {
        let env = env.iter().map(|(key, value)| (key.clone(), value.clone().into())).collect();
        Self { file, env, call_timeout }
    }

    /// The file to follow.
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// What the file comes to.
    ///
    /// # Errors
    /// When an entry cannot be resolved; the message names it.
    pub fn resolve(&self, file: &ConfigFile) -> Result<Vec<ServerSettings>, String> {
        let env: Vec<_> =
            self.env.iter().map(|(key, value)| (key.clone(), value.expose_secret().to_owned())).collect();
        file.resolve(&env, self.call_timeout)
    }
}

/// Sizes, times and counts, each with its default.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Limits {
    /// Bytes of a request's body.
    pub request_body_bytes: usize,
    /// How long a server may take to connect and list its tools (`CONNECTION_TIMEOUT`).
    pub connect_timeout: Duration,
    /// How long one tool call may take unless the server's entry says otherwise.
    pub call_timeout: Duration,
    /// How long a call waits for a server that is just reconnecting.
    pub reconnect_wait: Duration,
    /// How long a login may take.
    pub login_timeout: Duration,
    /// Wait before the second attempt to connect; doubles, with jitter.
    pub retry_first: Duration,
    /// Longest wait between two attempts to connect.
    pub retry_longest: Duration,
    /// How long running requests may take to finish at shutdown.
    pub shutdown_grace: Duration,
    /// How long a client may take to send a request's headers.
    pub header_timeout: Duration,
    /// How long a client may take to send a request's body.
    pub body_timeout: Duration,
    /// Connections at a time; further ones wait.
    pub connections: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            request_body_bytes: 16 * 1024 * 1024,
            connect_timeout: Duration::from_secs(60),
            call_timeout: Duration::from_secs(300),
            reconnect_wait: Duration::from_secs(10),
            login_timeout: Duration::from_secs(300),
            retry_first: Duration::from_millis(500),
            retry_longest: Duration::from_secs(60),
            shutdown_grace: Duration::from_secs(10),
            header_timeout: Duration::from_secs(30),
            body_timeout: Duration::from_secs(60),
            connections: 10_000,
        }
    }
}
