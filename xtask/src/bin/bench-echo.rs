//! The cheapest MCP server there can be: one tool that says back what it was told. So that the benchmark measures proxies.
//!
//! `bench-echo stdio` speaks on stdin and stdout; `bench-echo http` on a free port of the loopback interface, which it prints:
//! MCP at `/mcp`, and the same as a plain JSON endpoint at `/plain/echo`, for a proxy that knows no MCP.

use std::borrow::Cow;
use std::io::{self, Read as _, Write as _};
use std::process::ExitCode;

use serde::Deserialize;
use serde_json::value::RawValue;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

fn main() -> ExitCode {
    let outcome = match std::env::args().nth(1).as_deref() {
        Some("stdio") => stdio(),
        Some("http") => tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .and_then(|rt| rt.block_on(http())),
        _ => Err(io::Error::other("usage: bench-echo stdio | bench-echo http")),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench-echo: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Reads what is there, answers every whole line, writes the answers in one go.
fn stdio() -> io::Result<()> {
    let (mut input, mut output) = (io::stdin().lock(), io::stdout().lock());
    let (mut buffer, mut chunk, mut answers) = (Vec::new(), vec![0; CHUNK], Vec::new());
    loop {
        let count = input.read(&mut chunk)?;
        if count == 0 {
            return Ok(());
        }
        buffer.extend_from_slice(chunk.get(..count).unwrap_or_default());
        let mut done = 0;
        for line in buffer.split_inclusive(|byte| *byte == b'\n').filter(|line| line.ends_with(b"\n")) {
            done += line.len();
            if let Some(answer) = answer(line) {
                answers.extend_from_slice(&answer);
                answers.push(b'\n');
            }
        }
        buffer.drain(..done);
        output.write_all(&answers)?;
        output.flush()?;
        answers.clear();
    }
}

async fn http() -> io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("listening {}", listener.local_addr()?);
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        tokio::spawn(async move {
            // A client that leaves is no news.
            let _ = connection(stream).await;
        });
    }
}

/// HTTP/1.1 as far as it is needed here: requests with a length, one after another.
async fn connection(mut stream: TcpStream) -> io::Result<()> {
    let mut buffer = Vec::with_capacity(CHUNK);
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
        while buffer.len() < end + length {
            if stream.read_buf(&mut buffer).await? == 0 {
                return Ok(());
            }
        }
        let body = buffer.get(end..end + length).unwrap_or_default();
        let (status, answer) = if head.starts_with("post /plain/") {
            ("200 OK", plain(body))
        } else if head.starts_with("post ") {
            answer(body).map_or(("202 Accepted", Vec::new()), |answer| ("200 OK", answer))
        } else if head.starts_with("delete ") {
            ("200 OK", Vec::new())
        } else {
            ("405 Method Not Allowed", Vec::new())
        };
        let mut reply = format!(
            "HTTP/1.1 {status}\r\ncontent-type: application/json\r\nmcp-session-id: lean-session\r\ncontent-length: {}\r\n\r\n",
            answer.len()
        )
        .into_bytes();
        reply.extend_from_slice(&answer);
        stream.write_all(&reply).await?;
        buffer.drain(..end + length);
    }
}

#[derive(Deserialize)]
struct Request<'a> {
    #[serde(borrow)]
    id: Option<&'a RawValue>,
    #[serde(borrow)]
    method: Cow<'a, str>,
    #[serde(borrow)]
    params: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Call<'a> {
    #[serde(borrow)]
    arguments: Message<'a>,
}

#[derive(Deserialize)]
struct Message<'a> {
    #[serde(borrow)]
    message: &'a RawValue,
}

#[derive(Deserialize)]
struct Initialize<'a> {
    #[serde(borrow, rename = "protocolVersion")]
    version: Cow<'a, str>,
}

/// The answer to one message; `None` for a notification.
fn answer(message: &[u8]) -> Option<Vec<u8>> {
    let request: Request<'_> = serde_json::from_slice(message).ok()?;
    let id = request.id?.get();
    let params = request.params.map_or("{}", RawValue::get);
    let result = match &*request.method {
        "tools/call" => {
            // The text goes back as it came, still encoded.
            let text = serde_json::from_str::<Call<'_>>(params).ok()?.arguments.message.get();
            format!(r#"{{"content":[{{"type":"text","text":{text}}}]}}"#)
        }
        "initialize" => {
            let version = serde_json::from_str::<Initialize<'_>>(params).ok()?.version;
            format!(
                r#"{{"protocolVersion":"{version}","capabilities":{{"tools":{{}}}},"serverInfo":{{"name":"bench-echo","version":"1"}}}}"#
            )
        }
        "tools/list" => TOOLS.to_owned(),
        "ping" => "{}".to_owned(),
        _ => {
            let error = r#"{"code":-32601,"message":"Method not found"}"#;
            return Some(format!(r#"{{"jsonrpc":"2.0","id":{id},"error":{error}}}"#).into_bytes());
        }
    };
    Some(format!(r#"{{"jsonrpc":"2.0","id":{id},"result":{result}}}"#).into_bytes())
}

/// The plain endpoint: `{"message": X}` gives X.
fn plain(body: &[u8]) -> Vec<u8> {
    serde_json::from_slice::<Message<'_>>(body)
        .map_or_else(|_| b"null".to_vec(), |m| m.message.get().as_bytes().to_vec())
}

const TOOLS: &str = r#"{"tools":[{"name":"echo","description":"Says it back","inputSchema":{"type":"object","properties":{"message":{"type":"string"}},"required":["message"]}}]}"#;
/// How much is read at once, in bytes.
const CHUNK: usize = 256 * 1024;
