//! The sockets of a loopback listener, shared by the logins of this program that want the same port.
//!
//! A fixed port is usual, since some authorization servers know no other redirect URI, and so are several servers that
//! need a login at the same time. Each login has a seat; an answer goes to the seat with its path and its state.

use std::convert::Infallible;
use std::io;
use std::net::{Ipv6Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::select_all;
use http::{Method, Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use mcp_oauth_core::State;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};
use url::form_urlencoded;

use super::{InteractionError, LoopbackOptions, page};

/// How often a free port is looked for that is free on both addresses.
const FREE_PORT_ATTEMPTS: usize = 16;

/// After a failed `accept` (out of file descriptors), before the next.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// How long to wait for a browser to take its page.
const PAGE_TIME: Duration = Duration::from_secs(2);

/// The sockets in use, so that a second login finds those of the first.
static IN_USE: tokio::sync::Mutex<Vec<Weak<Sockets>>> = tokio::sync::Mutex::const_new(Vec::new());

/// Sockets on one port, and who waits there. Closed when the last login leaves.
pub(super) struct Sockets {
    /// The first socket's address.
    pub(super) address: SocketAddr,
    listeners: Vec<TcpListener>,
    seats: Arc<Mutex<Vec<Arc<Seat>>>>,
    connections: Arc<Semaphore>,
    request_time: Duration,
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

/// What one login waits for.
struct Seat {
    path: String,
    state: State,
    arrivals: mpsc::Sender<Arrival>,
}

/// Leaves the seat when the login ends.
pub(super) struct Seated {
    seats: Arc<Mutex<Vec<Arc<Seat>>>>,
    seat: Arc<Seat>,
}

impl Drop for Seated {
    fn drop(&mut self) {
        lock(&self.seats).retain(|seat| !Arc::ptr_eq(seat, &self.seat));
    }
}

impl Sockets {
    /// The sockets of another login on this port, or new ones. Port 0 is always a new one.
    pub(super) async fn share(
        address: SocketAddr,
        second: Option<(Ipv6Addr, bool)>,
        options: &LoopbackOptions,
    ) -> Result<Arc<Self>, InteractionError> {
        let mut in_use = IN_USE.lock().await;
        in_use.retain(|sockets| sockets.strong_count() > 0);
        if let Some(shared) = in_use.iter().filter_map(Weak::upgrade).find(|known| known.address == address) {
            return Ok(shared);
        }
        let mut attempts = if address.port() == 0 { FREE_PORT_ATTEMPTS } else { 1 };
        let listeners = loop {
            attempts -= 1;
            match bind_pair(address, second).await {
                Err(InteractionError::PortInUse { .. }) if attempts > 0 => {}
                other => break other?,
            }
        };
        let bound = listeners.first().and_then(|socket| socket.local_addr().ok()).unwrap_or(address);
        let new = Arc::new(Self {
            address: bound,
            listeners,
            seats: Arc::default(),
            connections: Arc::new(Semaphore::new(options.connections)),
            request_time: options.request_time,
        });
        in_use.push(Arc::downgrade(&new));
        Ok(new)
    }

    /// True when nobody else can listen where a browser looks for this port of `localhost`.
    pub(super) fn hold_both(&self) -> bool {
        self.listeners.len() > 1
    }

    /// Waits for the answer with this path and state, until what comes with the channel is dropped.
    pub(super) fn take_seat(&self, path: &str, state: &State) -> (Seated, mpsc::Receiver<Arrival>) {
        let (arrivals, arrival) = mpsc::channel(1);
        let seat = Arc::new(Seat { path: path.to_owned(), state: state.clone(), arrivals });
        lock(&self.seats).push(Arc::clone(&seat));
        (Seated { seats: Arc::clone(&self.seats), seat }, arrival)
    }

    /// Serves whoever connects, for all seats: each login that waits runs this. A connection lives on by itself, since
    /// its browser still waits for a page when the answer has long been taken.
    pub(super) async fn accept(&self) -> Infallible {
        loop {
            let accepts = self.listeners.iter().map(|socket| Box::pin(socket.accept()));
            match select_all(accepts).await.0 {
                Ok((stream, _)) => {
                    // A connection beyond the limit is closed by being dropped.
                    if let Ok(permit) = Arc::clone(&self.connections).try_acquire_owned() {
                        let seats = Arc::clone(&self.seats);
                        drop(tokio::spawn(serve(stream, seats, self.request_time, permit)));
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

impl Seat {
    /// True when the request is the answer: `GET`, the path of the redirect URI, the state of this login.
    fn expects<B>(&self, request: &Request<B>, state: &State) -> bool {
        request.method() == Method::GET && request.uri().path() == self.path && *state == self.state
    }
}

async fn serve(
    stream: TcpStream,
    seats: Arc<Mutex<Vec<Arc<Seat>>>>,
    request_time: Duration,
    _permit: OwnedSemaphorePermit,
) {
    let (_sending, sent) = oneshot::channel::<()>();
    let sent = Mutex::new(Some(sent));
    let service = service_fn(|request: Request<Incoming>| {
        let sent = lock(&sent).take();
        let seats = Arc::clone(&seats);
        async move { Ok::<_, Infallible>(respond(&request, &seats, sent).await) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(request_time)
        .keep_alive(false)
        .serve_connection(TokioIo::new(stream), service);
    if let Err(error) = connection.await {
        tracing::trace!(%error, "a connection to the loopback listener ended early");
    }
}

async fn respond<B>(
    request: &Request<B>,
    seats: &Mutex<Vec<Arc<Seat>>>,
    delivery: Option<oneshot::Receiver<()>>,
) -> Response<Full<Bytes>> {
    let (Some((seat, query)), Some(delivery)) = (find_seat(request, seats), delivery) else {
        return page::not_found();
    };
    let (page, shown) = oneshot::channel();
    // One answer only: a second one finds the channel full or closed.
    if seat.arrivals.try_send(Arrival { query, page, sent: delivery }).is_err() {
        return page::not_found();
    }
    drop(seat);
    shown.await.unwrap_or_else(|_| page::cancelled())
}

fn find_seat<B>(request: &Request<B>, seats: &Mutex<Vec<Arc<Seat>>>) -> Option<(Arc<Seat>, String)> {
    let query = request.uri().query()?;
    let mut pairs = form_urlencoded::parse(query.as_bytes());
    let state = State::parse(pairs.find(|(name, _)| name == "state")?.1).ok()?;
    let seat = lock(seats).iter().find(|seat| seat.expects(request, &state)).cloned()?;
    Some((seat, query.to_owned()))
}

/// Binds the first address and, if it can be had, the second on the same port.
async fn bind_pair(
    first: SocketAddr,
    second: Option<(Ipv6Addr, bool)>,
) -> Result<Vec<TcpListener>, InteractionError> {
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

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
