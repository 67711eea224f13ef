//! A server of streamable HTTP that writes the answers to its calls byte by byte.
use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use mcp_upstream::{CallError, Limits, Session, StreamableTransport};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::{Notify, Semaphore},
};

use crate::kit::{self, limits, options, text};

/// What the answer to a call is made of. After the last act the connection is closed.
#[derive(Debug, Clone)]
pub(super) enum Act {
    /// These bytes; `$ID` in them is the request's id.
    Bytes(Vec<u8>),
    /// The same, but one byte at a time, with so many milliseconds between them.
    Drip(Vec<u8>, u64),
    /// A whole answer with this body as JSON. The connection is kept.
    Json(String),
    /// The same, and the connection is closed without notice.
    Last(String),
    /// The connection is reset.
    Reset,
    /// Nothing, for ever.
    Hang,
}

/// Bytes that are text.
pub(super) fn bytes(text: &str) -> Act {
    Act::Bytes(text.as_bytes().to_vec())
}

/// The reply to the call, as JSON.
pub(super) fn reply(text: &str) -> String {
    format!(r#"{{"jsonrpc":"2.0","id":$ID,"result":{{"content":[{{"type":"text","text":"{text}"}}]}}}}"#)
}

/// A raw server on a port of its own. It has the tools that it is told of, and two healthy ones: `echo`, which answers at
/// once, and `gate`, which answers when it is told to.
pub(super) struct Peer {
    pub(super) address: std::net::SocketAddr,
    state: Arc<State>,
    accepting: tokio::task::JoinHandle<()>,
}

struct State {
    tools: Vec<(&'static str, Vec<Act>)>,
    gate: Semaphore,
    calls: Mutex<Vec<String>>,
    news: Notify,
}

impl Peer {
    pub(super) async fn start(tools: &[(&'static str, Vec<Act>)]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(State {
            tools: tools.to_vec(),
            gate: Semaphore::new(0),
            calls: Mutex::default(),
            news: Notify::new(),
        });
        let accepting = tokio::spawn({
            let state = Arc::clone(&state);
            async move {
                while let Ok((connection, _)) = listener.accept().await {
                    let _ = connection.set_nodelay(true);
                    tokio::spawn(serve(connection, Arc::clone(&state)));
                }
            }
        });
        Self { address, state, accepting }
    }

    pub(super) fn transport(&self) -> StreamableTransport {
        StreamableTransport::new(format!("http://{}/mcp", self.address).parse().unwrap(), kit::http())
    }

    pub(super) async fn session(&self) -> Session {
        self.session_with(limits()).await
    }

    pub(super) async fn session_with(&self, limits: Limits) -> Session {
        Session::connect(self.transport(), options(limits)).await.unwrap()
    }

    /// Waits until a tool was called so many times.
    pub(super) async fn called(&self, tool: &str, times: usize) {
        let look = async {
            loop {
                let news = self.state.news.notified();
                tokio::pin!(news);
                news.as_mut().enable();
                if self.calls(tool) >= times {
                    return;
                }
                news.await;
            }
        };
        tokio::time::timeout(Duration::from_secs(10), look).await.unwrap();
    }

    /// How many times a tool was called.
    pub(super) fn calls(&self, tool: &str) -> usize {
        self.state.calls.lock().unwrap().iter().filter(|name| *name == tool).count()
    }

    /// Runs a call that is in trouble, with a healthy one of the same session under way from before it until after it.
    /// Whatever comes of the first, the healthy one and those after it come out right.
    pub(super) async fn beside<T>(&self, session: &Session, trouble: impl Future<Output = T>) -> T {
        let before = self.calls("gate");
        let healthy = tokio::spawn({
            let session = session.clone();
            async move { text(&session, "gate", "{}").await }
        });
        self.called("gate", before + 1).await;
        let outcome = trouble.await;
        self.state.gate.add_permits(1);
        assert_eq!(healthy.await.unwrap().unwrap(), "gate", "a call under way beside the one in trouble");
        assert_eq!(text(session, "echo", "{}").await.unwrap(), "echo", "a call after the one in trouble");
        assert_eq!(session.outstanding_calls(), 0);
        outcome
    }

    /// Calls a tool that is in trouble, beside a healthy one.
    pub(super) async fn trouble(&self, session: &Session, tool: &str) -> Result<String, CallError> {
        self.beside(session, text(session, tool, "{}")).await
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn serve(mut connection: TcpStream, state: Arc<State>) {
    let mut buffer = Vec::new();
    while let Some(request) = next_request(&mut connection, &mut buffer).await {
        if !answer(&mut connection, &state, &request).await {
            return;
        }
    }
}

/// The method and the body of the next request.
async fn next_request(connection: &mut TcpStream, buffer: &mut Vec<u8>) -> Option<(String, Vec<u8>)> {
    loop {
        let text = String::from_utf8_lossy(buffer).into_owned();
        if let Some(end) = text.find("\r\n\r\n") {
            let head = text[..end].to_lowercase();
            let length = head.lines().find_map(|line| line.strip_prefix("content-length:"));
            let length: usize = length.map_or(0, |length| length.trim().parse().unwrap());
            if buffer.len() >= end + 4 + length {
                let body = buffer[end + 4..end + 4 + length].to_vec();
                buffer.drain(..end + 4 + length);
                return Some((head.split(' ').next().unwrap().to_owned(), body));
            }
        }
        if connection.read_buf(buffer).await.ok()? == 0 {
            return None;
        }
    }
}

/// Whether the connection can be used on.
async fn answer(connection: &mut TcpStream, state: &State, (method, body): &(String, Vec<u8>)) -> bool {
    let empty = |status: &str| Act::Bytes(format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\n\r\n").into());
    let message: serde_json::Value = serde_json::from_slice(body).unwrap_or_default();
    let rpc_error = || {
        Act::Json(r#"{"jsonrpc":"2.0","id":$ID,"error":{"code":-32601,"message":"Method not found"}}"#.into())
    };
    let mut acts = None;
    let usual = match (&**method, message["method"].as_str(), message["params"]["name"].as_str()) {
        ("delete", ..) => empty("200 OK"),
        ("post", Some(_), _) if message.get("id").is_none() => empty("202 Accepted"),
        ("post", Some("initialize"), _) => Act::Json(
            r#"{"jsonrpc":"2.0","id":$ID,"result":{"protocolVersion":"2025-11-25","capabilities":{"tools":{}},"serverInfo":{"name":"raw","version":"1"}}}"#
                .into(),
        ),
        ("post", Some("ping"), _) => Act::Json(r#"{"jsonrpc":"2.0","id":$ID,"result":{}}"#.into()),
        ("post", Some("tools/call"), Some(name)) => {
            state.calls.lock().unwrap().push(name.to_owned());
            state.news.notify_waiters();
            acts = state.tools.iter().find(|(tool, _)| *tool == name).map(|(_, acts)| acts.clone());
            if name == "gate" {
                state.gate.acquire().await.unwrap().forget();
            }
            Act::Json(reply(name))
        }
        ("post", Some(_), _) => rpc_error(),
        _ => empty("405 Method Not Allowed"),
    };
    for act in acts.unwrap_or_else(|| vec![usual.clone()]) {
        let id = message["id"].to_string();
        let done = match act {
            Act::Bytes(bytes) => connection.write_all(&filled(&bytes, &id)).await,
            Act::Json(ref body) | Act::Last(ref body) => {
                let body = filled(body.as_bytes(), &id);
                let head = format!(
                    "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
                    body.len()
                );
                match connection.write_all(&[head.as_bytes(), &body].concat()).await {
                    Ok(()) => return matches!(act, Act::Json(_)),
                    failed => failed,
                }
            }
            Act::Drip(bytes, milliseconds) => drip(connection, &filled(&bytes, &id), milliseconds).await,
            Act::Reset => {
                let _ = connection.set_zero_linger();
                return false;
            }
            Act::Hang => std::future::pending().await,
        };
        if done.is_err() {
            return false;
        }
    }
    matches!(usual, Act::Bytes(_))
}

async fn drip(connection: &mut TcpStream, bytes: &[u8], milliseconds: u64) -> std::io::Result<()> {
    for byte in bytes {
        connection.write_all(&[*byte]).await?;
        tokio::time::sleep(Duration::from_millis(milliseconds)).await;
    }
    Ok(())
}

fn filled(bytes: &[u8], id: &str) -> Vec<u8> {
    let mut filled = Vec::new();
    let mut rest = bytes;
    while let Some(at) = rest.windows(3).position(|window| window == b"$ID") {
        filled.extend_from_slice(&rest[..at]);
        filled.extend_from_slice(id.as_bytes());
        rest = &rest[at + 3..];
    }
    filled.extend_from_slice(rest);
    filled
}
