//! Connections without TLS: which HTTP they speak is found out from their first bytes, whenever these come.
use bytes::Bytes;
use http::{Request, StatusCode};
use http_body_util::Empty;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::support::Proxy;

async fn connected() -> (Proxy, TcpStream) {
    let proxy = Proxy::start(["--", env!("CARGO_BIN_EXE_mcpo"), "demo-server"]).await;
    proxy.ready("/openapi.json").await;
    let address = proxy.url().trim_start_matches("http://");
    let stream = TcpStream::connect(address).await.expect("a connection");
    stream.set_nodelay(true).expect("a connection");
    (proxy, stream)
}

async fn answered(stream: &mut TcpStream) {
    let mut head = [0; 15];
    stream.read_exact(&mut head).await.expect("an answer");
    assert_eq!(&head, b"HTTP/1.1 200 OK");
}

/// RFC 9113 section 3.3: a client may know beforehand that a server speaks HTTP/2.
#[tokio::test]
async fn http_2_with_prior_knowledge() {
    let (proxy, stream) = connected().await;
    let (mut requests, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream))
            .await
            .expect("HTTP/2");
    let connection = tokio::spawn(connection);
    for _ in 0..2 {
        let request = Request::get(format!("{}/openapi.json", proxy.url()))
            .body(Empty::<Bytes>::new())
            .expect("a request");
        let answer = requests.send_request(request).await.expect("an answer");
        assert_eq!(answer.status(), StatusCode::OK);
    }
    drop(requests);
    connection.await.expect("no panic").expect("a clean end");
}

#[tokio::test]
async fn http_1_at_once() {
    let (_proxy, mut stream) = connected().await;
    stream.write_all(b"GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n").await.expect("a connection");
    answered(&mut stream).await;
}

/// Two bytes tell nothing yet.
#[tokio::test]
async fn http_1_byte_by_byte() {
    let (_proxy, mut stream) = connected().await;
    for byte in b"GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n" {
        stream.write_all(&[*byte]).await.expect("a connection");
        tokio::task::yield_now().await;
    }
    answered(&mut stream).await;
}

/// Who says nothing holds up nobody, and is let go when the program ends.
#[cfg(unix)]
#[tokio::test]
async fn silence_does_not_delay_the_end() {
    let (proxy, mut stream) = connected().await;
    assert_eq!(proxy.stop_by(rustix::process::Signal::TERM).await, Some(0));
    assert_eq!(stream.read(&mut [0; 1]).await.unwrap_or(0), 0);
}
