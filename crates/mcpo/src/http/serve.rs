//! Listens and serves, with HTTP/1.1 and HTTP/2, plain or over TLS, until told to stop.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::Request;
use axum::response::Response;
use futures_util::FutureExt as _;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use rustls::ServerConfig;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

use super::peer::Peer;
use crate::config::{Limits, Listen};
use crate::lifecycle::Lifecycle;

/// A listener that stands, before anything is served.
#[derive(Debug)]
pub struct Bound {
    listener: TcpListener,
    /// Where it listens, the port resolved.
    pub address: SocketAddr,
    tls: Option<Arc<ServerConfig>>,
}

/// Why it does not listen.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ListenError {
    /// The port is taken.
    #[error(
        "port {port} on {host} is already in use: stop the program that uses it, or choose another with --port"
    )]
    PortTaken {
        /// The host asked for.
        host: String,
        /// The port asked for.
        port: u16,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// Ports below 1024 belong to the administrator.
    #[error("not allowed to listen on port {port}: choose one above 1023 with --port")]
    NotAllowed {
        /// The port asked for.
        port: u16,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The host is not this machine, or no name at all.
    #[error("cannot listen on {host}:{port}: check --host")]
    Address {
        /// The host asked for.
        host: String,
        /// The port asked for.
        port: u16,
        /// What the system said.
        #[source]
        source: io::Error,
    },
}

/// Takes the port.
///
/// # Errors
/// When it cannot be had; the message names it and what to do.
pub async fn bind(listen: &Listen, tls: Option<Arc<ServerConfig>>) -> Result<Bound, ListenError> {
    let (host, port) = (listen.host.clone(), listen.port);
    let refused = |source: io::Error| match source.kind() {
        io::ErrorKind::AddrInUse => ListenError::PortTaken { host: host.clone(), port, source },
        io::ErrorKind::PermissionDenied => ListenError::NotAllowed { port, source },
        _ => ListenError::Address { host: host.clone(), port, source },
    };
    let listener = TcpListener::bind((listen.host.trim_matches(['[', ']']), port)).await.map_err(refused)?;
    let address = listener.local_addr().map_err(refused)?;
    Ok(Bound { listener, address, tls })
}

impl Bound {
    /// The address as a URL that a browser on this machine can open.
    pub fn url(&self) -> String {
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        let port = self.address.port();
        if self.address.ip().is_unspecified() {
            format!("{scheme}://localhost:{port}")
        } else {
            format!("{scheme}://{}", self.address)
        }
    }
}

/// Serves until the lifecycle's first stage, then lets running requests finish until its second.
///
/// `answer` is what answers a request.
pub async fn serve<A, F>(bound: Bound, answer: A, limits: &Limits, lifecycle: Lifecycle)
where
    A: Fn(Request<Body>) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Response> + Send + 'static,
{
    let mut server = Builder::new(TokioExecutor::new());
    server.http1().timer(TokioTimer::new()).header_read_timeout(limits.header_timeout);
    server.http2().timer(TokioTimer::new()).keep_alive_interval(KEEP_ALIVE);
    let serving = Serving {
        http1: Arc::new(server.clone().http1_only()),
        server: Arc::new(server),
        answer,
        tls: bound.tls.map(TlsAcceptor::from),
        handshake: limits.header_timeout,
        soft: lifecycle.soft.clone(),
        hard: lifecycle.hard.clone(),
    };
    let graceful = GracefulShutdown::new();
    let places = Arc::new(Semaphore::new(limits.connections.max(1)));
    loop {
        let permit = tokio::select! {
            // Never closed.
            permit = Arc::clone(&places).acquire_owned() => permit.ok(),
            () = lifecycle.soft.cancelled() => break,
        };
        let (stream, peer) = tokio::select! {
            accepted = bound.listener.accept() => match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    // Out of file descriptors, or a connection that went away before it was taken: neither ends the server.
                    tracing::warn!(%error, "cannot take a connection");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                    continue;
                }
            },
            () = lifecycle.soft.cancelled() => break,
        };
        let (serving, watcher) = (serving.clone(), graceful.watcher());
        let place = lifecycle.workers.place();
        if let Some(runtime) = place.elsewhere() {
            let Ok(stream) = stream.into_std() else { continue };
            let moved = async move {
                // Readiness belongs to a runtime: here begins the one that the stream is served on.
                if let Ok(stream) = TcpStream::from_std(stream) {
                    serving.connection(stream, peer, watcher).await;
                }
                drop((permit, place));
            };
            lifecycle.tasks.spawn_on(moved, &runtime);
        } else {
            lifecycle.tasks.spawn(async move {
                serving.connection(stream, peer, watcher).await;
                drop((permit, place));
            });
        }
    }
    drop(bound.listener);
    graceful.shutdown().await;
}

/// What every connection is served with.
#[derive(Clone)]
struct Serving<A> {
    server: Arc<Builder<TokioExecutor>>,
    http1: Arc<Builder<TokioExecutor>>,
    answer: A,
    tls: Option<TlsAcceptor>,
    handshake: Duration,
    soft: CancellationToken,
    hard: CancellationToken,
}

impl<A, F> Serving<A>
where
    A: Fn(Request<Body>) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Response> + Send + 'static,
{
    async fn connection(self, stream: TcpStream, peer: SocketAddr, watcher: Watcher) {
        // An answer is written in one piece; waiting for more only delays it.
        let _ = stream.set_nodelay(true);
        if self.tls.is_some() {
            // In memory of its own: most connections that are held for long come from this machine, without TLS.
            tokio::select! {
                () = Box::pin(self.encrypted(stream, peer, watcher)) => {}
                () = self.hard.cancelled() => {}
            }
        } else {
            self.plain(stream, peer, watcher).await;
        }
    }

    async fn plain(&self, stream: TcpStream, peer: SocketAddr, watcher: Watcher) {
        let mut start = [0; HTTP2.len()];
        let seen = tokio::select! {
            seen = tokio::time::timeout(self.handshake, stream.peek(&mut start)) => seen,
            () = self.soft.cancelled() => return,
        };
        let server = match seen {
            // Known beforehand, it need not be found out from bytes that are read apart, which takes a larger buffer.
            Ok(Ok(seen)) if seen == start.len() && start != *HTTP2 => &self.http1,
            Ok(Ok(seen)) if seen > 0 => &self.server,
            _ => return tracing::debug!("a connection ended before it began"),
        };
        self.http(server, stream, peer, watcher).await;
    }

    async fn encrypted(&self, stream: TcpStream, peer: SocketAddr, watcher: Watcher) {
        let Some(acceptor) = &self.tls else { return };
        match tokio::time::timeout(self.handshake, acceptor.accept(stream)).await {
            Ok(Ok(stream)) => self.http(&self.server, stream, peer, watcher).await,
            Ok(Err(error)) => tracing::debug!(%error, "a TLS handshake failed"),
            Err(_) => tracing::debug!("a TLS handshake took too long"),
        }
    }

    async fn http<S>(&self, server: &Builder<TokioExecutor>, stream: S, peer: SocketAddr, watcher: Watcher)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let answer = self.answer.clone();
        let service = service_fn(move |mut request: Request<Incoming>| {
            request.extensions_mut().insert(Peer(peer));
            // Not an async block, which would have room for what it waits for twice.
            answer(request.map(Body::new)).map(Ok::<_, Infallible>)
        });
        let connection = server.serve_connection(TokioIo::new(stream), service);
        tokio::select! {
            ended = watcher.watch(connection) => if let Err(error) = ended {
                tracing::debug!(%error, "a connection ended early");
            },
            () = self.hard.cancelled() => {}
        }
    }
}

/// How a connection begins that speaks HTTP/2 without TLS (RFC 9113 section 3.4). No HTTP/1 method begins like this.
const HTTP2: &[u8; 3] = b"PRI";

/// A pause after a failed accept, so that a lack of descriptors does not become a busy loop.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// How often an idle HTTP/2 connection is checked.
const KEEP_ALIVE: Duration = Duration::from_secs(60);
