//! The npm server server-everything over HTTP, on a port of its own.

use std::process::Stdio;

use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

use super::{Installed, PATIENCE};

/// How the server speaks, in its own words.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Mode {
    /// Server-sent events, revision 2024-11-05.
    Sse,
    /// Streamable HTTP.
    StreamableHttp,
}

/// A server that runs; it is killed when this is dropped.
#[derive(Debug)]
pub(crate) struct NodeServer {
    child: Child,
    port: u16,
    mode: Mode,
}

impl NodeServer {
    /// Starts it and waits until it listens.
    ///
    /// It can only be told a port, and could not say which one it got, so a few lines loaded before it make it listen on a
    /// free port of the loopback interface and print that.
    pub(crate) async fn start(installed: &Installed, mode: Mode) -> Self {
        Self::start_at(installed, mode, 0).await
    }

    /// Starts it where another one was.
    pub(crate) async fn start_at(installed: &Installed, mode: Mode, port: u16) -> Self {
        let preload = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/support/listening.cjs");
        let word = match mode {
            Mode::Sse => "sse",
            Mode::StreamableHttp => "streamableHttp",
        };
        let mut child = Command::new(installed.program())
            .args(["--require", preload])
            .args(installed.arguments())
            .arg(word)
            .env("MCPO_TEST_PORT", port.to_string())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .expect("the server starts");
        let mut lines = BufReader::new(child.stdout.take().expect("stdout is piped")).lines();
        let port = tokio::time::timeout(PATIENCE, async {
            while let Some(line) = lines.next_line().await.expect("readable output") {
                if let Some(port) = line.strip_prefix("LISTENING ") {
                    return port.parse().expect("a port");
                }
            }
            panic!("the server ended before it listened")
        })
        .await
        .expect("the server listens in time");
        // Keep reading, or its next line would block it.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Self { child, port, mode }
    }

    /// Where its MCP endpoint is.
    pub(crate) fn url(&self) -> String {
        let path = match self.mode {
            Mode::Sse => "sse",
            Mode::StreamableHttp => "mcp",
        };
        format!("http://127.0.0.1:{}/{path}", self.port)
    }

    /// Kills it as a crash would, and waits until it is gone. Returns its port, for its successor.
    pub(crate) async fn kill(mut self) -> u16 {
        self.child.kill().await.expect("it is killed");
        self.port
    }
}
