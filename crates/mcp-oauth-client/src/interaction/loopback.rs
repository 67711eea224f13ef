//! A listener on this machine that receives one answer (RFC 8252 §7.3, §8.3).
//!
//! It listens on loopback addresses only, and answers nothing but its own path with its own state; whoever else asks
//! gets a 404. It takes one answer, tells the browser how the login ended, and is gone.

use std::convert::Infallible;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::select_all;
use http::{Method, Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use mcp_oauth_core::{RedirectUri, State};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};
use url::{Host, Url, form_urlencoded};

use super::{InteractionError, page};

/// Where to listen, and for how long.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct LoopbackOptions {
    /// The redirect URI to receive: `http` on `127.0.0.1`, `[::1]` or `localhost`. Port 0, or none, takes a free one.
    /// Default: `http://127.0.0.1:0/callback`.
    pub redirect_uri: RedirectUri,
    /// How long to wait for the answer. Default: 5 minutes.
    pub time_limit: Duration,
    /// A page to lead back to after the login: a link, followed by itself after a moment.
    pub return_to: Option<Url>,
    /// How many connections are served at once; more are closed. Default: 32.
    pub connections: usize,
    /// How long a connection may take to send its request. Default: 10 seconds.
    pub request_time: Duration,
}

impl LoopbackOptions {
    /// Receives at `redirect_uri`, the rest as by default.
    pub fn new(redirect_uri: RedirectUri) -> Self {
        Self {
            redirect_uri,
            time_limit: Duration::from_secs(300),
            return_to: None,
            connections: 32,
            request_time: Duration::from_secs(10),
        }
    }
}

/// The listener, bound and waiting.
pub(super) struct Listener {
    redirect_uri: RedirectUri,
    sockets: Vec<TcpListener>,
    options: LoopbackOptions,
}

/// An answer, and the browser that waits for a page.
pub(super) struct Arrival {
    pub(super) query: String,
    page: oneshot::Sender<Response<Full<Bytes>>>,
    /// Closed when the page is out.
    sent: oneshot::Receiver<()>,
}

impl Arrival {
    /// Sends the page and waits, for a moment, until it is out: the program may end right after.
    pub(super) async fn show(self, page: Response<Full<Bytes>>) {
        if self.page.send(page).is_ok() {
            let _ = tokio::time::timeout(PAGE_TIME, self.sent).await;
        }
    }
}

/// How long to wait for a browser to take its page.
const PAGE_TIME: Duration = Duration::from_secs(2);

impl Listener {
    /// Binds every loopback address that the browser may try.
    pub(super) async fn bind(options: LoopbackOptions) -> Result<Self, InteractionError> {
        let wanted = &options.redirect_uri;
        let refused = || InteractionError::RedirectUri { redirect_uri: wanted.clone() };
        let host = match wanted.url().host() {
            Some(host) if wanted.is_loopback() => host,
            _ => return Err(refused()),
        };
        // Without a port, RFC 8252 §7.3 has the program choose one. (Port 80 cannot be told from none, and needs privileges.)
        let port = wanted.url().port().unwrap_or(0);
        let (first, second) = match host {
            Host::Ipv6(address) => (IpAddr::V6(address), None),
            Host::Ipv4(address) => (IpAddr::V4(address), Some((Ipv6Addr::LOCALHOST, false))),
            // A browser tries both addresses of "localhost", in an order of its own. Were the other one left to another
            // program, that program would get the code.
            Host::Domain(_) => (IpAddr::V4(Ipv4Addr::LOCALHOST), Some((Ipv6Addr::LOCALHOST, true))),
        };
        let mut attempts = if port == 0 { FREE_PORT_ATTEMPTS } else { 1 };
        let sockets = loop {
            attempts -= 1;
            match bind_pair(first, port, second).await {
                Ok(sockets) => break sockets,
                Err(InteractionError::PortInUse { .. }) if attempts > 0 => {}
                Err(error) => return Err(error),
            }
        };
        let bound = sockets
            .first()
            .map(TcpListener::local_addr)
            .transpose()
            .ok()
            .flatten()
            .map_or(port, |bound| bound.port());
        let redirect_uri =
            if port == 0 { with_port(wanted, bound).ok_or_else(refused)? } else { wanted.clone() };
        tracing::debug!(%redirect_uri, "listening for the answer");
        Ok(Self { redirect_uri, sockets, options })
    }

    pub(super) fn redirect_uri(&self) -> &RedirectUri {
        &self.redirect_uri
    }

    pub(super) fn options(&self) -> &LoopbackOptions {
        &self.options
    }

    /// Waits for the answer that carries `state`.
    pub(super) async fn receive(&self, state: &State) -> Result<Arrival, InteractionError> {
        let limit = self.options.time_limit;
        let (arrivals, mut arrival) = mpsc::channel(1);
        let room = Arc::new(Room {
            path: self.redirect_uri.url().path().to_owned(),
            state: state.clone(),
            arrivals,
            connections: Arc::new(Semaphore::new(self.options.connections)),
            request_time: self.options.request_time,
        });
        let wait = async {
            tokio::select! {
                arrival = arrival.recv() => arrival.ok_or(InteractionError::Cancelled),
                never = self.accept(&room) => match never {},
            }
        };
        tokio::time::timeout(limit, wait).await.unwrap_or(Err(InteractionError::TimedOut { limit }))
    }

    /// Serves whoever connects. A connection lives on by itself, since its browser still waits for a page when the
    /// answer has long been taken.
    async fn accept(&self, room: &Arc<Room>) -> Infallible {
        loop {
            let accepts = self.sockets.iter().map(|socket| Box::pin(socket.accept()));
            match select_all(accepts).await.0 {
                Ok((stream, _)) => {
                    // A connection beyond the limit is closed by being dropped.
                    if let Ok(permit) = Arc::clone(&room.connections).try_acquire_owned() {
                        drop(tokio::spawn(serve(stream, Arc::clone(room), permit)));
                    }
                }
                Err(error) => {
                    tracing::debug!(%error, "a connection was not accepted");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }
}

/// How often a free port is looked for that is free on both addresses.
const FREE_PORT_ATTEMPTS: usize = 16;

/// After a failed `accept` (out of file descriptors), before the next.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// What the connections of one login share.
struct Room {
    path: String,
    state: State,
    arrivals: mpsc::Sender<Arrival>,
    connections: Arc<Semaphore>,
    request_time: Duration,
}

impl Room {
    /// The query of the request, if it is the answer: `GET`, the path of the redirect URI, the state of this login.
    fn answer_in<'a, B>(&self, request: &'a Request<B>) -> Option<&'a str> {
        let query = request.uri().query()?;
        let state = form_urlencoded::parse(query.as_bytes())
            .find_map(|(name, value)| (name == "state").then_some(value))?;
        let ours = State::parse(state).is_ok_and(|state| state == self.state);
        (request.method() == Method::GET && request.uri().path() == self.path && ours).then_some(query)
    }
}

async fn serve(stream: TcpStream, room: Arc<Room>, _permit: OwnedSemaphorePermit) {
    let (_sending, sent) = oneshot::channel::<()>();
    let sent = Mutex::new(Some(sent));
    let service = service_fn(|request: Request<Incoming>| {
        let sent = sent.lock().unwrap_or_else(PoisonError::into_inner).take();
        let room = Arc::clone(&room);
        async move { Ok::<_, Infallible>(respond(&request, &room, sent).await) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(room.request_time)
        .keep_alive(false)
        .serve_connection(TokioIo::new(stream), service);
    if let Err(error) = connection.await {
        tracing::trace!(%error, "a connection to the loopback listener ended early");
    }
}

async fn respond<B>(
    request: &Request<B>,
    room: &Room,
    sent: Option<oneshot::Receiver<()>>,
) -> Response<Full<Bytes>> {
    let (Some(query), Some(sent)) = (room.answer_in(request), sent) else { return page::not_found() };
    let (page, shown) = oneshot::channel();
    // One answer only: a second one finds the channel full or closed.
    if room.arrivals.try_send(Arrival { query: query.to_owned(), page, sent }).is_err() {
        return page::not_found();
    }
    shown.await.unwrap_or_else(|_| page::cancelled())
}

/// Binds the first address and, if it can be had, the second on the same port.
async fn bind_pair(
    first: IpAddr,
    port: u16,
    second: Option<(Ipv6Addr, bool)>,
) -> Result<Vec<TcpListener>, InteractionError> {
    let first = SocketAddr::new(first, port);
    let socket = TcpListener::bind(first).await.map_err(|source| listen_error(first, source))?;
    let port = socket.local_addr().map_err(|source| listen_error(first, source))?.port();
    let mut sockets = vec![socket];
    if let Some((second, needed)) = second {
        let second = SocketAddr::new(second.into(), port);
        match TcpListener::bind(second).await {
            Ok(socket) => sockets.push(socket),
            Err(error) if needed && error.kind() == io::ErrorKind::AddrInUse => {
                return Err(listen_error(second, error));
            }
            Err(error) => tracing::debug!(%second, %error, "not listening there"),
        }
    }
    Ok(sockets)
}

fn listen_error(address: SocketAddr, source: io::Error) -> InteractionError {
    match source.kind() {
        io::ErrorKind::AddrInUse => InteractionError::PortInUse { address },
        _ => InteractionError::Listen { address, source },
    }
}

/// The same URI with the port that was found.
fn with_port(uri: &RedirectUri, port: u16) -> Option<RedirectUri> {
    let mut url = uri.url().clone();
    url.set_port(Some(port)).ok()?;
    RedirectUri::parse(url.as_str()).ok()
}
