//! Names that do not resolve, ports where nobody listens, and connections that end for good reasons.
use std::{
    convert::Infallible,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
};

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::{Request, Response, body::Incoming, service::service_fn};
use hyper_util::{
    client::legacy::Client,
    rt::{TokioExecutor, TokioIo},
};
use mcp_upstream::{
    CallError, Closed, ConnectError, HttpService, Session, SseTransport, StreamableTransport,
};
use testkit::mcp::{Framing, Script, reply as script_reply};
use tokio::{net::TcpListener, sync::Notify};

use super::peer::{Act, Peer, bytes, reply};
use crate::kit::{self, ANY, chain, limits, options, text};

#[tokio::test]
async fn a_name_that_does_not_resolve_is_a_transport_error() {
    // RFC 6761, section 6.4: .invalid never resolves.
    let url: url::Url = "http://no-such-host.invalid/mcp".parse().unwrap();
    let error = Session::connect(StreamableTransport::new(url.clone(), kit::http()), options(limits())).await;
    let Err(error @ ConnectError::Transport { .. }) = error else { panic!("{error:?}") };
    assert!(chain(&error).contains("dns"), "{}", chain(&error));
    let error = Session::connect(SseTransport::new(url, kit::http()), options(limits())).await;
    assert!(matches!(error, Err(ConnectError::Transport { .. })), "{error:?}");
}

#[tokio::test]
async fn a_name_that_stops_resolving_fails_calls_and_not_the_session() {
    let script = Script::new().without_get_stream().tool("echo", ANY, script_reply::echo());
    let server = script.serve_streamable(Framing::Json).await;
    let (client, url) = (kit::client(), server.url());
    let down = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let is_down = Arc::clone(&down);
    let http = HttpService::new(tower::service_fn(move |mut request: Request<Full<Bytes>>| {
        if is_down.load(SeqCst) {
            *request.uri_mut() = "http://no-such-host.invalid/mcp".parse().unwrap();
        }
        client.request(request)
    }));
    let session = Session::connect(StreamableTransport::new(url, http), options(limits())).await.unwrap();
    down.store(true, SeqCst);
    let error = text(&session, "echo", "{}").await.unwrap_err();
    assert!(matches!(error, CallError::Transport { .. }) && !error.was_sent(), "{error:?}");
    down.store(false, SeqCst);
    assert_eq!(text(&session, "echo", "{}").await.unwrap(), "{}", "a name server's trouble passes");
}

#[tokio::test]
async fn a_refused_connection_ends_the_session_and_every_call_says_why() {
    let script = Script::new().without_get_stream().tool("echo", ANY, script_reply::echo());
    let server = script.serve_streamable(Framing::Json).await;
    let session = Session::connect(StreamableTransport::new(server.url(), kit::http()), options(limits()))
        .await
        .unwrap();
    server.stop();
    let refused = loop {
        match text(&session, "echo", "{}").await {
            Err(error @ CallError::Closed { .. }) => break error,
            Ok(_) | Err(_) => tokio::task::yield_now().await,
        }
    };
    assert!(!refused.was_sent(), "{refused:?}");
    let later = text(&session, "echo", "{}").await.unwrap_err();
    let CallError::Closed { reason: Closed::Transport { .. }, sent: false } = later else {
        panic!("{later:?}")
    };
}

#[tokio::test]
async fn a_server_that_closes_the_connection_after_each_reply_works() {
    let announced =
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n\r\n".to_owned();
    let peer = Peer::start(&[
        // Not announced: the client finds out by itself, maybe only when it uses the connection again.
        ("closes", vec![Act::Last(reply("closed"))]),
        ("announces", vec![bytes(&announced), bytes(&reply("closed"))]),
        ("http/1.0", vec![bytes(&announced.replace("1.1", "1.0")), bytes(&reply("closed"))]),
    ])
    .await;
    let session = peer.session().await;
    for tool in ["closes", "announces", "http/1.0"] {
        for _ in 0..50 {
            assert_eq!(text(&session, tool, "{}").await.unwrap(), "closed", "{tool}");
        }
        assert_eq!(peer.trouble(&session, tool).await.unwrap(), "closed", "{tool}");
    }
}

/// Answers over HTTP/2: `leave` makes the connection say GOAWAY before it is answered.
async fn answer(request: Request<Incoming>, leave: Arc<Notify>) -> Result<Response<Full<Bytes>>, Infallible> {
    let body = request.into_body().collect().await.unwrap().to_bytes();
    let message: serde_json::Value = serde_json::from_slice(&body).unwrap_or_default();
    let id = message["id"].to_string();
    let mut response = Response::new(Full::default());
    let text = match message["method"].as_str() {
        _ if message.get("id").is_none() => {
            *response.status_mut() = if body.is_empty() { 405 } else { 202 }.try_into().unwrap();
            return Ok(response);
        }
        Some("initialize") => r#"{"jsonrpc":"2.0","id":$ID,"result":{"protocolVersion":"2025-11-25","capabilities":{},"serverInfo":{"name":"h2","version":"1"}}}"#.to_owned(),
        Some("tools/call") => {
            if message["params"]["name"] == "leave" {
                leave.notify_one();
                tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            }
            reply("done")
        }
        _ => r#"{"jsonrpc":"2.0","id":$ID,"error":{"code":-32601,"message":"Method not found"}}"#.to_owned(),
    };
    response.headers_mut().insert("content-type", "application/json".parse().unwrap());
    *response.body_mut() = Full::from(text.replace("$ID", &id));
    Ok(response)
}

/// A server of HTTP/2 without TLS that says GOAWAY when it is told to leave, and how many connections it had.
pub(super) async fn leaving_server() -> (std::net::SocketAddr, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let connections = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&connections);
    tokio::spawn(async move {
        while let Ok((connection, _)) = listener.accept().await {
            counted.fetch_add(1, SeqCst);
            tokio::spawn(async move {
                let leave = Arc::new(Notify::new());
                let leaving = Arc::clone(&leave);
                let service = service_fn(move |request| answer(request, Arc::clone(&leave)));
                let serving = hyper::server::conn::http2::Builder::new(TokioExecutor::new())
                    .serve_connection(TokioIo::new(connection), service);
                tokio::pin!(serving);
                tokio::select! {
                    _ = &mut serving => return,
                    () = leaving.notified() => serving.as_mut().graceful_shutdown(),
                }
                let _ = serving.await;
            });
        }
    });
    (address, connections)
}

/// Calls while the server leaves, and after that, three times.
pub(super) async fn calls_survive_goaway(transport: StreamableTransport, connections: &AtomicUsize) {
    let session = Session::connect(transport, options(limits())).await.unwrap();
    for round in 1..=3 {
        let calls = (0..20).map(|n| text(&session, if n == 10 { "leave" } else { "echo" }, "{}"));
        for outcome in futures_util::future::join_all(calls).await {
            assert_eq!(outcome.unwrap(), "done");
        }
        assert_eq!(text(&session, "echo", "{}").await.unwrap(), "done");
        assert!(connections.load(SeqCst) > round, "the connection that was left is not used again");
    }
}

#[tokio::test]
async fn goaway_lets_calls_finish_and_later_ones_take_a_new_connection() {
    let (address, connections) = leaving_server().await;
    let client: Client<_, Full<Bytes>> = Client::builder(TokioExecutor::new()).http2_only(true).build_http();
    let url = format!("http://{address}/mcp").parse().unwrap();
    calls_survive_goaway(StreamableTransport::new(url, HttpService::new(client)), &connections).await;
}
