//! Answers, good and bad, down to the bytes.

use std::io;
use std::time::Duration;

use serde_json::Value;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

/// How much of an endless answer is written to somebody who takes all of it.
const ENDLESS: usize = 64 * 1024 * 1024;
const CHUNK: &[u8] = &[b'x'; 16 * 1024];
/// The pause between two bytes that drip.
const PAUSE: Duration = Duration::from_millis(20);

/// One answer.
#[derive(Debug, Clone)]
pub(super) struct Answer {
    status: u16,
    headers: Vec<(String, Vec<u8>)>,
    body: Body,
}

/// How a body comes.
#[derive(Debug, Clone)]
enum Body {
    Whole(Vec<u8>),
    /// It never ends, whatever length was promised.
    Endless {
        promised: Option<u64>,
    },
    /// Byte by byte.
    Drip(Vec<u8>),
    /// More was promised than comes before the connection is cut.
    Cut(Vec<u8>),
    /// Nothing comes, not even a status, and the connection stays open.
    Never,
    /// The connection is closed without a word.
    Closed,
    /// These bytes in place of an answer.
    Raw(Vec<u8>),
}

impl Answer {
    pub(super) fn status(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Body::Whole(Vec::new()) }
    }

    pub(super) fn json(status: u16, body: &Value) -> Self {
        Self::text(status, "application/json", body.to_string())
    }

    pub(super) fn text(status: u16, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        Self { body: Body::Whole(body.into()), ..Self::status(status).header("content-type", content_type) }
    }

    pub(super) fn redirect(status: u16, location: &str) -> Self {
        Self::status(status).header("location", location)
    }

    /// One more header. The value may hold any bytes.
    pub(super) fn header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.headers.push((name.to_owned(), value.as_ref().to_vec()));
        self
    }

    pub(super) fn never() -> Self {
        Self { body: Body::Never, ..Self::status(200) }
    }

    pub(super) fn closed() -> Self {
        Self { body: Body::Closed, ..Self::status(200) }
    }

    pub(super) fn raw(bytes: impl Into<Vec<u8>>) -> Self {
        Self { body: Body::Raw(bytes.into()), ..Self::status(200) }
    }

    /// The beginning of a JSON object that never ends.
    pub(super) fn endless(status: u16, promised: Option<u64>) -> Self {
        let header = Self::status(status).header("content-type", "application/json");
        Self { body: Body::Endless { promised }, ..header }
    }

    /// The same answer, byte by byte.
    pub(super) fn dripping(self) -> Self {
        Self { body: Body::Drip(self.content().to_vec()), ..self }
    }

    /// The same answer, with the connection cut in the middle.
    pub(super) fn cut(self) -> Self {
        let content = self.content();
        Self { body: Body::Cut(content[..content.len() / 2].to_vec()), ..self }
    }

    /// What a whole answer holds.
    pub(super) fn content(&self) -> &[u8] {
        match &self.body {
            Body::Whole(body) | Body::Drip(body) | Body::Cut(body) | Body::Raw(body) => body,
            Body::Endless { .. } | Body::Never | Body::Closed => &[],
        }
    }

    /// Where a redirect leads.
    pub(super) fn location(&self) -> String {
        let found = self.headers.iter().find(|(name, _)| name == "location");
        found.map(|(_, value)| String::from_utf8_lossy(value).into_owned()).unwrap_or_default()
    }

    /// Writes it; `written` counts what was taken. Ends when the connection should, in whatever way.
    pub(super) async fn write(
        self,
        stream: &mut TcpStream,
        mut written: impl FnMut(usize),
    ) -> io::Result<()> {
        let head = self.head();
        let mut send = async |bytes: &[u8]| -> io::Result<()> {
            stream.write_all(bytes).await?;
            written(bytes.len());
            Ok(())
        };
        match self.body {
            Body::Closed => Ok(()),
            Body::Never => std::future::pending().await,
            Body::Raw(bytes) => send(&bytes).await,
            Body::Whole(body) | Body::Cut(body) => {
                send(&head).await?;
                send(&body).await
            }
            Body::Endless { .. } => {
                send(&head).await?;
                send(b"{\"padding\":\"").await?;
                for _ in 0..ENDLESS / CHUNK.len() {
                    send(CHUNK).await?;
                }
                Ok(())
            }
            Body::Drip(body) => {
                send(&head).await?;
                for byte in body {
                    send(&[byte]).await?;
                    tokio::time::sleep(PAUSE).await;
                }
                Ok(())
            }
        }
    }

    fn head(&self) -> Vec<u8> {
        let mut head = format!("HTTP/1.1 {} Whatever\r\nconnection: close\r\n", self.status).into_bytes();
        let length = match &self.body {
            Body::Whole(body) | Body::Drip(body) => Some(body.len() as u64),
            Body::Cut(body) => Some(body.len() as u64 + 100),
            Body::Endless { promised } => *promised,
            Body::Never | Body::Closed | Body::Raw(_) => None,
        };
        for (name, value) in &self.headers {
            head.extend_from_slice(name.as_bytes());
            head.extend_from_slice(b": ");
            head.extend_from_slice(value);
            head.extend_from_slice(b"\r\n");
        }
        if let Some(length) = length {
            head.extend_from_slice(format!("content-length: {length}\r\n").as_bytes());
        }
        head.extend_from_slice(b"\r\n");
        head
    }
}
