//! One server's entry in the configuration file, and what it comes to.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use serde::Deserialize;
use serde_json::Value;
use url::Url;

use super::forwarding::{ForwardingSection, HeaderForwarding};
use super::oauth::{Grant, LoginChannel, OAuthSection, OAuthSettings};
use super::position::Step;

/// An entry of `mcpServers` as it is written.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ServerEntry {
    /// The program of a stdio server.
    pub command: Option<String>,
    /// Its arguments.
    pub args: Vec<String>,
    /// Its environment variables, beside the minimal ones.
    pub env: BTreeMap<String, String>,
    /// Gives it the whole environment of the proxy, as mcpo did.
    pub inherit_env: bool,
    /// Its working directory.
    pub cwd: Option<PathBuf>,
    /// How the server speaks: `stdio`, `sse`, `streamable-http` and their usual spellings.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// The URL of a remote server.
    pub url: Option<String>,
    /// HTTP headers for a remote server.
    pub headers: BTreeMap<String, String>,
    /// Tools that are not exposed.
    #[serde(alias = "disabled_tools")]
    pub disabled_tools: Vec<String>,
    /// Which of the caller's headers go on to the server.
    #[serde(rename = "client_header_forwarding")]
    pub client_header_forwarding: Option<ForwardingSection>,
    /// A file with certificate authorities (PEM) that a remote server is trusted by, beside the machine's own.
    pub ca: Option<PathBuf>,
    /// A file with the certificate (PEM) that a remote server wants to see.
    #[serde(alias = "client_cert")]
    pub client_cert: Option<PathBuf>,
    /// A file with its key.
    #[serde(alias = "client_key")]
    pub client_key: Option<PathBuf>,
    /// How to log in to the server.
    pub oauth: Option<OAuthSection>,
    /// Seconds that one tool call may take.
    pub timeout: Option<f64>,
}

/// What is wrong with an entry, and where inside it.
#[derive(Debug)]
pub struct EntryError {
    pub(super) path: Vec<Step>,
    pub(super) message: String,
}

impl EntryError {
    pub(super) fn at(key: &str, message: impl Into<String>) -> Self {
        Self { path: vec![Step::Key(key.into())], message: message.into() }
    }
}

/// A server, resolved.
#[derive(Debug, Clone, PartialEq)]
pub struct ServerSettings {
    /// Its name: the first segment of its URLs.
    pub name: String,
    /// How to reach it.
    pub upstream: UpstreamSettings,
    /// Tools that are not exposed.
    pub disabled_tools: BTreeSet<String>,
    /// Which of the caller's headers go on to it.
    pub forwarding: HeaderForwarding,
    /// How long one tool call may take.
    pub call_timeout: Duration,
}

impl ServerSettings {
    /// The headers of a caller's request that go on to it. What the configuration sets is not the caller's to change, unless the
    /// whitelist names it in full.
    pub fn forwarded(&self, request: &HeaderMap) -> HeaderMap {
        let mut forwarded = self.forwarding.select(request);
        if let UpstreamSettings::Remote(remote) = &self.upstream {
            for name in remote.headers.keys().filter(|name| !self.forwarding.names(name.as_str())) {
                forwarded.remove(name);
            }
        }
        forwarded
    }

    /// Whether its tokens, if it needs some, are got without a person: there is no login to wait for.
    pub fn needs_no_person(&self) -> bool {
        match &self.upstream {
            UpstreamSettings::Stdio(_) => false,
            UpstreamSettings::Remote(remote) => {
                remote.oauth.as_ref().is_some_and(|oauth| oauth.grant != Grant::Login)
            }
        }
    }

    /// Whether a login to it can be made from the proxy's page, rather than in the terminal.
    pub fn logs_in_by_page(&self) -> bool {
        match &self.upstream {
            UpstreamSettings::Stdio(_) => false,
            UpstreamSettings::Remote(remote) => {
                remote.oauth.as_ref().is_none_or(|oauth| oauth.channel != LoginChannel::Paste)
            }
        }
    }
}

/// How to reach a server.
#[derive(Debug, Clone, PartialEq)]
pub enum UpstreamSettings {
    /// A child process.
    Stdio(StdioServer),
    /// An HTTP server.
    Remote(Box<RemoteServer>),
}

/// A child process that speaks MCP on stdin and stdout.
#[derive(Clone, PartialEq)]
pub struct StdioServer {
    /// The program.
    pub program: OsString,
    /// Its arguments.
    pub args: Vec<OsString>,
    /// Environment variables beside the minimal ones; values may be secrets.
    pub env: Vec<(OsString, OsString)>,
    /// Whether it gets the proxy's whole environment.
    pub inherit_env: bool,
    /// Its working directory.
    pub cwd: Option<PathBuf>,
}

impl std::fmt::Debug for StdioServer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Arguments and values of variables are where people put tokens.
        f.debug_struct("StdioServer")
            .field("program", &self.program)
            .field("args", &format_args!("[{} redacted]", self.args.len()))
            .field("env", &self.env.iter().map(|(name, _)| name).collect::<Vec<_>>())
            .field("inherit_env", &self.inherit_env)
            .field("cwd", &self.cwd)
            .finish()
    }
}

/// An MCP server behind a URL.
#[derive(Debug, Clone, PartialEq)]
pub struct RemoteServer {
    /// Its MCP endpoint.
    pub url: Url,
    /// How it speaks.
    pub kind: HttpKind,
    /// Headers for every request; all marked sensitive, so that they do not print.
    pub headers: HeaderMap,
    /// Certificates of its own.
    pub certificates: Certificates,
    /// How to log in to it. Without this a protected server is still logged in to, with the defaults.
    pub oauth: Option<OAuthSettings>,
}

/// The certificate files for one remote server.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Certificates {
    /// Authorities that it is trusted by, beside the machine's own.
    pub authorities: Option<PathBuf>,
    /// The certificate that it is shown, and its key.
    pub client: Option<(PathBuf, PathBuf)>,
}

/// How a remote server speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HttpKind {
    /// Streamable HTTP (2025-03-26 and later).
    Streamable,
    /// HTTP with server-sent events (2024-11-05).
    Sse,
    /// Nothing said: streamable HTTP, then server-sent events
    /// (the specification's rule for backwards compatibility).
    Detect,
}

impl ServerEntry {
    /// Reads an entry; also returns the paths of keys that nothing reads.
    pub(super) fn from_value(value: &Value) -> Result<(Self, Vec<Vec<Step>>), EntryError> {
        let entry = serde_path_to_error::deserialize(value).map_err(|error| EntryError {
            path: error
                .path()
                .iter()
                .filter_map(|segment| match segment {
                    serde_path_to_error::Segment::Map { key } => Some(Step::Key(key.clone())),
                    serde_path_to_error::Segment::Seq { index } => Some(Step::Index(*index)),
                    _ => None,
                })
                .collect(),
            message: in_plain_words(&error.into_inner().to_string()),
        })?;
        let mut ignored = Vec::new();
        let _: Result<Self, _> = serde_ignored::deserialize(value, |path| {
            let path = path.to_string();
            ignored.push(
                path.split('.').filter(|part| *part != "?").map(|part| Step::Key(part.into())).collect(),
            );
        });
        Ok((entry, ignored))
    }

    /// Everything that can be wrong with an entry without looking at the world.
    pub(super) fn check(&self, name: &str) -> Result<(), EntryError> {
        self.resolve(name, &[], Duration::from_secs(1)).map(drop)
    }

    /// What the entry comes to. `env` is added to a child's environment, before the entry's own.
    ///
    /// # Errors
    /// When it says too little, or contradicts itself.
    pub fn resolve(
        &self,
        name: &str,
        env: &[(String, String)],
        default_timeout: Duration,
    ) -> Result<ServerSettings, EntryError> {
        let call_timeout =
            match self.timeout {
                None => default_timeout,
                Some(seconds) => Duration::try_from_secs_f64(seconds)
                    .ok()
                    .filter(|timeout| !timeout.is_zero())
                    .ok_or_else(|| EntryError::at("timeout", "expected a number of seconds above 0"))?,
            };
        Ok(ServerSettings {
            name: name.into(),
            upstream: self.upstream(env)?,
            disabled_tools: self.disabled_tools.iter().cloned().collect(),
            forwarding: self.client_header_forwarding.clone().unwrap_or_default().resolve()?,
            call_timeout,
        })
    }

    /// The key that is not used where there is both a program and a URL, and the one that is.
    pub(super) fn unused(&self) -> Option<(&'static str, &'static str)> {
        let is_stdio = self.kind.as_deref().is_some_and(|kind| kind.eq_ignore_ascii_case("stdio"));
        (self.command.is_some() && self.url.is_some()).then_some(if is_stdio {
            ("url", "command")
        } else {
            ("command", "url")
        })
    }

    fn upstream(&self, env: &[(String, String)]) -> Result<UpstreamSettings, EntryError> {
        let kind = self.kind.as_deref().map(Kind::parse).transpose()?;
        match (kind, &self.command, &self.url) {
            (Some(Kind::Stdio), Some(command), _) | (None, Some(command), None) => {
                if command.is_empty() {
                    return Err(EntryError::at("command", "is empty: name the program to run"));
                }
                if command.starts_with("http://") || command.starts_with("https://") {
                    let message = "is a URL, not a program: give it as \"url\"";
                    return Err(EntryError::at("command", message));
                }
                if self.oauth.is_some() {
                    return Err(EntryError::at(
                        "oauth",
                        "a stdio server has no OAuth login: give it credentials in \"env\"",
                    ));
                }
                let given = env.iter().map(|(key, value)| (key, value)).chain(&self.env);
                Ok(UpstreamSettings::Stdio(StdioServer {
                    program: command.into(),
                    args: self.args.iter().map(Into::into).collect(),
                    env: given.map(|(key, value)| (key.into(), value.into())).collect(),
                    inherit_env: self.inherit_env,
                    cwd: self.cwd.clone(),
                }))
            }
            (Some(Kind::Stdio), None, _) => Err(EntryError {
                path: vec![],
                message: "a server of type \"stdio\" needs a \"command\"".into(),
            }),
            (Some(Kind::Http(kind)), _, Some(url)) => self.remote(url, kind),
            // With a command beside it, too: as in mcpo.
            (None, _, Some(url)) => self.remote(url, HttpKind::Detect),
            (Some(Kind::Http(_)), _, None) => Err(EntryError {
                path: vec![],
                message: format!(
                    "a server of type {:?} needs a \"url\"",
                    self.kind.as_deref().unwrap_or_default()
                ),
            }),
            (None, None, None) => Err(EntryError {
                path: vec![],
                message: "needs a \"command\" (a program to run) or a \"url\" (a remote server)".into(),
            }),
        }
    }

    fn remote(&self, url: &str, kind: HttpKind) -> Result<UpstreamSettings, EntryError> {
        let expected = "expected an http:// or https:// URL";
        let parsed = Url::parse(url)
            .map_err(|error| EntryError::at("url", format!("{expected}, found no URL ({error})")))?;
        if !matches!(parsed.scheme(), "http" | "https") || parsed.host_str().is_none_or(str::is_empty) {
            return Err(EntryError::at("url", expected));
        }
        let headers = headers(&self.headers)?;
        let oauth = self.oauth.clone().map(OAuthSection::resolve).transpose()?;
        let client = match (&self.client_cert, &self.client_key) {
            (Some(certificate), Some(key)) => Some((certificate.clone(), key.clone())),
            (None, None) => None,
            (Some(_), None) => return Err(EntryError::at("clientCert", "needs a \"clientKey\" beside it")),
            (None, Some(_)) => return Err(EntryError::at("clientKey", "needs a \"clientCert\" beside it")),
        };
        let certificates = Certificates { authorities: self.ca.clone(), client };
        Ok(UpstreamSettings::Remote(Box::new(RemoteServer {
            url: parsed,
            kind,
            headers,
            certificates,
            oauth,
        })))
    }
}

/// serde names Rust's types; a person writes JSON.
fn in_plain_words(message: &str) -> String {
    const WORDS: [(&str, &str); 10] = [
        ("expected f64", "expected a number"),
        ("expected u16", "expected a number from 0 to 65535"),
        ("expected a sequence", "expected a list"),
        ("expected a map", "expected an object"),
        ("expected struct ForwardingSection", "expected an object"),
        ("expected struct OAuthSection", "expected an object"),
        ("expected struct ClientSection", "expected an object"),
        ("expected struct PolicySection", "expected an object"),
        ("expected u8", "expected a number from 0 to 255"),
        ("expected struct ServerEntry", "expected an object"),
    ];
    WORDS.iter().fold(message.to_owned(), |message, (rust, plain)| message.replace(rust, plain))
}

enum Kind {
    Stdio,
    Http(HttpKind),
}

impl Kind {
    /// mcpo's spellings, and those of Claude, Cursor and VS Code.
    fn parse(text: &str) -> Result<Self, EntryError> {
        match text.to_ascii_lowercase().as_str() {
            "stdio" => Ok(Self::Stdio),
            "sse" => Ok(Self::Http(HttpKind::Sse)),
            "streamable-http" | "streamable_http" | "streamablehttp" | "http" => {
                Ok(Self::Http(HttpKind::Streamable))
            }
            _ => Err(EntryError::at(
                "type",
                format!("unknown type {text:?}: use \"stdio\", \"sse\" or \"streamable-http\""),
            )),
        }
    }
}

pub(super) fn headers(given: &BTreeMap<String, String>) -> Result<HeaderMap, EntryError> {
    let mut headers = HeaderMap::new();
    for (name, value) in given {
        let at = |message: &str| EntryError {
            path: vec![Step::Key("headers".into()), Step::Key(name.clone())],
            message: message.into(),
        };
        let header = HeaderName::try_from(name).map_err(|_| at("is not a header name"))?;
        let mut value =
            HeaderValue::try_from(value).map_err(|_| at("has a value that no header can carry"))?;
        value.set_sensitive(true);
        headers.append(header, value);
    }
    Ok(headers)
}

#[cfg(test)]
mod tests;
