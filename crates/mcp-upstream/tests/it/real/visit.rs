//! A session with a real server, and what passed below it.
use std::{path::PathBuf, process::Stdio, sync::Arc, time::Duration};

use bytes::Bytes;
use mcp_upstream::{
    Answering, CallError, CallOptions, Command, ConnectError, HttpService, Limits, ProtocolVersion, RpcError,
    ServerRequest, ServerRequests, Session, SessionOptions, SseTransport, StdioTransport,
    StreamableTransport, Tool, ToolResult, Transport,
};
use serde_json::value::RawValue;
use tokio::io::{AsyncBufReadExt as _, BufReader};

use crate::{
    kit::{chain, limits},
    scan,
    wire::Wire,
};

/// The command in a variable, a JSON array of words; without one the test is left out, but not in CI.
#[expect(clippy::disallowed_methods, reason = "the tests' set-up says in variables what it has installed")]
pub(crate) fn command(variable: &str) -> Option<Command> {
    if let Ok(line) = std::env::var(variable) {
        let words: Vec<String> = serde_json::from_str(&line).unwrap();
        let (program, arguments) = words.split_first().unwrap();
        return Some(Command::new(program).args(arguments));
    }
    assert!(std::env::var("CI").as_deref() != Ok("true"), "{variable} is not set, and CI leaves nothing out");
    println!("left out: {variable} is not set (cargo xtask test sets it)");
    None
}

/// How a server that listens is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Remote {
    Streamable,
    Legacy,
}

impl Remote {
    pub(crate) fn transport(self, port: u16, http: HttpService) -> Transport {
        let url = |path| format!("http://127.0.0.1:{port}/{path}").parse().unwrap();
        match self {
            Self::Streamable => StreamableTransport::new(url("mcp"), http).into(),
            Self::Legacy => SseTransport::new(url("sse"), http).into(),
        }
    }
}

/// A session with a real server.
pub(crate) struct Visit {
    pub(crate) session: Session,
    wire: Wire,
    server: Option<tokio::process::Child>,
    folder: tempfile::TempDir,
}

impl Visit {
    /// Over stdio, by the revision that the session finds out.
    pub(crate) async fn over_stdio(command: Command) -> Self {
        Self::over_stdio_by(command, visitor(None)).await
    }

    pub(crate) async fn over_stdio_by(command: Command, options: SessionOptions) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (wire, command) = Wire::over_stdio(command, folder.path().join("wire.txt"));
        let session = Session::connect(StdioTransport::new(command), options).await;
        let session = session.unwrap_or_else(|error| panic!("{}", chain(&error)));
        Self { session, wire, server: None, folder }
    }

    /// Starts a server of ours, which listens on a port of its own and prints it, and connects to it.
    pub(crate) async fn over_http(command: Command, way: Remote, options: SessionOptions) -> Self {
        let mut server = start(command).stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(server.stdout.take().unwrap()).lines();
        let port = async {
            loop {
                let line = lines.next_line().await.unwrap().expect("the server ended before it listened");
                if let Some(port) = line.strip_prefix("LISTENING ") {
                    return port.parse().unwrap();
                }
            }
        };
        let port = tokio::time::timeout(PATIENCE, port).await.unwrap();
        // Keep reading, or its next line would block it.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        let mut visit = Self::to(port, way, options).await;
        visit.server = Some(server);
        visit
    }

    /// Connects to a server that will listen on this port.
    pub(crate) async fn to(port: u16, way: Remote, options: SessionOptions) -> Self {
        let (wire, http) = Wire::over_http();
        let connecting = async {
            loop {
                match Session::connect(way.transport(port, http.clone()), options.clone()).await {
                    Ok(session) => return session,
                    Err(ConnectError::Transport { .. }) => tokio::task::yield_now().await,
                    Err(error) => panic!("{}", chain(&error)),
                }
            }
        };
        let session = tokio::time::timeout(PATIENCE, connecting).await.unwrap();
        Self { session, wire, server: None, folder: tempfile::tempdir().unwrap() }
    }

    /// Lists the tools, compares each with the wire, and returns them.
    pub(crate) async fn tools(&self) -> Vec<Tool> {
        let before = self.wire.results("tools/list").len();
        let list = self.session.list_tools().await.unwrap();
        assert!(list.rejected.is_empty() && list.incomplete.is_none(), "{list:?}");
        let pages = self.wire.results("tools/list").split_off(before);
        let sent: Vec<&str> =
            pages.iter().flat_map(|page| scan::elements(scan::member(page, "tools").unwrap())).collect();
        let listed: Vec<&str> = list.tools.iter().map(|tool| tool.raw.get()).collect();
        assert_eq!(listed, sent);
        assert!(!listed.is_empty());
        list.tools
    }

    /// Lists the tools and compares their names, too.
    pub(crate) async fn tools_named(&self, expected: &[&str]) {
        let mut names: Vec<String> = self.tools().await.into_iter().map(|tool| tool.name).collect();
        names.sort_unstable();
        assert_eq!(names, expected);
    }

    /// Calls a tool, compares the result with the wire, and returns it.
    pub(crate) async fn call(&self, tool: &str, arguments: &str) -> ToolResult {
        self.call_with(tool, arguments, CallOptions::default())
            .await
            .unwrap_or_else(|error| panic!("{}", chain(&error)))
    }

    pub(crate) async fn call_with(
        &self,
        tool: &str,
        arguments: &str,
        options: CallOptions,
    ) -> Result<ToolResult, CallError> {
        let arguments = Bytes::copy_from_slice(arguments.as_bytes());
        let result = self.session.call_tool(tool, arguments, options).await?;
        let sent = self.wire.results("tools/call").pop().unwrap();
        assert_eq!(result.as_bytes(), sent.as_bytes());
        Ok(result)
    }

    /// The text of the first block of a call's result, and whether the tool failed.
    pub(crate) async fn text(&self, tool: &str, arguments: &str) -> (String, bool) {
        let result = self.call(tool, arguments).await;
        let parts = result.parts().unwrap();
        let block: serde_json::Value = serde_json::from_str(parts.content[0].get()).unwrap();
        (block["text"].as_str().unwrap_or_default().to_owned(), parts.is_error)
    }

    /// Calls a tool, and how far the server said it was, again and again.
    pub(crate) async fn progress(&self, tool: &str, arguments: &str) -> Vec<f64> {
        let (sender, mut receiver) = tokio::sync::mpsc::channel(64);
        let options = CallOptions { progress: Some(sender), ..CallOptions::default() };
        self.call_with(tool, arguments, options).await.unwrap();
        let mut steps = Vec::new();
        while let Some(progress) = receiver.recv().await {
            steps.push(progress.progress);
        }
        steps
    }

    /// A folder that lives as long as this.
    pub(crate) fn folder(&self) -> PathBuf {
        self.folder.path().to_owned()
    }

    /// Ends the session: no process is left.
    pub(crate) async fn close(self) {
        #[cfg(target_os = "linux")]
        let processes = processes::with_argument(&self.folder.path().join("wire.txt"));
        #[cfg(target_os = "linux")]
        assert!(matches!(self.wire, Wire::Exchanges(_)) || processes.len() >= 2, "{processes:?}");
        self.session.close().await;
        #[cfg(target_os = "linux")]
        for process in processes {
            crate::kit::wait_until_gone(process).await;
        }
        if let Some(mut server) = self.server {
            server.kill().await.unwrap();
        }
    }
}

/// A client that answers who is there, and gives a slow machine time to start the server.
pub(crate) fn visitor(revision: Option<ProtocolVersion>) -> SessionOptions {
    let limits = Limits { connect_deadline: PATIENCE, close_grace: Duration::from_secs(2), ..limits() };
    SessionOptions { limits, revision, requests: Some(Arc::new(Ada)), ..SessionOptions::default() }
}

/// A command to start a server that listens.
pub(crate) fn start(command: Command) -> tokio::process::Command {
    let mut server = tokio::process::Command::new(command.program);
    server
        .args(command.args)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true);
    server
}

/// Gives her name when a form asks for it.
struct Ada;

impl ServerRequests for Ada {
    fn capabilities(&self) -> Box<RawValue> {
        RawValue::from_string(r#"{"elicitation":{"form":{}}}"#.to_owned()).unwrap()
    }

    fn answer(&self, request: ServerRequest) -> Answering<'_> {
        Box::pin(async move {
            if &*request.method != "elicitation/create" {
                return Err(RpcError::method_not_found());
            }
            let answer = r#"{"action":"accept","content":{"name":"Ada"}}"#;
            Ok(RawValue::from_string(answer.to_owned()).unwrap())
        })
    }
}

#[cfg(target_os = "linux")]
mod processes {
    use std::{fs, path::Path};

    /// The processes that have this path as an argument, and their descendants.
    pub(super) fn with_argument(path: &Path) -> Vec<u32> {
        let path = path.as_os_str().as_encoded_bytes();
        let numbers =
            fs::read_dir("/proc").unwrap().filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
        let all: Vec<u32> = numbers.collect();
        let has_path = |pid: &u32| {
            fs::read(format!("/proc/{pid}/cmdline"))
                .is_ok_and(|line| line.split(|byte| *byte == 0).any(|word| word == path))
        };
        let mut found: Vec<u32> = all.iter().copied().filter(has_path).collect();
        let mut next = 0;
        while let Some(parent) = found.get(next).copied() {
            found.extend(all.iter().filter(|pid| parent_of(**pid) == Some(parent)));
            next += 1;
        }
        found
    }

    fn parent_of(pid: u32) -> Option<u32> {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        stat.rsplit(')').next()?.split_whitespace().nth(1)?.parse().ok()
    }
}

/// How long a real server may take to start.
const PATIENCE: Duration = Duration::from_secs(60);
