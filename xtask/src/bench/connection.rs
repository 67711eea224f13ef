//! One HTTP/1.1 connection of the load generator: a request out, its reply in, nothing else.

use std::io;
use std::net::SocketAddr;
use std::ops::Range;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// An open connection.
#[derive(Debug)]
pub(super) struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
    /// How much of the buffer belonged to the last reply.
    used: usize,
}

/// A reply; its body is in the connection's buffer until the next call.
#[derive(Debug)]
pub(super) struct Reply<'a> {
    /// The status code.
    pub(super) status: u16,
    /// The body.
    pub(super) body: &'a [u8],
}

impl Connection {
    /// Connects.
    pub(super) async fn open(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: Vec::with_capacity(FIRST_BUFFER), used: 0 })
    }

    /// Sends a request and reads its reply, which must say how long it is.
    pub(super) async fn call(&mut self, request: &[u8]) -> io::Result<Reply<'_>> {
        self.buffer.drain(..self.used);
        self.used = 0;
        self.stream.write_all(request).await?;
        let head = loop {
            if let Some(at) = memchr::memmem::find(&self.buffer, b"\r\n\r\n") {
                break at + 4;
            }
            self.more().await?;
        };
        let (status, body) = parse(self.buffer.get(..head).unwrap_or_default())?;
        let body: Range<usize> = head..head + body;
        while self.buffer.len() < body.end {
            self.more().await?;
        }
        self.used = body.end;
        Ok(Reply { status, body: self.buffer.get(body).unwrap_or_default() })
    }

    async fn more(&mut self) -> io::Result<()> {
        if self.stream.read_buf(&mut self.buffer).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(())
    }
}

/// The status and the length of the body.
fn parse(head: &[u8]) -> io::Result<(u16, usize)> {
    let bad = |what: &str| io::Error::new(io::ErrorKind::InvalidData, what);
    let mut lines = head.split(|byte| *byte == b'\n');
    let status =
        lines.next().and_then(|line| line.get(9..12)).and_then(|code| std::str::from_utf8(code).ok());
    let status = status.and_then(|code| code.parse().ok()).ok_or_else(|| bad("no status"))?;
    let length = lines.find_map(|line| {
        let (name, value) = line.split_at_checked(NAME.len())?;
        name.eq_ignore_ascii_case(NAME).then_some(value)
    });
    let length =
        length.and_then(|value| std::str::from_utf8(value).ok()).and_then(|value| value.trim().parse().ok());
    Ok((status, length.ok_or_else(|| bad("no content-length"))?))
}

const NAME: &[u8] = b"content-length:";
const FIRST_BUFFER: usize = 256 * 1024;
