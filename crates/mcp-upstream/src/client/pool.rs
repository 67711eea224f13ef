//! The connections of one runtime.
use std::{
    collections::HashMap,
    ops::{Deref, DerefMut},
    pin::Pin,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
};

use bytes::Bytes;
use http_body_util::Full;
use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::time::{Instant, timeout};

use super::{
    ClientLimits, HttpClientError,
    dial::{Dialed, Dialer},
    http1::Http1,
    origin::Origin,
    socket::{Line, Prompt},
};

pub(super) struct Pool {
    dialer: Dialer,
    limits: ClientLimits,
    places: Mutex<HashMap<Origin, Arc<Place>>>,
    /// A task closes connections that nobody has used for long; it ends when there are none.
    sweeping: AtomicBool,
}

/// The connections to one server.
#[derive(Default)]
struct Place {
    state: Mutex<State>,
    /// Held while a connection is opened that may turn out to carry everybody's requests.
    opening: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct State {
    /// The one used last is used first, so that the others grow old.
    idle: Vec<(Box<Http1>, Instant)>,
    http2: Option<(Http2, Instant)>,
    /// Connections are opened whenever one is needed: the server speaks HTTP/1.1, or does not answer.
    one_each: bool,
}

/// A connection for one request.
pub(super) enum Connection {
    Http1(Borrowed),
    Http2(Http2),
}

/// A connection that carries many requests at once, and drives itself.
#[derive(Clone)]
pub(super) struct Http2 {
    pub(super) send: http2::SendRequest<Full<Bytes>>,
    pub(super) prompt: Prompt,
}

/// A connection that is out of the pool, for one request and its answer.
pub(super) struct Borrowed {
    connection: Box<Http1>,
    pool: Arc<Pool>,
    place: Arc<Place>,
}

impl Pool {
    pub(super) fn new(dialer: Dialer, limits: ClientLimits) -> Arc<Self> {
        Arc::new(Self { dialer, limits, places: Mutex::default(), sweeping: AtomicBool::new(false) })
    }

    /// A connection that is there.
    pub(super) fn take(self: &Arc<Self>, origin: &Origin) -> Option<Connection> {
        let place = Arc::clone(self.lock().get(origin)?);
        self.take_from(&place, false)
    }

    /// A connection that has to be opened, or that somebody else opens at this moment. In a box: it happens seldom, and is much
    /// larger than a request on an open connection. `fresh`: none that has lain here.
    pub(super) fn open(
        self: &Arc<Self>,
        origin: &Origin,
        fresh: bool,
    ) -> Pin<Box<dyn Future<Output = Result<Connection, HttpClientError>> + Send>> {
        let (pool, origin) = (Arc::clone(self), origin.clone());
        Box::pin(async move {
            let place = Arc::clone(pool.lock().entry(origin.clone()).or_default());
            // A server may speak HTTP/2, and then one connection carries everything: the others wait for it.
            let mut turn = None;
            if origin.secure && !place.lock().one_each {
                let first = place.opening.lock().await;
                if let Some(connection) = pool.take_from(&place, fresh) {
                    return Ok(connection);
                }
                // Somebody has found out meanwhile that each request needs a connection of its own: no more turns.
                turn = (!place.lock().one_each).then_some(first);
            }
            let after = pool.limits.connect_timeout;
            let opened = timeout(after, pool.connect(&origin, &place)).await;
            let opened = opened.unwrap_or(Err(HttpClientError::ConnectTimeout { after }));
            // Whoever waits behind a server that does not answer would wait once for each before it.
            place.lock().one_each = !matches!(opened, Ok(Connection::Http2(_)));
            drop(turn);
            opened
        })
    }

    fn take_from(self: &Arc<Self>, place: &Arc<Place>, fresh: bool) -> Option<Connection> {
        let state = &mut *place.lock();
        if let Some((http2, since)) = &mut state.http2 {
            if !http2.send.is_closed() {
                *since = Instant::now();
                return Some(Connection::Http2(http2.clone()));
            }
            state.http2 = None;
        }
        while !fresh && let Some((mut connection, _)) = state.idle.pop() {
            // The server may have closed it meanwhile.
            if connection.is_ready() {
                return Some(Connection::Http1(self.lend(connection, place)));
            }
        }
        None
    }

    async fn connect(
        self: &Arc<Self>,
        origin: &Origin,
        place: &Arc<Place>,
    ) -> Result<Connection, HttpClientError> {
        let Dialed { socket, http2, forward } = self.dialer.dial(origin).await?;
        let broken = |error| HttpClientError::Broken { source: Some(error) };
        if !http2 {
            let host = origin.host_header()?;
            let connection = Http1::new(socket, host, forward, &self.limits).await.map_err(broken)?;
            return Ok(Connection::Http1(self.lend(connection, place)));
        }
        let prompt = Prompt::default();
        let (send, connection) = http2::Builder::new(TokioExecutor::new())
            .timer(TokioTimer::new())
            .keep_alive_interval(self.limits.http2_keep_alive)
            .handshake(TokioIo::new(Line::new(socket, prompt.clone())))
            .await
            .map_err(broken)?;
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "an HTTP/2 connection ended");
            }
        });
        let http2 = Http2 { send, prompt };
        place.lock().http2 = Some((http2.clone(), Instant::now()));
        self.sweep();
        Ok(Connection::Http2(http2))
    }

    fn lend(self: &Arc<Self>, connection: Box<Http1>, place: &Arc<Place>) -> Borrowed {
        Borrowed { connection, pool: Arc::clone(self), place: Arc::clone(place) }
    }

    /// Sees to it that connections that nobody uses are closed.
    fn sweep(self: &Arc<Self>) {
        if self.sweeping.load(Relaxed) || self.sweeping.swap(true, Relaxed) {
            return;
        }
        // Without a runtime there is nobody to do it, and nothing to keep the connections either.
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        let (pool, patience) = (Arc::downgrade(self), self.limits.idle_timeout);
        runtime.spawn(async move {
            loop {
                tokio::time::sleep(patience).await;
                if Weak::upgrade(&pool).is_none_or(|pool| pool.close_idle(patience)) {
                    return;
                }
            }
        });
    }

    /// Closes what nobody has used for long; whether nothing is left.
    fn close_idle(&self, patience: std::time::Duration) -> bool {
        let mut places = self.lock();
        places.retain(|_, place| {
            let state = &mut *place.lock();
            state.idle.retain(|(_, since)| since.elapsed() < patience);
            // With requests under way it stays open by itself, and is only no longer used for new ones.
            if state.http2.as_ref().is_some_and(|(_, since)| since.elapsed() >= patience) {
                state.http2 = None;
            }
            !state.idle.is_empty() || state.http2.is_some() || Arc::strong_count(place) > 1
        });
        let empty = places.is_empty();
        if empty {
            self.sweeping.store(false, Relaxed);
        }
        empty
    }

    pub(super) fn is_empty(&self) -> bool {
        self.lock().is_empty()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Origin, Arc<Place>>> {
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Borrowed {
    /// For the next request, if the server keeps it open and there is room.
    pub(super) fn give_back(mut self) {
        if !self.connection.is_ready() {
            return;
        }
        self.connection.prompt.set(false);
        let mut state = self.place.lock();
        if state.idle.len() < self.pool.limits.idle_connections {
            state.idle.push((self.connection, Instant::now()));
            drop(state);
            self.pool.sweep();
        }
    }
}

impl Deref for Borrowed {
    type Target = Http1;

    fn deref(&self) -> &Http1 {
        &self.connection
    }
}

impl DerefMut for Borrowed {
    fn deref_mut(&mut self) -> &mut Http1 {
        &mut self.connection
    }
}
