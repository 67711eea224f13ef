//! What is compared: started, waited for, and known by where it listens.

use std::fs;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Map, Value, json};
use tokio::time::{Instant, sleep, timeout};

use super::connection::Connection;
use super::message::{Style, Template};
use super::server::Server;

/// The programs and where files may be written.
#[derive(Debug)]
pub(super) struct Programs {
    pub(super) ours: PathBuf,
    pub(super) echo: PathBuf,
    /// mcpo and nginx, unless only ours is measured.
    pub(super) others: Option<Others>,
    pub(super) folder: PathBuf,
}

/// What ours is compared with.
#[derive(Debug)]
pub(super) struct Others {
    pub(super) mcpo: PathBuf,
    pub(super) nginx: PathBuf,
}

/// What lies behind a proxy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Upstream {
    /// One server as a child process.
    Stdio,
    /// One server over streamable HTTP.
    Http,
    /// Ten servers over streamable HTTP, from a configuration file.
    TenHttp,
}

/// Something that answers calls.
#[derive(Debug)]
pub(super) struct Target {
    pub(super) name: &'static str,
    pub(super) role: Role,
    pub(super) address: SocketAddr,
    pub(super) style: Style,
    path: &'static str,
    key: Option<&'static str>,
    /// The process whose time is counted; dropping it ends it.
    pub(super) server: Server,
}

/// What a target is to the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Ours(Upstream),
    Mcpo(Upstream),
    Nginx,
    NoProxy,
}

impl Target {
    /// What is sent to it.
    pub(super) fn template(&self, size: usize) -> Template {
        Template::new(self.style, &self.address.to_string(), self.path, self.key, size)
    }
}

/// The lean MCP server over HTTP.
pub(super) fn echo(programs: &Programs) -> io::Result<Target> {
    let server = Server::telling(&programs.echo, ["http"], "listening")?;
    Ok(Target {
        name: "no proxy",
        role: Role::NoProxy,
        address: server.address()?,
        style: Style::Mcp,
        path: "/mcp",
        key: None,
        server,
    })
}

/// Our proxy.
pub(super) fn ours(programs: &Programs, upstream: Upstream, echo: SocketAddr) -> io::Result<Target> {
    let name = if upstream == Upstream::Stdio { "ours, stdio" } else { "ours, http" };
    proxy(programs, &programs.ours, name, Role::Ours(upstream), upstream, echo)
}

/// mcpo 0.0.20.
pub(super) fn mcpo(
    programs: &Programs,
    program: &Path,
    upstream: Upstream,
    echo: SocketAddr,
) -> io::Result<Target> {
    let name = if upstream == Upstream::Stdio { "mcpo, stdio" } else { "mcpo, http" };
    proxy(programs, program, name, Role::Mcpo(upstream), upstream, echo)
}

/// Both proxies take the same command line, which is the point of ours.
fn proxy(
    programs: &Programs,
    program: &Path,
    name: &'static str,
    role: Role,
    upstream: Upstream,
    echo: SocketAddr,
) -> io::Result<Target> {
    let address = free_address()?;
    let port = address.port().to_string();
    let url = format!("http://{echo}/mcp");
    let mut arguments: Vec<String> =
        ["--host", "127.0.0.1", "--port", &port, "--api-key", KEY].map(String::from).into();
    let mut path = "/echo";
    match upstream {
        Upstream::Stdio => {
            arguments.extend(["--".into(), programs.echo.display().to_string(), "stdio".into()]);
        }
        Upstream::Http => {
            arguments.extend(["--server-type", "streamable-http", "--", &url].map(String::from));
        }
        Upstream::TenHttp => {
            let servers = [(); 10].map(|()| json!({ "type": "streamable-http", "url": url }));
            let servers: Map<String, Value> = servers
                .into_iter()
                .enumerate()
                .map(|(number, server)| (format!("s{number}"), server))
                .collect();
            let file = programs.folder.join("ten.json");
            fs::write(&file, json!({ "mcpServers": servers }).to_string())?;
            arguments.extend(["--config".into(), file.display().to_string()]);
            path = "/s9/echo";
        }
    }
    let server = Server::silent(program, &arguments)?;
    Ok(Target { name, role, address, style: Style::Rest, path, key: Some(KEY), server })
}

/// nginx with one worker, which passes requests on to the plain endpoint of the echo server.
pub(super) fn nginx(programs: &Programs, program: &Path, echo: SocketAddr) -> io::Result<Target> {
    let address = free_address()?;
    let folder = programs.folder.display();
    let configuration = format!(
        r#"worker_processes 1;
daemon off;
pid {folder}/nginx.pid;
error_log /dev/null;
events {{ worker_connections 1024; }}
http {{
  access_log off;
  client_max_body_size 10m;
  client_body_buffer_size 256k;
  proxy_buffers 16 32k;
  client_body_temp_path {folder}/client_body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  upstream echo {{ server {echo}; keepalive 128; }}
  server {{
    listen {address};
    keepalive_requests 100000000;
    location / {{
      proxy_pass http://echo;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
    }}
  }}
}}
"#
    );
    let file = programs.folder.join("nginx.conf");
    fs::write(&file, configuration)?;
    let server =
        Server::silent(program, ["-e".as_ref(), "/dev/null".as_ref(), "-c".as_ref(), file.as_os_str()])?;
    Ok(Target {
        name: "nginx, plain hop",
        role: Role::Nginx,
        address,
        style: Style::Rest,
        path: "/plain/echo",
        key: None,
        server,
    })
}

/// Waits until a target answers a call; how long that took.
pub(super) async fn answers(target: &mut Target) -> io::Result<Duration> {
    let start = Instant::now();
    let mut template = target.template(100);
    while start.elapsed() < TO_START {
        if let Ok(mut open) = Connection::open(target.address).await
            && let Ok(Ok(reply)) = timeout(TO_START, open.call(template.request(1))).await
            && reply.status == 200
        {
            return Ok(start.elapsed());
        }
        if !target.server.is_running() {
            return Err(io::Error::other(format!("{} ended before it answered", target.name)));
        }
        sleep(Duration::from_millis(1)).await;
    }
    Err(io::Error::other(format!("{} did not answer in {TO_START:?}", target.name)))
}

/// A port that was free a moment ago: mcpo and nginx cannot say which one they took.
fn free_address() -> io::Result<SocketAddr> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()
}

const KEY: &str = "bench-key";
const TO_START: Duration = Duration::from_secs(60);
