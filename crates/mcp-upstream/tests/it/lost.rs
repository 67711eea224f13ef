//! Streamable HTTP servers that forgot the session, or are gone.
use bytes::Bytes;
use http::{HeaderValue, Request};
use http_body_util::Full;
use mcp_upstream::{BoxError, CallError, CallOptions, Closed, HttpService, Session, StreamableTransport};
use testkit::mcp::{Framing, Refusal, Script, reply};
use tower::ServiceExt as _;

use crate::kit::{self, ANY, Way, limits, options, text};

/// However the server says so: see `Refusal`.
const REFUSALS: [Refusal; 3] = [Refusal::NotFound, Refusal::BadRequest, Refusal::BadRequestText];

#[tokio::test]
async fn a_forgotten_session_is_expired() {
    let script = Script::new().without_get_stream().tool("echo", ANY, reply::echo());
    for (framing, refusal) in
        [Way::Json, Way::Events].into_iter().flat_map(|way| REFUSALS.map(|refusal| (way, refusal)))
    {
        let (session, server) = framing.session(&script).await;
        text(&session, "echo", "{}").await.unwrap();
        server.as_ref().unwrap().forget_sessions_with(refusal);
        let error = text(&session, "echo", "{}").await.unwrap_err();
        assert!(
            matches!(&error, CallError::Closed { reason: Closed::SessionExpired, sent: false }),
            "{refusal:?}: the request was not carried out: {error:?}"
        );
        assert!(matches!(session.closed().await, Closed::SessionExpired));
        session.close().await;
        let requests = server.unwrap().recorded();
        assert!(!requests.iter().any(|request| request.method == "DELETE"), "there is nothing to delete");
    }
}

#[tokio::test]
async fn every_call_of_a_forgotten_session_may_be_sent_again() {
    let script = Script::new().without_get_stream().tool("echo", ANY, reply::echo());
    for refusal in REFUSALS {
        let (session, server) = Way::Json.session(&script).await;
        server.as_ref().unwrap().forget_sessions_with(refusal);
        let calls = (0..50).map(|_| text(&session, "echo", "{}"));
        for outcome in futures_util::future::join_all(calls).await {
            assert!(
                matches!(&outcome, Err(CallError::Closed { reason: Closed::SessionExpired, sent: false })),
                "{refusal:?}: {outcome:?}"
            );
        }
    }
}

#[tokio::test]
async fn the_servers_own_stream_finds_out_that_the_session_is_forgotten() {
    let find_out = async |refusal| {
        let (session, server) = Way::Json.session(&Script::new()).await;
        let server = server.unwrap();
        server.wait_for(|request| request.method == "GET").await;
        server.forget_sessions_with(refusal);
        server.end_streams();
        assert!(matches!(session.closed().await, Closed::SessionExpired), "{refusal:?}");
    };
    futures_util::future::join_all(REFUSALS.map(find_out)).await;
}

#[tokio::test]
async fn a_server_that_is_stopped_ends_the_session_at_the_next_call() {
    let script = Script::new().without_get_stream().tool("echo", ANY, reply::echo());
    let (session, server) = Way::Json.session(&script).await;
    text(&session, "echo", "{}").await.unwrap();
    server.unwrap().stop();
    // A connection that breaks under a call says less than one that is refused.
    let error = loop {
        match text(&session, "echo", "{}").await {
            Err(error @ CallError::Closed { .. }) => break error,
            Ok(_) | Err(_) => tokio::task::yield_now().await,
        }
    };
    assert!(
        matches!(&error, CallError::Closed { reason: Closed::Transport { .. }, sent: false }),
        "nothing was sent: {error:?}"
    );
    let found = std::iter::successors(Some(&error as &dyn std::error::Error), |error| error.source())
        .find_map(|error| error.downcast_ref::<std::io::Error>());
    assert_eq!(found.map(std::io::Error::kind), Some(std::io::ErrorKind::ConnectionRefused));
    assert!(matches!(session.closed().await, Closed::Transport { .. }));
}

#[tokio::test]
async fn a_server_that_is_stopped_ends_the_session_without_a_call() {
    let (session, server) = Way::Json.session(&Script::new()).await;
    let server = server.unwrap();
    server.wait_for(|request| request.method == "GET").await;
    server.stop();
    assert!(matches!(session.closed().await, Closed::Transport { .. }));
}

/// A layer's error about a connection of the layer's own.
#[derive(Debug, thiserror::Error)]
#[error("no token could be had")]
struct NoToken(#[source] BoxError);

#[tokio::test]
async fn a_layer_whose_own_connection_is_refused_ends_nothing() {
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let script = Script::new().tool("echo", ANY, reply::echo());
    let server = script.serve_streamable(Framing::Json).await;
    let client = kit::client();
    let http = HttpService::new(tower::service_fn(move |mut request: Request<Full<Bytes>>| {
        let client = client.clone();
        let elsewhere = request.headers().contains_key("x-expensive");
        async move {
            if elsewhere {
                *request.uri_mut() = format!("http://{nobody}/token").parse().unwrap();
            }
            let answer = client.oneshot(request).await;
            answer
                .map_err(|error| if elsewhere { BoxError::from(NoToken(error.into())) } else { error.into() })
        }
    }));
    let transport = StreamableTransport::new(server.url(), http);
    let session = Session::connect(transport, options(limits())).await.unwrap();
    let mut call = CallOptions::default();
    call.headers.insert("x-expensive", HeaderValue::from_static("1"));
    let error = session.call_tool("echo", Bytes::from_static(b"{}"), call).await.unwrap_err();
    assert!(matches!(&error, CallError::Transport { source } if source.is::<NoToken>()), "{error:?}");
    assert_eq!(text(&session, "echo", "{}").await.unwrap(), "{}");
}

#[tokio::test]
async fn a_server_without_a_route_for_get_forgot_nothing() {
    for status in [400, 404] {
        let script = Script::new().always("GET", reply::status(status, &[], "Cannot GET /mcp"));
        let (session, server) = Way::Json.session(&script).await;
        let server = server.unwrap();
        server.wait_for(|request| request.body.contains(r#""ping""#)).await;
        session.ping().await.unwrap();
    }
}
