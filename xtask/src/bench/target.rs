//! What is measured: a running program, where it listens, and how it is asked.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::time::{Instant, sleep, timeout};

use super::connection::Connection;
use super::message::{Payload, Style, Template, Way};
use super::server::Server;

/// Something that answers calls.
#[derive(Debug)]
pub(super) struct Target {
    pub(super) name: String,
    pub(super) who: Who,
    /// What lies behind it: targets of the same group are compared.
    pub(super) group: Group,
    pub(super) address: SocketAddr,
    pub(super) style: Style,
    pub(super) path: String,
    pub(super) key: Option<&'static str>,
    /// The process whose time is counted; dropping it ends it.
    pub(super) server: Server,
}

/// Who it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Who {
    /// One of the builds of our proxy.
    Ours(usize),
    /// mcpo 0.0.20.
    Mcpo,
    /// The bare loop.
    Loop,
    /// nginx, in front of the plain endpoint.
    Nginx,
    /// Straight to the server.
    NoProxy,
}

/// What lies behind a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Group {
    /// A child process.
    Stdio,
    /// A server over HTTP.
    Http,
    /// A server over HTTP that answers with event streams.
    Sse,
    /// A server over HTTP that wants a token.
    Oauth,
}

impl Group {
    /// Its name in tables.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Stdio => "stdio",
            Self::Http => "http",
            Self::Sse => "sse",
            Self::Oauth => "oauth",
        }
    }
}

impl Target {
    /// What is sent to it.
    pub(super) fn template(&self, payload: Payload, close: bool) -> Template {
        let host = self.address.to_string();
        Template::new(Way { style: self.style, host: &host, path: &self.path, key: self.key, close }, payload)
    }

    /// Waits until it answers a call; how long after the start of its program that was.
    pub(super) async fn answers(&mut self) -> io::Result<Duration> {
        let start = Instant::now();
        let mut template = self.template(Payload::SMALL, false);
        while start.elapsed() < TO_START {
            if let Ok(mut open) = Connection::open(self.address, template.size()).await
                && let Ok(Ok(reply)) = timeout(TO_START, open.call(template.request(1))).await
                && reply.status == 200
            {
                return Ok(self.server.started.elapsed());
            }
            if !self.server.is_running() {
                return Err(io::Error::other(format!("{} ended before it answered", self.name)));
            }
            sleep(Duration::from_millis(1)).await;
        }
        Err(io::Error::other(format!("{} did not answer in {TO_START:?}", self.name)))
    }
}

/// Waits until all of them answer.
pub(super) async fn all_answer(targets: &mut [Target]) -> io::Result<()> {
    for target in targets {
        target.answers().await?;
    }
    Ok(())
}

const TO_START: Duration = Duration::from_secs(60);
