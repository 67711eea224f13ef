//! The programs that are compared, and how each is started.

use std::fs;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::message::Style;
use super::server::Server;
use super::target::{Group, Target, Who};

/// The programs and where files may be written.
#[derive(Debug)]
pub(super) struct Programs {
    /// The builds of our proxy.
    pub(super) ours: Vec<Build>,
    pub(super) echo: PathBuf,
    pub(super) bare_loop: PathBuf,
    /// mcpo and nginx, unless only ours is measured.
    pub(super) others: Option<Others>,
    pub(super) folder: Folder,
}

/// A folder that is there as long as this is.
#[derive(Debug)]
pub(super) struct Folder(PathBuf);

impl Folder {
    /// Creates it.
    pub(super) fn new(path: PathBuf) -> io::Result<Self> {
        fs::create_dir_all(&path)?;
        Ok(Self(path))
    }

    /// A place in it.
    pub(super) fn join(&self, name: impl AsRef<Path>) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What stays behind is in the checkout's own folder for such things.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// One build of our proxy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Build {
    /// What it is called in tables.
    pub(super) name: String,
    /// Where it is.
    pub(super) program: PathBuf,
}

/// What ours is compared with.
#[derive(Debug)]
pub(super) struct Others {
    pub(super) mcpo: PathBuf,
    pub(super) nginx: PathBuf,
}

/// What a proxy has behind it.
#[derive(Debug, Clone)]
pub(super) enum Upstream {
    /// A child process of its own: the echo server with these arguments.
    Stdio(Vec<String>),
    /// A server over streamable HTTP at this address.
    Http(SocketAddr),
    /// The servers of a configuration file, asked at a path.
    File {
        /// What `mcpServers` is.
        servers: Value,
        /// Which tool is called.
        path: String,
    },
}

impl Upstream {
    /// The echo server as a child process.
    pub(super) fn stdio(arguments: &[&str]) -> Self {
        Self::Stdio(arguments.iter().map(ToString::to_string).collect())
    }
}

impl Programs {
    /// The echo server over HTTP with these arguments, as a target without any proxy.
    pub(super) fn echo(&self, group: Group, arguments: &[&str]) -> io::Result<Target> {
        let arguments = [&["http"], arguments].concat();
        let server = Server::telling(&self.echo, arguments, "listening")?;
        Ok(Target {
            name: format!("no proxy, {}", group.name()),
            who: Who::NoProxy,
            group,
            address: server.address()?,
            style: Style::Mcp,
            path: "/mcp".to_owned(),
            key: None,
            server,
        })
    }

    /// Every build of our proxy in front of this.
    pub(super) fn every_ours(&self, group: Group, upstream: &Upstream) -> io::Result<Vec<Target>> {
        (0..self.ours.len()).map(|build| self.ours(build, group, upstream)).collect()
    }

    /// One build of our proxy.
    pub(super) fn ours(&self, build: usize, group: Group, upstream: &Upstream) -> io::Result<Target> {
        let Build { name, program } =
            self.ours.get(build).ok_or_else(|| io::Error::other("no such build of our proxy"))?;
        self.proxy(program, name, Who::Ours(build), group, upstream, Server::silent)
    }

    /// One build of our proxy, which can be talked with as on a terminal.
    pub(super) fn ours_with_terminal(
        &self,
        build: usize,
        group: Group,
        upstream: &Upstream,
    ) -> io::Result<Target> {
        let Build { name, program } =
            self.ours.get(build).ok_or_else(|| io::Error::other("no such build of our proxy"))?;
        self.proxy(program, name, Who::Ours(build), group, upstream, Server::with_terminal)
    }

    /// mcpo 0.0.20, if it is measured.
    pub(super) fn mcpo(&self, group: Group, upstream: &Upstream) -> io::Result<Option<Target>> {
        let start =
            |others: &Others| self.proxy(&others.mcpo, "mcpo", Who::Mcpo, group, upstream, Server::silent);
        self.others.as_ref().map(start).transpose()
    }

    /// Both proxies take the same command line, which is the point of ours.
    fn proxy(
        &self,
        program: &Path,
        name: &str,
        who: Who,
        group: Group,
        upstream: &Upstream,
        start: fn(&Path, &[String]) -> io::Result<Server>,
    ) -> io::Result<Target> {
        let address = free_address()?;
        let port = address.port().to_string();
        let mut arguments: Vec<String> =
            ["--host", "127.0.0.1", "--port", &port, "--api-key", KEY].map(String::from).into();
        let mut path = "/echo";
        match upstream {
            Upstream::Stdio(more) => {
                arguments.extend(["--".into(), self.echo.display().to_string(), "stdio".into()]);
                arguments.extend_from_slice(more);
            }
            Upstream::Http(server) => {
                let url = format!("http://{server}/mcp");
                arguments.extend(["--server-type", "streamable-http", "--", &url].map(String::from));
            }
            Upstream::File { servers, path: tool } => {
                let file = self.folder.join(format!("servers-{port}.json"));
                fs::write(&file, serde_json::json!({ "mcpServers": servers }).to_string())?;
                arguments.extend(["--config".into(), file.display().to_string()]);
                path = tool;
            }
        }
        let server = start(program, &arguments)?;
        let name = format!("{name}, {}", group.name());
        let path = path.to_owned();
        Ok(Target { name, who, group, address, style: Style::Rest, path, key: Some(KEY), server })
    }

    /// The bare loop.
    pub(super) fn bare_loop(&self, group: Group, upstream: &Upstream) -> io::Result<Target> {
        let arguments: Vec<String> = match upstream {
            Upstream::Stdio(more) => {
                let start = [
                    "stdio".to_owned(),
                    "--".to_owned(),
                    self.echo.display().to_string(),
                    "stdio".to_owned(),
                ];
                start.into_iter().chain(more.iter().cloned()).collect()
            }
            Upstream::Http(server) => vec!["http".to_owned(), format!("http://{server}/mcp")],
            Upstream::File { .. } => return Err(io::Error::other("the bare loop reads no configuration")),
        };
        let server = Server::telling(&self.bare_loop, arguments, "listening")?;
        Ok(Target {
            name: format!("bare loop, {}", group.name()),
            who: Who::Loop,
            group,
            address: server.address()?,
            style: Style::Rest,
            path: "/echo".to_owned(),
            key: None,
            server,
        })
    }

    /// nginx with one worker, if it is measured: it passes requests on to the plain endpoint of the echo server at this address, and
    /// serves the files of our folder under `/static/`.
    pub(super) fn nginx(&self, echo: SocketAddr) -> io::Result<Option<Target>> {
        let Some(others) = &self.others else { return Ok(None) };
        let address = free_address()?;
        let file = self.folder.join("nginx.conf");
        fs::write(&file, nginx_configuration(&self.folder.0, address, echo))?;
        let arguments =
            ["-e", "/dev/null", "-c"].map(String::from).into_iter().chain([file.display().to_string()]);
        let server = Server::silent(&others.nginx, &arguments.collect::<Vec<_>>())?;
        Ok(Some(Target {
            name: "nginx, plain hop".to_owned(),
            who: Who::Nginx,
            group: Group::Http,
            address,
            style: Style::Rest,
            path: "/plain/echo".to_owned(),
            key: None,
            server,
        }))
    }
}

fn nginx_configuration(folder: &Path, address: SocketAddr, echo: SocketAddr) -> String {
    let folder = folder.display();
    format!(
        r#"worker_processes 1;
daemon off;
pid {folder}/nginx.pid;
error_log /dev/null;
events {{ worker_connections 1024; }}
http {{
  access_log off;
  sendfile on;
  tcp_nopush on;
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
    location /static/ {{
      alias {folder}/static/;
      default_type application/json;
    }}
    location / {{
      proxy_pass http://echo;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
    }}
  }}
}}
"#
    )
}

/// A port that was free a moment ago: mcpo and nginx cannot say which one they took.
fn free_address() -> io::Result<SocketAddr> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()
}

const KEY: &str = "bench-key";
