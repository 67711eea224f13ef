//! One HTTP/1.1 connection of the load generator: a request out, its reply in, nothing else.

use std::io;
use std::net::SocketAddr;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// An open connection.
#[derive(Debug)]
pub(super) struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
    /// How much of the buffer belonged to the last reply.
    used: usize,
    /// The body of the last reply, if it came in chunks.
    chunks: Vec<u8>,
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
    /// Connects. `expected` is about how long replies will be.
    pub(super) async fn open(address: SocketAddr, expected: usize) -> io::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: Vec::with_capacity(expected + HEAD), used: 0, chunks: Vec::new() })
    }

    /// Sends a request and reads its reply.
    pub(super) async fn call(&mut self, request: &[u8]) -> io::Result<Reply<'_>> {
        self.buffer.drain(..self.used);
        self.used = 0;
        self.stream.write_all(request).await?;
        let head = self.until(b"\r\n\r\n", 0).await?;
        let (status, length) = parse(self.buffer.get(..head).unwrap_or_default())?;
        let Some(length) = length else {
            self.used = self.read_chunks(head).await?;
            return Ok(Reply { status, body: &self.chunks });
        };
        self.have(head + length).await?;
        self.used = head + length;
        Ok(Reply { status, body: self.buffer.get(head..head + length).unwrap_or_default() })
    }

    /// Gathers the chunks of a body (RFC 9112 §7.1), without trailers; where it ended.
    async fn read_chunks(&mut self, mut at: usize) -> io::Result<usize> {
        self.chunks.clear();
        loop {
            let start = self.until(b"\r\n", at).await?;
            let size = self.buffer.get(at..start).unwrap_or_default();
            let size = std::str::from_utf8(size).ok().and_then(|size| size.split(';').next());
            let size = size.and_then(|size| usize::from_str_radix(size.trim(), 16).ok());
            let size = size.ok_or_else(|| bad("no size of a chunk"))?;
            self.have(start + size + 2).await?;
            self.chunks.extend_from_slice(self.buffer.get(start..start + size).unwrap_or_default());
            at = start + size + 2;
            if size == 0 {
                return Ok(at);
            }
        }
    }

    /// Reads until these bytes are there, from `from` on; where they end.
    async fn until(&mut self, what: &[u8], from: usize) -> io::Result<usize> {
        loop {
            if let Some(at) = memchr::memmem::find(self.buffer.get(from..).unwrap_or_default(), what) {
                return Ok(from + at + what.len());
            }
            self.more().await?;
        }
    }

    /// Reads until there are this many bytes.
    async fn have(&mut self, length: usize) -> io::Result<()> {
        while self.buffer.len() < length {
            self.more().await?;
        }
        Ok(())
    }

    async fn more(&mut self) -> io::Result<()> {
        if self.stream.read_buf(&mut self.buffer).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(())
    }
}

/// The status and the length of the body; none if it comes in chunks.
fn parse(head: &[u8]) -> io::Result<(u16, Option<usize>)> {
    let mut lines = head.split(|byte| *byte == b'\n');
    let status =
        lines.next().and_then(|line| line.get(9..12)).and_then(|code| std::str::from_utf8(code).ok());
    let status = status.and_then(|code| code.parse().ok()).ok_or_else(|| bad("no status"))?;
    for line in lines {
        if let Some(value) = after(line, b"content-length:") {
            let length = std::str::from_utf8(value).ok().and_then(|value| value.trim().parse().ok());
            return Ok((status, Some(length.ok_or_else(|| bad("no length"))?)));
        }
        if let Some(value) = after(line, b"transfer-encoding:")
            && value.trim_ascii().eq_ignore_ascii_case(b"chunked")
        {
            return Ok((status, None));
        }
    }
    Err(bad("neither a length nor chunks"))
}

/// The value of a header line of this name.
fn after<'a>(line: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    let (own, value) = line.split_at_checked(name.len())?;
    own.eq_ignore_ascii_case(name).then_some(value)
}

fn bad(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

/// Bytes kept for the head of a reply.
const HEAD: usize = 1024;
