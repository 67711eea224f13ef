//! The bare loop: what a proxy of this kind costs at the very least. A body comes in, a call goes out, the reply is shaped.
//!
//! `bench-loop stdio -- COMMAND ARGUMENTS` or `bench-loop http HOST:PORT/PATH`; it listens on a free port of the loopback interface,
//! which it prints. Every POST is a call of the tool `echo`. Nothing is checked: no key, no schema, no size, no log, no deadline.
//! The body goes on and the text comes back as they are written; only what must be known of the reply is read. It is built on the
//! same HTTP library and the same runtime as the proxy, so that the distance to it is what the proxy itself adds.

use std::borrow::Cow;
use std::collections::HashMap;
use std::error::Error;
use std::process::{ExitCode, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::{Bytes, BytesMut};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::header::{ACCEPT, CONTENT_TYPE, HeaderName, HeaderValue};
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode, Uri};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioIo};
use serde::Deserialize;
use serde_json::value::RawValue;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::sync::{mpsc, oneshot};

type AnyError = Box<dyn Error + Send + Sync>;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let outcome = runtime.map_err(AnyError::from).and_then(|runtime| runtime.block_on(run(&arguments)));
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench-loop: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: &[String]) -> Result<(), AnyError> {
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let upstream = match arguments.as_slice() {
        ["stdio", "--", command, arguments @ ..] => Upstream::Stdio(Pipe::start(command, arguments).await?),
        ["http", url] => Upstream::Http(Box::new(Http::start(url).await?)),
        _ => return Err("usage: bench-loop stdio -- COMMAND ARGUMENTS | bench-loop http URL".into()),
    };
    let upstream = Arc::new(upstream);
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("listening {}", listener.local_addr()?);
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let upstream = Arc::clone(&upstream);
        tokio::spawn(async move {
            let service = service_fn(move |request| answer(request, Arc::clone(&upstream)));
            // A client that leaves is no news.
            let _ = hyper::server::conn::http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service)
                .await;
        });
    }
}

async fn answer(
    request: Request<Incoming>,
    upstream: Arc<Upstream>,
) -> Result<Response<Full<Bytes>>, AnyError> {
    let body = request.into_body().collect().await?.to_bytes();
    let (status, body) = match upstream.call(&body).await.and_then(|reply| shape(&reply)) {
        Ok(body) => (StatusCode::OK, body),
        Err(error) => (StatusCode::BAD_GATEWAY, error.to_string().into()),
    };
    let mut response = Response::new(Full::new(body));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, JSON);
    Ok(response)
}

enum Upstream {
    Stdio(Pipe),
    Http(Box<Http>),
}

impl Upstream {
    async fn call(&self, body: &[u8]) -> Result<Bytes, AnyError> {
        match self {
            Self::Stdio(stdio) => stdio.call(body).await,
            Self::Http(http) => http.call(body).await,
        }
    }
}

/// The message of one call.
fn message(id: u64, body: &[u8]) -> Vec<u8> {
    let head =
        format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"tools/call","params":{{"name":"echo","arguments":"#);
    [head.as_bytes(), body, b"}}\n"].concat()
}

// === A child process ===

struct Pipe {
    waiting: Arc<Waiting>,
    outgoing: mpsc::UnboundedSender<Vec<u8>>,
    next: AtomicU64,
}

type Waiting = Mutex<HashMap<u64, oneshot::Sender<Bytes>>>;

impl Pipe {
    async fn start(command: &str, arguments: &[&str]) -> Result<Self, AnyError> {
        let mut child = Command::new(command)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let stdin = child.stdin.take().ok_or("no standard input")?;
        let stdout = child.stdout.take().ok_or("no standard output")?;
        let waiting = Arc::new(Waiting::default());
        let (outgoing, messages) = mpsc::unbounded_channel();
        tokio::spawn(write(stdin, messages));
        tokio::spawn(read(child, stdout, Arc::clone(&waiting)));
        let server = Self { waiting, outgoing, next: AtomicU64::new(1) };
        server.send(0, format!("{INITIALIZE}\n").into_bytes()).await?;
        server.outgoing.send(format!("{INITIALIZED}\n").into_bytes())?;
        Ok(server)
    }

    async fn call(&self, body: &[u8]) -> Result<Bytes, AnyError> {
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        self.send(id, message(id, body)).await
    }

    async fn send(&self, id: u64, message: Vec<u8>) -> Result<Bytes, AnyError> {
        let (sender, receiver) = oneshot::channel();
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).insert(id, sender);
        self.outgoing.send(message)?;
        Ok(receiver.await?)
    }
}

/// Whatever is ready goes in one write.
async fn write(mut stdin: ChildStdin, mut messages: mpsc::UnboundedReceiver<Vec<u8>>) {
    let mut buffer = Vec::new();
    while let Some(message) = messages.recv().await {
        buffer.extend_from_slice(&message);
        while buffer.len() < BATCH
            && let Ok(message) = messages.try_recv()
        {
            buffer.extend_from_slice(&message);
        }
        if stdin.write_all(&buffer).await.is_err() {
            return;
        }
        buffer.clear();
    }
}

async fn read(_child: Child, mut stdout: ChildStdout, waiting: Arc<Waiting>) {
    #[derive(Deserialize)]
    struct Identified {
        id: u64,
    }
    let mut buffer = BytesMut::with_capacity(BATCH);
    // What is known to hold no end of a line.
    let mut seen = 0;
    while stdout.read_buf(&mut buffer).await.is_ok_and(|count| count > 0) {
        while let Some(end) = memchr::memchr(b'\n', buffer.get(seen..).unwrap_or_default()) {
            let line = buffer.split_to(seen + end + 1);
            seen = 0;
            if let Ok(Identified { id }) = serde_json::from_slice(&line) {
                let caller = waiting.lock().unwrap_or_else(PoisonError::into_inner).remove(&id);
                // A copy, so that one unread answer does not hold the whole buffer.
                caller.map(|caller| caller.send(Bytes::copy_from_slice(&line)));
            }
        }
        seen = buffer.len();
        buffer.reserve(BATCH / 4);
    }
}

// === Streamable HTTP ===

struct Http {
    client: Client<HttpConnector, Full<Bytes>>,
    url: Uri,
    session: Option<HeaderValue>,
    next: AtomicU64,
}

impl Http {
    async fn start(url: &str) -> Result<Self, AnyError> {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        let client = Client::builder(TokioExecutor::new()).build(connector);
        let mut http = Self { client, url: url.parse()?, session: None, next: AtomicU64::new(1) };
        let reply = http.post(INITIALIZE.into()).await?;
        http.session = reply.headers().get(SESSION).cloned();
        reply.into_body().collect().await?;
        http.post(INITIALIZED.into()).await?.into_body().collect().await?;
        Ok(http)
    }

    async fn call(&self, body: &[u8]) -> Result<Bytes, AnyError> {
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        let reply = self.post(message(id, body).into()).await?;
        let is_stream = reply.headers().get(CONTENT_TYPE) == Some(&EVENTS);
        let body = reply.into_body().collect().await?.to_bytes();
        if !is_stream {
            return Ok(body);
        }
        let start = memchr::memmem::find(&body, b"data: ").ok_or("an event without data")? + 6;
        let rest = body.slice(start..);
        let end = memchr::memchr(b'\n', &rest).unwrap_or(rest.len());
        Ok(rest.slice(..end))
    }

    async fn post(&self, message: Bytes) -> Result<Response<Incoming>, AnyError> {
        let mut request = Request::post(self.url.clone())
            .header(CONTENT_TYPE, JSON)
            .header(ACCEPT, BOTH)
            .header(VERSION, HeaderValue::from_static("2025-06-18"))
            .body(Full::new(message))?;
        if let Some(session) = &self.session {
            request.headers_mut().insert(SESSION, session.clone());
        }
        Ok(self.client.request(request).await?)
    }
}

// === The answer ===

#[derive(Deserialize)]
struct Reply<'a> {
    #[serde(borrow)]
    result: CallResult<'a>,
}

#[derive(Deserialize)]
struct CallResult<'a> {
    #[serde(borrow)]
    content: Vec<Block<'a>>,
}

#[derive(Deserialize)]
struct Block<'a> {
    #[serde(borrow)]
    text: &'a RawValue,
}

/// A text that is JSON is answered as that, any other as a string, as it came.
fn shape(reply: &Bytes) -> Result<Bytes, AnyError> {
    let parsed: Reply<'_> = serde_json::from_slice(reply)?;
    let [Block { text }] = parsed.result.content.as_slice() else {
        return Err("not one block of text".into());
    };
    let text = text.get();
    let first = text.as_bytes().get(1).copied().unwrap_or_default();
    if matches!(first, b'{' | b'[' | b'-' | b'0'..=b'9' | b't' | b'f' | b'n' | b'\\' | b' ') {
        let decoded: Cow<'_, str> = serde_json::from_str(text)?;
        if serde_json::from_str::<&RawValue>(&decoded).is_ok() {
            return Ok(decoded.into_owned().into());
        }
    }
    Ok(reply.slice_ref(text.as_bytes()))
}

const INITIALIZE: &str = r#"{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"bench-loop","version":"1"}}}"#;
const INITIALIZED: &str = r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#;
const JSON: HeaderValue = HeaderValue::from_static("application/json");
const EVENTS: HeaderValue = HeaderValue::from_static("text/event-stream");
const BOTH: HeaderValue = HeaderValue::from_static("application/json, text/event-stream");
const SESSION: HeaderName = HeaderName::from_static("mcp-session-id");
const VERSION: HeaderName = HeaderName::from_static("mcp-protocol-version");
/// How much is gathered into one write, and read at once, in bytes.
const BATCH: usize = 256 * 1024;
