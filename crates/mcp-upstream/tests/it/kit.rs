//! What the scenarios share.
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use mcp_upstream::{
    CallError, CallOptions, Command, ConnectError, HttpClient, HttpService, Limits, Session, SessionOptions,
    SseTransport, StdioTransport, StreamableTransport, Transport,
};
use testkit::mcp::{Framing, Script, ScriptedServer};

/// Everything a tool takes.
pub(crate) const ANY: &str = r#"{"type":"object"}"#;

/// The ways to reach a scripted server. Whatever holds for all of them is tested over all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    Stdio,
    Json,
    Events,
    Legacy,
}

impl Way {
    pub(crate) const ALL: [Self; 4] = [Self::Stdio, Self::Json, Self::Events, Self::Legacy];

    /// Connects to `script` by this way, with short limits.
    pub(crate) async fn connect(
        self,
        script: &Script,
    ) -> (Result<Session, ConnectError>, Option<ScriptedServer>) {
        self.connect_with(script, limits()).await
    }

    pub(crate) async fn connect_with(
        self,
        script: &Script,
        limits: Limits,
    ) -> (Result<Session, ConnectError>, Option<ScriptedServer>) {
        self.connect_by(script, options(limits)).await
    }

    pub(crate) async fn connect_by(
        self,
        script: &Script,
        options: SessionOptions,
    ) -> (Result<Session, ConnectError>, Option<ScriptedServer>) {
        let script = script.clone();
        let server = match self {
            Self::Stdio => None,
            Self::Json => Some(script.clone().serve_streamable(Framing::Json).await),
            Self::Events => Some(script.clone().serve_streamable(Framing::Sse).await),
            Self::Legacy => Some(script.clone().serve_sse().await),
        };
        let transport: Transport = match (self, &server) {
            (Self::Legacy, Some(server)) => SseTransport::new(server.url(), http()).into(),
            (_, Some(server)) => StreamableTransport::new(server.url(), http()).into(),
            (_, None) => StdioTransport::new(command(&script)).into(),
        };
        (Session::connect(transport, options).await, server)
    }

    /// The same, where it has to succeed.
    pub(crate) async fn session(self, script: &Script) -> (Session, Option<ScriptedServer>) {
        let (session, server) = self.connect(script).await;
        (session.unwrap_or_else(|error| panic!("{self:?}: {}", chain(&error))), server)
    }
}

pub(crate) fn command(script: &Script) -> Command {
    let (program, arguments) = script.stdio_command();
    Command::new(program).args(arguments)
}

/// Limits that let a scenario end soon.
pub(crate) fn limits() -> Limits {
    Limits { close_grace: Duration::from_millis(500), ..Limits::default() }
}

pub(crate) fn options(limits: Limits) -> SessionOptions {
    SessionOptions { limits, ..SessionOptions::default() }
}

/// Our own client; no authorities, since reading the machine's takes a moment.
pub(crate) fn http() -> HttpService {
    HttpClient::builder().only_given_authorities().build().unwrap().into()
}

pub(crate) type PlainClient = Client<HttpConnector, Full<Bytes>>;

/// Another one: hyper-util's, without TLS.
pub(crate) fn client() -> PlainClient {
    let mut connector = HttpConnector::new();
    connector.set_nodelay(true);
    Client::builder(TokioExecutor::new()).build(connector)
}

/// Calls a tool and takes the text of its first content block.
pub(crate) async fn text(
    session: &Session,
    tool: &str,
    arguments: &'static str,
) -> Result<String, CallError> {
    let arguments = Bytes::from_static(arguments.as_bytes());
    let result = session.call_tool(tool, arguments, CallOptions::default()).await?;
    let parts = result.parts()?;
    let block: serde_json::Value = serde_json::from_str(parts.content[0].get()).unwrap();
    Ok(block["text"].as_str().unwrap().to_owned())
}

/// Calls a tool with a deadline.
pub(crate) async fn within(session: &Session, tool: &str, deadline: Duration) -> Result<String, CallError> {
    let options = CallOptions { deadline: Some(deadline), ..CallOptions::default() };
    session.call_tool(tool, Bytes::from_static(b"{}"), options).await.map(|result| result.as_str().to_owned())
}

/// Calls `received` until what the server got contains `wanted`.
pub(crate) async fn wait_until_received(session: &Session, wanted: &str) -> String {
    let asking = async {
        loop {
            let received = text(session, "received", "{}").await.unwrap();
            if received.contains(wanted) {
                return received;
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), asking)
        .await
        .unwrap_or_else(|_| panic!("the server never got {wanted}"))
}

/// An error and its sources, as a person reads them.
pub(crate) fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let sources = std::iter::successors(Some(error), |error| error.source());
    sources.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

/// Whether a process is there and not a zombie.
#[cfg(target_os = "linux")]
pub(crate) fn is_alive(pid: u32) -> bool {
    std::fs::read_to_string(format!("/proc/{pid}/stat"))
        .is_ok_and(|stat| !stat.rsplit(')').next().unwrap_or_default().trim_start().starts_with('Z'))
}

/// Waits until a process is gone.
#[cfg(target_os = "linux")]
pub(crate) async fn wait_until_gone(pid: u32) {
    let waiting = async {
        while is_alive(pid) {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), waiting)
        .await
        .unwrap_or_else(|_| panic!("process {pid} is still there"));
}
