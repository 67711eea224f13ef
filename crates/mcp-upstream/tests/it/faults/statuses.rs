//! HTTP statuses that are no answer: from the server, and from a proxy that stands before it.
use mcp_upstream::{CallError, Closed, Session, StreamableTransport};
use testkit::mcp::{Framing, Script, reply as script_reply};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional},
    net::{TcpListener, TcpStream},
};

use super::peer::{Act, Peer, bytes};
use crate::kit::{self, ANY, chain, limits, options, text};

fn status(line: &str, headers: &str, body: &str) -> Vec<Act> {
    let length = body.len();
    vec![bytes(&format!("HTTP/1.1 {line}\r\n{headers}content-length: {length}\r\n\r\n{body}"))]
}

#[tokio::test]
async fn a_server_that_is_busy_is_told_by_its_status() {
    let peer = Peer::start(&[
        ("429", status("429 Too Many Requests", "retry-after: 7\r\n", "slow down")),
        ("503", status("503 Service Unavailable", "retry-after: Wed, 21 Oct 2037 07:28:00 GMT\r\n", "")),
        ("500", status("500 Internal Server Error", "", "oops")),
        ("501", status("501 Not Implemented", "", "")),
    ])
    .await;
    let session = peer.session().await;
    for tool in ["429", "503", "500", "501"] {
        let error = peer.trouble(&session, tool).await.unwrap_err();
        let CallError::Http { status, .. } = &error else { panic!("{error:?}") };
        assert_eq!(status.as_str(), tool);
        assert!(chain(&error).contains(tool), "{}", chain(&error));
        assert_eq!(peer.calls(tool), 1, "nobody asked for it to be sent again");
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed_with_what_the_call_carries() {
    let elsewhere = Script::new().serve_streamable(Framing::Json).await;
    let location = format!("location: {}\r\n", elsewhere.url());
    let peer = Peer::start(&[
        ("307", status("307 Temporary Redirect", &location, "")),
        ("302", status("302 Found", &location, "")),
    ])
    .await;
    let session = peer.session().await;
    for tool in ["307", "302"] {
        let outcome = peer.trouble(&session, tool).await;
        assert!(
            matches!(&outcome, Err(CallError::Http { status, .. }) if status.as_str() == tool),
            "{outcome:?}"
        );
    }
    assert!(elsewhere.recorded().is_empty());
}

#[tokio::test]
async fn an_endless_page_under_an_error_is_cut() {
    let head = "HTTP/1.1 500 Internal Server Error\r\ncontent-type: text/html\r\n\r\n";
    let peer = Peer::start(&[
        ("long", vec![bytes(head), Act::Bytes(vec![b'x'; 10 << 20])]),
        ("slow", vec![bytes(head), bytes("half a page"), Act::Hang]),
    ])
    .await;
    let session = peer.session().await;
    for (tool, beginning) in [("long", "xxxx"), ("slow", "half a page")] {
        let error = peer.trouble(&session, tool).await.unwrap_err();
        let CallError::Http { body, .. } = &error else { panic!("{error:?}") };
        assert!(body.as_str().starts_with(beginning) && body.as_str().len() < 600);
    }
}

/// A proxy that lets everything through until it is told that the server is gone: from then on it answers 502.
async fn proxy(server: std::net::SocketAddr) -> (std::net::SocketAddr, tokio::sync::watch::Sender<bool>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (gone, mut is_gone) = tokio::sync::watch::channel(false);
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            is_gone.mark_unchanged();
            let mut is_gone = is_gone.clone();
            tokio::spawn(async move {
                if *is_gone.borrow() {
                    return bad_gateway(&mut client).await;
                }
                let mut server = TcpStream::connect(server).await.unwrap();
                tokio::select! {
                    _ = copy_bidirectional(&mut client, &mut server) => {}
                    // As a proxy does: what is under way is answered, then the connection goes.
                    _ = is_gone.changed() => bad_gateway(&mut client).await,
                }
            });
        }
    });
    (address, gone)
}

async fn bad_gateway(client: &mut TcpStream) {
    let page = "<html><h1>502 Bad Gateway</h1></html>";
    let head = "HTTP/1.1 502 Bad Gateway\r\ncontent-type: text/html\r\nconnection: close\r\n";
    let mut request = vec![0; 4096];
    let _ = tokio::time::timeout(std::time::Duration::from_millis(50), client.read(&mut request)).await;
    let _ = client.write_all(format!("{head}content-length: {}\r\n\r\n{page}", page.len()).as_bytes()).await;
}

#[tokio::test]
async fn a_proxy_that_answers_502_ends_no_session() {
    let script = Script::new().without_get_stream().tool("stuck", ANY, script_reply::hang()).tool(
        "echo",
        ANY,
        script_reply::echo(),
    );
    let server = script.serve_streamable(Framing::Json).await;
    let port = server.url().port().unwrap();
    let (address, gone) = proxy(([127, 0, 0, 1], port).into()).await;
    let transport = StreamableTransport::new(format!("http://{address}/mcp").parse().unwrap(), kit::http());
    let session = Session::connect(transport, options(limits())).await.unwrap();
    let stuck = tokio::spawn({
        let session = session.clone();
        async move { text(&session, "stuck", "{}").await }
    });
    server.wait_for(|request| request.body.contains("stuck")).await;
    gone.send_replace(true);
    let outcome = stuck.await.unwrap();
    assert!(matches!(&outcome, Err(CallError::Http { status, .. }) if status.as_u16() == 502), "{outcome:?}");
    let outcome = text(&session, "echo", "{}").await;
    assert!(matches!(&outcome, Err(CallError::Http { status, .. }) if status.as_u16() == 502), "{outcome:?}");
    gone.send_replace(false);
    assert_eq!(text(&session, "echo", "{}").await.unwrap(), "{}", "the same session");
}

#[tokio::test]
async fn a_502_under_the_servers_own_stream_ends_no_session() {
    let script = Script::new()
        .rule("GET", 0, 1, script_reply::status(502, &[], "<html>Bad Gateway</html>"))
        .tool("echo", ANY, script_reply::echo());
    let (session, server) = kit::Way::Json.session(&script).await;
    let server = server.unwrap();
    let mut changes = session.tools_changed();
    assert_eq!(text(&session, "echo", "{}").await.unwrap(), "{}");
    // It is tried again.
    while server.push(r#"{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}"#) == 0 {
        tokio::task::yield_now().await;
    }
    changes.changed().await.unwrap();
    assert_eq!(text(&session, "echo", "{}").await.unwrap(), "{}");
}

#[tokio::test]
async fn a_login_that_is_needed_half_way_ends_no_session() {
    let peer = Peer::start(&[
        ("401", status("401 Unauthorized", "www-authenticate: Bearer\r\n", "")),
        ("403", status("403 Forbidden", "", "")),
    ])
    .await;
    let session = peer.session().await;
    for tool in ["401", "403"] {
        let outcome = peer.trouble(&session, tool).await;
        assert!(
            matches!(&outcome, Err(CallError::Http { status, .. }) if status.as_str() == tool),
            "{outcome:?}"
        );
    }
    let ended = tokio::time::timeout(std::time::Duration::from_millis(20), session.closed()).await;
    assert!(ended.is_err(), "{:?}", ended.map(|reason| matches!(reason, Closed::Local)));
}
