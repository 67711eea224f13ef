//! A scripted server that listens: where it is, what it got, what to make it do.
use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex},
    time::Duration,
};

use bytes::Bytes;
use http_body_util::BodyExt as _;
use hyper::{HeaderMap, Method, Request, Response, body::Incoming, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Notify,
    time::Instant,
};
use tokio_util::sync::CancellationToken;
use url::Url;

use super::{
    Framing, Script,
    http::{Body, Cut, Events, answer, event},
    legacy,
    play::Play,
    streamable,
};

/// A scripted server on a port of its own on loopback. It stops when dropped.
#[derive(Debug)]
pub struct ScriptedServer {
    address: SocketAddr,
    path: &'static str,
    state: Arc<State>,
    stop: CancellationToken,
}

/// One request that a scripted server got.
#[derive(Debug, Clone)]
pub struct Recorded {
    /// `POST`, `GET` or `DELETE`.
    pub method: Method,
    /// Path and query.
    pub path: String,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub body: String,
    /// When it came.
    pub at: Instant,
}

#[derive(Debug)]
pub(super) struct State {
    pub(super) play: Play,
    pub(super) kind: Kind,
    /// The servers' own streams: of streamable HTTP's GET, or of the older transport, each with its session.
    streams: Mutex<Vec<(u64, Events)>>,
    /// Sessions given out and not yet forgotten.
    pub(super) sessions: Mutex<(u64, Vec<u64>)>,
    /// How a session that is not known is refused.
    pub(super) refusal: Mutex<Refusal>,
    recorded: Mutex<Vec<Recorded>>,
    /// The ids of requests of which the client closed the reply before it was whole.
    left: Mutex<Vec<String>>,
    news: Notify,
}

/// A request of a stateless revision while its reply is not whole: when it is dropped, the client has cancelled it.
pub(super) struct Left {
    state: Arc<State>,
    id: String,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Kind {
    Streamable(Framing),
    Legacy,
}

/// How a streamable HTTP server refuses a request of a session that it does not know.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Refusal {
    /// 404, as the protocol demands.
    #[default]
    NotFound,
    /// 400 with a JSON-RPC error without an id, as servers made after the examples of the TypeScript SDK do.
    BadRequest,
    /// 400 with a line of text, as the Python SDK did until the end of 2025.
    BadRequestText,
}

impl Script {
    /// Plays this script at an endpoint of streamable HTTP.
    pub async fn serve_streamable(self, framing: Framing) -> ScriptedServer {
        self.serve_streamable_at(framing, ANYWHERE).await
    }

    /// The same at this address, as a server that is started again; waits until it is free.
    pub async fn serve_streamable_at(self, framing: Framing, address: SocketAddr) -> ScriptedServer {
        ScriptedServer::start(self, Kind::Streamable(framing), "/mcp", address).await
    }

    /// Plays this script over the HTTP+SSE transport of 2024-11-05.
    pub async fn serve_sse(self) -> ScriptedServer {
        self.serve_sse_at(ANYWHERE).await
    }

    /// The same at this address, as a server that is started again; waits until it is free.
    pub async fn serve_sse_at(self, address: SocketAddr) -> ScriptedServer {
        ScriptedServer::start(self, Kind::Legacy, "/sse", address).await
    }
}

impl ScriptedServer {
    async fn start(script: Script, kind: Kind, path: &'static str, address: SocketAddr) -> Self {
        let listener = loop {
            match TcpListener::bind(address).await {
                Ok(listener) => break listener,
                Err(error) => assert_eq!(error.kind(), std::io::ErrorKind::AddrInUse, "{error}"),
            }
            tokio::task::yield_now().await;
        };
        let address = listener.local_addr().expect("a listener has an address");
        let state = Arc::new(State {
            play: Play::new(script),
            kind,
            streams: Mutex::default(),
            sessions: Mutex::default(),
            refusal: Mutex::default(),
            recorded: Mutex::default(),
            left: Mutex::default(),
            news: Notify::new(),
        });
        let stop = CancellationToken::new();
        tokio::spawn(accept(listener, Arc::clone(&state), stop.clone()));
        Self { address, path, state, stop }
    }

    /// The address that it listens at.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where a client connects.
    ///
    /// # Panics
    /// Never: an address makes a URL.
    pub fn url(&self) -> Url {
        format!("http://{}{}", self.address, self.path).parse().expect("an address makes a URL")
    }

    /// The requests so far, without the probes: which revision a server speaks is asked before anything else, and of
    /// servers of all revisions.
    pub fn recorded(&self) -> Vec<Recorded> {
        let recorded = lock(&self.state.recorded);
        recorded.iter().filter(|request| !request.is_probe()).cloned().collect()
    }

    /// The requests `server/discover` so far.
    pub fn probes(&self) -> Vec<Recorded> {
        lock(&self.state.recorded).iter().filter(|request| request.is_probe()).cloned().collect()
    }

    /// The ids, as JSON, of the requests of a stateless revision that the client cancelled: it closed the reply before
    /// it was whole.
    pub fn cancelled(&self) -> Vec<String> {
        lock(&self.state.left).clone()
    }

    /// How many `subscriptions/listen` are open.
    pub fn listeners(&self) -> usize {
        self.state.play.listeners.open_count()
    }

    /// Ends each `subscriptions/listen` with its result.
    pub fn finish_listening(&self) {
        self.state.play.listeners.finish();
    }

    /// Waits until a request came that `wanted` accepts, and returns the first such.
    ///
    /// # Panics
    /// When none comes within ten seconds.
    pub async fn wait_for(&self, wanted: impl Fn(&Recorded) -> bool) -> Recorded {
        let look = async {
            loop {
                let news = self.state.news.notified();
                tokio::pin!(news);
                news.as_mut().enable();
                if let Some(found) = lock(&self.state.recorded).iter().find(|recorded| wanted(recorded)) {
                    return found.clone();
                }
                news.await;
            }
        };
        let found = tokio::time::timeout(Duration::from_secs(10), look).await;
        found.unwrap_or_else(|_| panic!("no such request; these came: {:#?}", self.recorded()))
    }

    /// Sends a message on the server's own streams, and on each `subscriptions/listen` that takes it; how many those
    /// are.
    pub fn push(&self, message: &str) -> usize {
        self.state.push(message)
    }

    /// Ends the server's own streams, and those of `subscriptions/listen` without their results.
    pub fn end_streams(&self) {
        lock(&self.state.streams).clear();
        self.state.play.listeners.end();
    }

    /// Cuts the connections of the server's own streams and those of `subscriptions/listen`.
    pub fn cut_streams(&self) {
        self.state.play.listeners.cut();
        for (_, events) in lock(&self.state.streams).drain(..) {
            let _ = events.send(Err(Cut));
        }
    }

    /// Forgets all sessions: from now on they are answered with 404.
    pub fn forget_sessions(&self) {
        self.forget_sessions_with(Refusal::NotFound);
    }

    /// Forgets all sessions, as a restart does: from now on they are refused like this.
    pub fn forget_sessions_with(&self, refusal: Refusal) {
        *lock(&self.state.refusal) = refusal;
        lock(&self.state.sessions).1.clear();
    }

    /// Stops listening and cuts all connections.
    pub fn stop(&self) {
        self.stop.cancel();
    }
}

impl Drop for ScriptedServer {
    fn drop(&mut self) {
        self.stop();
    }
}

impl State {
    pub(super) fn push(&self, message: &str) -> usize {
        let mut streams = lock(&self.streams);
        streams.retain(|(_, events)| events.send(Ok(event(message))).is_ok());
        streams.len() + self.play.listeners.push(message)
    }

    /// A request that may be left before its reply is whole.
    pub(super) fn left(self: &Arc<Self>, request: &str) -> Left {
        let request = serde_json::from_str::<serde_json::Value>(request).unwrap_or_default();
        Left { state: Arc::clone(self), id: request["id"].to_string() }
    }

    pub(super) fn open_stream(&self, session: u64, events: Events) {
        lock(&self.streams).push((session, events));
    }

    pub(super) fn stream_of(&self, session: u64) -> Option<Events> {
        lock(&self.streams).iter().find(|(of, _)| *of == session).map(|(_, events)| events.clone())
    }

    pub(super) fn new_session(&self) -> u64 {
        let mut sessions = lock(&self.sessions);
        sessions.0 += 1;
        let id = sessions.0;
        sessions.1.push(id);
        id
    }
}

impl Left {
    /// The reply is whole.
    pub(super) fn stayed(mut self) {
        self.id.clear();
    }
}

impl Drop for Left {
    fn drop(&mut self) {
        if !self.id.is_empty() {
            lock(&self.state.left).push(std::mem::take(&mut self.id));
            self.state.news.notify_waiters();
        }
    }
}

impl Recorded {
    /// Whether this asks which revisions the server speaks.
    pub fn is_probe(&self) -> bool {
        self.method == Method::POST
            && serde_json::from_str::<serde_json::Value>(&self.body)
                .is_ok_and(|message| message["method"] == "server/discover")
    }
}

async fn accept(listener: TcpListener, state: Arc<State>, stop: CancellationToken) {
    loop {
        let connection = tokio::select! {
            accepted = listener.accept() => accepted,
            () = stop.cancelled() => return,
        };
        let Ok((connection, _)) = connection else { continue };
        tokio::spawn(connected(connection, Arc::clone(&state), stop.clone()));
    }
}

async fn connected(connection: TcpStream, state: Arc<State>, stop: CancellationToken) {
    let _ = connection.set_nodelay(true);
    let service = service_fn(|request| respond(request, Arc::clone(&state)));
    let serving =
        hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(connection), service);
    tokio::select! {
        // A connection that was cut ends with an error, as it should.
        _ = serving => {}
        () = stop.cancelled() => {}
    }
}

async fn respond(request: Request<Incoming>, state: Arc<State>) -> Result<Response<Body>, Cut> {
    let at = Instant::now();
    let (head, body) = request.into_parts();
    let body: Bytes = body.collect().await.map_err(|_| Cut)?.to_bytes();
    let path = head.uri.path_and_query().map(ToString::to_string).unwrap_or_default();
    let recorded = Recorded {
        method: head.method,
        path,
        headers: head.headers,
        body: String::from_utf8_lossy(&body).into_owned(),
        at,
    };
    lock(&state.recorded).push(recorded.clone());
    state.news.notify_waiters();
    if recorded.method != Method::POST
        && let Some(steps) = state.play.by_rule(recorded.method.as_str())
    {
        return streamable::once(steps).await;
    }
    match (state.kind, recorded.path.split('?').next().unwrap_or_default()) {
        (Kind::Streamable(framing), "/mcp") => streamable::respond(&state, framing, &recorded).await,
        (Kind::Legacy, _) => legacy::respond(&state, &recorded).await,
        _ => Ok(answer(404, "text/html", "<html>no such page</html>")),
    }
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().expect("no test panics while it holds this")
}

const ANYWHERE: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);
