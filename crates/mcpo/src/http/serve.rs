//! Listens and serves, with HTTP/1.1 and HTTP/2, plain or over TLS, until told to stop.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::http::Request;
use axum::response::Response;
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use hyper_util::service::TowerToHyperService;
use rustls::ServerConfig;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_rustls::TlsAcceptor;
use tower::ServiceExt as _;
use tower::util::BoxCloneSyncService;

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
pub async fn serve(bound: Bound, router: Router, limits: &Limits, lifecycle: Lifecycle) {
    let mut server = Builder::new(TokioExecutor::new());
    server.http1().timer(TokioTimer::new()).header_read_timeout(limits.header_timeout);
    server.http2().timer(TokioTimer::new()).keep_alive_interval(KEEP_ALIVE);
    let server = Arc::new(server);
    let acceptor = bound.tls.map(TlsAcceptor::from);
    let graceful = GracefulShutdown::new();
    let places = Arc::new(Semaphore::new(limits.connections.max(1)));
    loop {
        let place = tokio::select! {
            // Never closed.
            place = Arc::clone(&places).acquire_owned() => place.ok(),
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
        let (server, router, watcher) = (Arc::clone(&server), router.clone(), graceful.watcher());
        let (acceptor, hard) = (acceptor.clone(), lifecycle.hard.clone());
        let handshake = limits.header_timeout;
        lifecycle.tasks.spawn(async move {
            let _place = place;
            tokio::select! {
                () = connection(stream, acceptor, handshake, &server, from(peer, router), watcher) => {}
                () = hard.cancelled() => {}
            }
        });
    }
    drop(bound.listener);
    graceful.shutdown().await;
}

/// What answers the requests of one connection.
type Service = BoxCloneSyncService<Request<Incoming>, Response, Infallible>;

/// The router, told on every request who asks.
fn from(peer: SocketAddr, router: Router) -> Service {
    let told = router.map_request(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(Peer(peer));
        request
    });
    BoxCloneSyncService::new(told)
}

async fn connection(
    stream: TcpStream,
    acceptor: Option<TlsAcceptor>,
    handshake: Duration,
    server: &Builder<TokioExecutor>,
    service: Service,
    watcher: Watcher,
) {
    // An answer is written in one piece; waiting for more only delays it.
    let _ = stream.set_nodelay(true);
    match acceptor {
        None => http(stream, server, service, watcher).await,
        Some(acceptor) => match tokio::time::timeout(handshake, acceptor.accept(stream)).await {
            Ok(Ok(stream)) => http(stream, server, service, watcher).await,
            Ok(Err(error)) => tracing::debug!(%error, "a TLS handshake failed"),
            Err(_) => tracing::debug!("a TLS handshake took too long"),
        },
    }
}

async fn http<S>(stream: S, server: &Builder<TokioExecutor>, service: Service, watcher: Watcher)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let connection =
        server.serve_connection(TokioIo::new(stream), TowerToHyperService::new(service)).into_owned();
    if let Err(error) = watcher.watch(connection).await {
        tracing::debug!(error = %error, "a connection ended early");
    }
}

/// A pause after a failed accept, so that a lack of descriptors does not become a busy loop.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// How often an idle HTTP/2 connection is checked.
const KEEP_ALIVE: Duration = Duration::from_secs(60);
