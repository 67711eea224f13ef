//! The server over HTTP/1.1, as far as that is needed here: requests with a length, one after another on a connection.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpSocket, TcpStream};

use super::Arguments;
use super::answer::{Answers, plain};
use super::oauth;

/// Serves until it is killed. One thread, so that what is measured has the others.
pub(crate) fn run(arguments: &Arguments) -> io::Result<()> {
    let server = Server {
        answers: Answers::new(arguments.tools),
        sse: arguments.sse,
        nagle: arguments.nagle,
        delay: arguments.delay(),
        protected: arguments.oauth,
        base: String::new(),
    };
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(listen(server))
}

struct Server {
    answers: Answers,
    sse: bool,
    nagle: bool,
    delay: Duration,
    protected: bool,
    /// Its own address as a URL.
    base: String,
}

async fn listen(mut server: Server) -> io::Result<()> {
    let listener = listener()?;
    let address = listener.local_addr()?;
    server.base = format!("http://{address}");
    println!("listening {address}");
    let server = Arc::new(server);
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(!server.nagle)?;
        let server = Arc::clone(&server);
        tokio::spawn(async move {
            // A client that leaves is no news.
            let _ = connection(stream, &server).await;
        });
    }
}

/// A proxy may connect ten thousand times at once.
fn listener() -> io::Result<TcpListener> {
    let socket = TcpSocket::new_v4()?;
    socket.bind(([127, 0, 0, 1], 0).into())?;
    socket.listen(BACKLOG)
}

async fn connection(mut stream: TcpStream, server: &Server) -> io::Result<()> {
    let mut buffer = Vec::with_capacity(FIRST_BUFFER);
    loop {
        let end = loop {
            if let Some(at) = memchr::memmem::find(&buffer, b"\r\n\r\n") {
                break at + 4;
            }
            if stream.read_buf(&mut buffer).await? == 0 {
                return Ok(());
            }
        };
        let head = String::from_utf8_lossy(buffer.get(..end).unwrap_or_default()).to_ascii_lowercase();
        let length = head.split("\r\n").find_map(|line| line.strip_prefix("content-length:"));
        let length: usize = length.and_then(|value| value.trim().parse().ok()).unwrap_or(0);
        buffer.reserve((end + length).saturating_sub(buffer.len()));
        while buffer.len() < end + length {
            if stream.read_buf(&mut buffer).await? == 0 {
                return Ok(());
            }
        }
        let body = buffer.get(end..end + length).unwrap_or_default();
        let refused = server
            .protected
            .then(|| oauth::answer(buffer.get(..end).unwrap_or_default(), &head, &server.base))
            .flatten();
        if let Some(reply) = refused {
            stream.write_all(&reply).await?;
        } else if head.starts_with("post /plain/") {
            wait(server.delay).await;
            whole(&mut stream, "200 OK", &plain(body)).await?;
        } else if head.starts_with("post ") {
            match server.answers.to(body) {
                None => whole(&mut stream, "202 Accepted", b"").await?,
                Some(answer) => {
                    if answer.is_call {
                        wait(server.delay).await;
                    }
                    if answer.is_call && server.sse {
                        event(&mut stream, &answer.message, server.nagle).await?;
                    } else {
                        whole(&mut stream, "200 OK", &answer.message).await?;
                    }
                }
            }
        } else if head.starts_with("delete ") {
            whole(&mut stream, "200 OK", b"").await?;
        } else {
            whole(&mut stream, "405 Method Not Allowed", b"").await?;
        }
        if head.contains("\r\nconnection: close") {
            return stream.shutdown().await;
        }
        buffer.drain(..end + length);
    }
}

async fn wait(delay: Duration) {
    if !delay.is_zero() {
        // Timers go off a millisecond late on average: they count whole ones, and are rounded up twice.
        tokio::time::sleep(delay.saturating_sub(Duration::from_millis(1))).await;
    }
}

/// A reply that says how long it is, in one piece.
async fn whole(stream: &mut TcpStream, status: &str, body: &[u8]) -> io::Result<()> {
    let mut reply = format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\nmcp-session-id: lean-session\r\ncontent-length: {}\r\n\r\n",
        body.len()
    )
    .into_bytes();
    reply.extend_from_slice(body);
    stream.write_all(&reply).await
}

/// A stream of one event. The frameworks that real servers are made of send it chunked, the last chunk apart from the event and
/// the event apart from the head; together it is one write.
async fn event(stream: &mut TcpStream, message: &[u8], in_pieces: bool) -> io::Result<()> {
    const BEFORE: &[u8] = b"event: message\ndata: ";
    const AFTER: &[u8] = b"\n\n";
    let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncache-control: no-cache\r\nmcp-session-id: lean-session\r\ntransfer-encoding: chunked\r\n\r\n";
    let mut reply = Vec::with_capacity(head.len() + message.len() + 64);
    reply.extend_from_slice(head.as_bytes());
    if in_pieces {
        stream.write_all(&reply).await?;
        reply.clear();
    }
    let length = BEFORE.len() + message.len() + AFTER.len();
    reply.extend_from_slice(format!("{length:x}\r\n").as_bytes());
    for piece in [BEFORE, message, AFTER, b"\r\n"] {
        reply.extend_from_slice(piece);
    }
    if in_pieces {
        stream.write_all(&reply).await?;
        reply.clear();
    }
    reply.extend_from_slice(b"0\r\n\r\n");
    stream.write_all(&reply).await
}

/// What a connection reads at once at first, in bytes.
const FIRST_BUFFER: usize = 16 * 1024;
/// Connections that may wait to be accepted; the system lowers it to its own limit.
const BACKLOG: u32 = 16 * 1024;
