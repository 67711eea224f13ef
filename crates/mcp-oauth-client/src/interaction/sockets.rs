//! The sockets of a loopback listener, shared by the logins of this program that want the same port.
//!
//! A fixed port is usual, since some authorization servers know no other redirect URI, and so are several servers that
//! need a login at the same time. What is shared is a socket, so that a login that needs two addresses has both, whatever
//! the others made do with. Each login has a seat; an answer goes to the seat with its path and its state.

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
static IN_USE: tokio::sync::Mutex<Vec<Weak<Socket>>> = tokio::sync::Mutex::const_new(Vec::new());

/// The sockets of one login, all on one port. Each is closed when the last login that has it leaves.
pub(super) struct Sockets(Vec<Arc<Socket>>);

/// One address, and who waits there.
struct Socket {
    address: SocketAddr,
    listener: TcpListener,
    seats: Seats,
    connections: Arc<Semaphore>,
    request_time: Duration,
}

type Seats = Arc<Mutex<Vec<Arc<Seat>>>>;

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
    places: Vec<Seats>,
    seat: Arc<Seat>,
}

impl Drop for Seated {
    fn drop(&mut self) {
        for seats in &self.places {
            lock(seats).retain(|seat| !Arc::ptr_eq(seat, &self.seat));
        }
    }
}

impl Sockets {
    /// Listens on the first address and, if it can be had, on the second one with the same port. What another login of
    /// this program listens on is had. Port 0 is always a new one.
    ///
    /// The second address may be needed: then it is an error that another program has it. Where this machine has no such
    /// address, nobody has it.
    pub(super) async fn share(
        first: SocketAddr,
        second: Option<(Ipv6Addr, bool)>,
        options: &LoopbackOptions,
    ) -> Result<Self, InteractionError> {
        let mut in_use = IN_USE.lock().await;
        in_use.retain(|socket| socket.strong_count() > 0);
        let mut attempts = if first.port() == 0 { FREE_PORT_ATTEMPTS } else { 1 };
        loop {
            attempts -= 1;
            match share_pair(&mut in_use, first, second, options).await {
                Err(InteractionError::PortInUse { .. }) if attempts > 0 => {}
                other => return other.map(Self),
            }
        }
    }

    /// The port of all of them.
    pub(super) fn port(&self) -> Option<u16> {
        self.0.first().map(|socket| socket.address.port())
    }

    /// True when nobody else can listen where a browser looks for this port of `localhost`.
    pub(super) fn hold_both(&self) -> bool {
        self.0.len() > 1
    }

    /// Waits for the answer with this path and state, until what comes with the channel is dropped.
    pub(super) fn take_seat(&self, path: &str, state: &State) -> (Seated, mpsc::Receiver<Arrival>) {
        let (arrivals, arrival) = mpsc::channel(1);
        let seat = Arc::new(Seat { path: path.to_owned(), state: state.clone(), arrivals });
        let places: Vec<_> = self.0.iter().map(|socket| Arc::clone(&socket.seats)).collect();
        for seats in &places {
            lock(seats).push(Arc::clone(&seat));
        }
        (Seated { places, seat }, arrival)
    }

    /// Serves whoever connects, for all seats: each login that waits runs this. A connection lives on by itself, since
    /// its browser still waits for a page when the answer has long been taken.
    pub(super) async fn accept(&self) -> Infallible {
        loop {
            let accepts = self.0.iter().map(|socket| Box::pin(socket.listener.accept()));
            match select_all(accepts).await {
                (Ok((stream, _)), at, _) => {
                    if let Some(socket) = self.0.get(at) {
                        socket.serve(stream);
                    }
                }
                (Err(error), ..) => {
                    tracing::debug!(%error, "a connection was not accepted");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }
}

impl Socket {
    async fn bind(address: SocketAddr, options: &LoopbackOptions) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        Ok(Self {
            address: listener.local_addr()?,
            listener,
            seats: Arc::default(),
            connections: Arc::new(Semaphore::new(options.connections)),
            request_time: options.request_time,
        })
    }

    fn serve(&self, stream: TcpStream) {
        // A connection beyond the limit is closed by being dropped.
        if let Ok(permit) = Arc::clone(&self.connections).try_acquire_owned() {
            drop(tokio::spawn(serve(stream, Arc::clone(&self.seats), self.request_time, permit)));
        }
    }
}

impl Seat {
    /// True when the request is the answer: `GET`, the path of the redirect URI, the state of this login.
    fn expects<B>(&self, request: &Request<B>, state: &State) -> bool {
        request.method() == Method::GET && request.uri().path() == self.path && *state == self.state
    }
}

async fn serve(stream: TcpStream, seats: Seats, request_time: Duration, _permit: OwnedSemaphorePermit) {
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

async fn share_pair(
    in_use: &mut Vec<Weak<Socket>>,
    first: SocketAddr,
    second: Option<(Ipv6Addr, bool)>,
    options: &LoopbackOptions,
) -> Result<Vec<Arc<Socket>>, InteractionError> {
    let socket = share_one(in_use, first, options).await.map_err(|source| listen_error(first, source))?;
    let port = socket.address.port();
    let mut sockets = vec![socket];
    if let Some((second, needed)) = second {
        let second = SocketAddr::new(second.into(), port);
        match share_one(in_use, second, options).await {
            Ok(socket) => sockets.push(socket),
            Err(error) if needed && error.kind() == io::ErrorKind::AddrInUse => {
                return Err(listen_error(second, error));
            }
            Err(error) => tracing::debug!(%second, %error, "not listening there"),
        }
    }
    Ok(sockets)
}

/// The socket of another login at this address, or a new one.
async fn share_one(
    in_use: &mut Vec<Weak<Socket>>,
    address: SocketAddr,
    options: &LoopbackOptions,
) -> io::Result<Arc<Socket>> {
    if let Some(shared) = in_use.iter().filter_map(Weak::upgrade).find(|known| known.address == address) {
        return Ok(shared);
    }
    let new = Arc::new(Socket::bind(address, options).await?);
    in_use.push(Arc::downgrade(&new));
    Ok(new)
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
