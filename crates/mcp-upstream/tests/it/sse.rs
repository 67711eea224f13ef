//! What only the older HTTP+SSE transport has: an endpoint, and a stream that is the session.
use mcp_upstream::{CallError, Closed, ConnectError, Session, SseTransport};
use testkit::mcp::{Script, Step, reply};

use crate::kit::{self, ANY, Way, limits, options, text};

#[tokio::test]
async fn an_endpoint_on_another_origin_is_refused() {
    for endpoint in ["http://127.0.0.1:1/messages", "//evil.example/messages", "javascript:alert(1)"] {
        let (session, server) = Way::Legacy.connect(&Script::new().endpoint(endpoint)).await;
        let Err(ConnectError::Endpoint { endpoint: named }) = session else { panic!("{session:?}") };
        assert_eq!(named.as_str(), endpoint);
        assert!(server.unwrap().recorded().iter().all(|request| request.method == "GET"));
    }
}

#[tokio::test]
async fn a_whole_url_of_the_same_origin_is_taken() {
    let server = Script::new().tool("echo", ANY, reply::echo()).serve_sse().await;
    let mut url = server.url();
    url.set_path("/messages");
    url.set_query(Some("session=1"));
    let second = Script::new().endpoint(url.as_str()).serve_sse().await;
    // Another port is another origin.
    let error =
        Session::connect(SseTransport::new(second.url(), kit::http()), options(limits())).await.unwrap_err();
    assert!(matches!(error, ConnectError::Endpoint { .. }), "{error:?}");
}

#[tokio::test]
async fn the_end_of_the_stream_is_the_end_of_the_session() {
    let script = Script::new().tool("stuck", ANY, reply::hang());
    for cut in [false, true] {
        let (session, server) = Way::Legacy.session(&script).await;
        let server = server.unwrap();
        let call = tokio::spawn({
            let session = session.clone();
            async move { text(&session, "stuck", "{}").await }
        });
        server.wait_for(|request| request.body.contains("stuck")).await;
        if cut {
            server.cut_streams();
        } else {
            server.stop();
        }
        let error = call.await.unwrap().unwrap_err();
        // The POST may still have been under way.
        assert!(
            matches!(
                &error,
                CallError::Closed { reason: Closed::StreamEnded | Closed::Transport { .. }, sent: true }
                    | CallError::Transport { .. }
            ),
            "{error:?}"
        );
        assert!(matches!(session.closed().await, Closed::StreamEnded | Closed::Transport { .. }));
    }
}

#[tokio::test]
async fn a_refused_post_fails_its_call_only() {
    let script = Script::new().tool("refused", ANY, reply::status(429, &[], "slow down")).tool(
        "echo",
        ANY,
        reply::echo(),
    );
    let (session, _server) = Way::Legacy.session(&script).await;
    let error = text(&session, "refused", "{}").await.unwrap_err();
    assert!(
        matches!(&error, CallError::Http { status, body } if status.as_u16() == 429 && body.as_str() == "slow down")
    );
    assert_eq!(text(&session, "echo", "{}").await.unwrap(), "{}");
}

#[tokio::test]
async fn a_stream_that_names_no_endpoint_is_no_session() {
    let script = Script::new().always(
        "GET",
        vec![Step::Status {
            status: 200,
            headers: vec![("content-type".into(), "text/event-stream".into())],
            body: "data: hello\n\n".into(),
        }],
    );
    let (session, _server) = Way::Legacy.connect(&script).await;
    assert!(matches!(session, Err(ConnectError::Closed { reason: Closed::StreamEnded, .. })), "{session:?}");
}

#[tokio::test]
async fn the_first_endpoint_counts() {
    // "All subsequent client messages MUST be sent as HTTP POST requests to this endpoint."
    for later in ["/elsewhere", "http://127.0.0.1:1/messages"] {
        let doubled = format!("/messages?session=1\r\n\r\nevent: endpoint\r\ndata: {later}");
        let script = Script::new().endpoint(&doubled).tool("echo", ANY, reply::echo());
        let (session, server) = Way::Legacy.session(&script).await;
        assert_eq!(text(&session, "echo", "{}").await.unwrap(), "{}");
        let posts = server.unwrap().recorded().into_iter().filter(|request| request.method == "POST");
        assert!(posts.map(|post| post.path).all(|path| path == "/messages?session=1"));
    }
}

#[tokio::test]
async fn lines_may_end_with_a_carriage_return() {
    let message = r#"{"jsonrpc":"2.0","id":$ID,"result":{"content":[{"type":"text","text":"cr"}]}}"#;
    let script = Script::new().endpoint("/messages?session=1\r\revent: none\rdata: none").tool(
        "cr",
        ANY,
        vec![Step::Raw(format!(": a comment\revent: message\rid: 1\rdata: {message}\r\r"))],
    );
    let (session, _server) = Way::Legacy.session(&script).await;
    assert_eq!(text(&session, "cr", "{}").await.unwrap(), "cr");
}
