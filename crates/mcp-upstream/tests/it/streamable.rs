//! What only streamable HTTP has: sessions, headers, both framings, the server's own stream.
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response};
use http_body_util::Full;
use mcp_upstream::{
    BoxError, CallError, CallOptions, ConnectError, HttpClient, HttpService, Session, StreamableTransport,
};
use testkit::mcp::{Framing, Script, Step, reply};
use tower::ServiceExt as _;

use crate::kit::{self, ANY, Way, limits, options, text};

#[tokio::test]
async fn requests_carry_what_the_protocol_demands() {
    let script = Script::new().tool("echo", ANY, reply::echo());
    let (session, server) = Way::Json.session(&script).await;
    let server = server.unwrap();
    text(&session, "echo", "{}").await.unwrap();
    let posts: Vec<_> = server.recorded().into_iter().filter(|request| request.method == "POST").collect();
    let [probe] = &*server.probes() else { panic!("asked more than once, or not at all") };
    assert_eq!(probe.headers["mcp-method"], "server/discover");
    assert_eq!(probe.headers["mcp-protocol-version"], "2026-07-28");
    assert!(!probe.headers.contains_key("mcp-session-id"));
    for post in &posts {
        assert!(!post.headers.contains_key("mcp-method"));
        assert_eq!(post.headers["accept"], "application/json, text/event-stream");
        assert_eq!(post.headers["content-type"], "application/json");
        let starts = post.body.contains(r#""initialize""#);
        assert_eq!(post.headers.contains_key("mcp-session-id"), !starts);
    }
    assert_eq!(posts.len(), 3);
    let get = server.wait_for(|request| request.method == "GET").await;
    assert_eq!(get.headers["accept"], "text/event-stream");
    assert_eq!(get.headers["mcp-protocol-version"], "2025-11-25");
    assert!(get.headers.contains_key("mcp-session-id") && !get.headers.contains_key("content-type"));
}

#[tokio::test]
async fn headers_are_fixed_or_a_calls_own() {
    let server = Script::new().tool("echo", ANY, reply::echo()).serve_streamable(Framing::Json).await;
    let transport = StreamableTransport::new(server.url(), kit::http())
        .header(HeaderName::from_static("x-fixed"), HeaderValue::from_static("1"))
        .header(HeaderName::from_static("x-both"), HeaderValue::from_static("fixed"));
    let session = Session::connect(transport, options(limits())).await.unwrap();
    let mut headers = HeaderMap::new();
    headers.append("x-both", HeaderValue::from_static("own"));
    headers.append("x-both", HeaderValue::from_static("own too"));
    headers.append("x-own", HeaderValue::from_static("2"));
    headers.append("mcp-session-id", HeaderValue::from_static("stolen"));
    headers.append("accept", HeaderValue::from_static("text/plain"));
    let options = CallOptions { headers, ..CallOptions::default() };
    session.call_tool("echo", Bytes::from_static(b"{}"), options).await.unwrap();
    let call = server.wait_for(|request| request.body.contains("tools/call")).await;
    assert_eq!(call.headers["x-fixed"], "1");
    assert_eq!(call.headers["x-own"], "2");
    assert_eq!(call.headers.get_all("x-both").iter().collect::<Vec<_>>(), ["own", "own too"]);
    assert_eq!(call.headers["mcp-session-id"], "1");
    assert_eq!(call.headers["accept"], "application/json, text/event-stream");
    session.ping().await.unwrap();
    let ping = server.wait_for(|request| request.body.contains(r#""ping""#)).await;
    assert_eq!(ping.headers["x-both"], "fixed");
    assert!(!ping.headers.contains_key("x-own"));
}

#[test]
fn nothing_secret_is_printed() {
    let url = "https://user:s3cret@mcp.example/mcp?key=s3cret#s3cret".parse().unwrap();
    let transport = StreamableTransport::new(url, kit::http())
        .header(HeaderName::from_static("x-api-key"), HeaderValue::from_static("s3cret"));
    let mut call = CallOptions::default();
    call.headers.insert("authorization", HeaderValue::from_static("Bearer s3cret"));
    let command = mcp_upstream::Command::new("server").args(["--key=s3cret"]).env("KEY", "s3cret");
    let printed = format!("{transport:?} {call:?} {command:?}");
    assert!(!printed.contains("s3cret"), "{printed}");
    assert!(printed.contains("https://mcp.example/mcp") && printed.contains("x-api-key"), "{printed}");
}

#[tokio::test]
async fn a_server_without_sessions_works_and_a_404_is_just_that() {
    let script = Script::new().without_sessions().without_get_stream().tool("echo", ANY, reply::echo()).rule(
        "tools/call",
        1,
        1,
        reply::status(404, &[], "gone"),
    );
    let (session, server) = Way::Json.session(&script).await;
    text(&session, "echo", "{}").await.unwrap();
    let error = text(&session, "echo", "{}").await.unwrap_err();
    assert!(matches!(&error, CallError::Http { status, .. } if status.as_u16() == 404), "{error:?}");
    text(&session, "echo", "{}").await.unwrap();
    session.close().await;
    assert!(!server.unwrap().recorded().iter().any(|request| request.method == "DELETE"));
}

#[tokio::test]
async fn the_servers_own_stream_is_heard_and_opened_again() {
    let script = Script::new();
    let (session, server) = Way::Json.session(&script).await;
    let server = server.unwrap();
    let mut receiver = session.tools_changed();
    server.wait_for(|request| request.method == "GET").await;
    let changed = r#"{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}"#;
    let wait_for_change = async |receiver: &mut tokio::sync::watch::Receiver<u64>| {
        while server.push(changed) == 0 {
            tokio::task::yield_now().await;
        }
        receiver.changed().await.unwrap();
    };
    wait_for_change(&mut receiver).await;
    server.end_streams();
    wait_for_change(&mut receiver).await;
    // A server's request on that stream is answered with a POST.
    server.push(r#"{"jsonrpc":"2.0","id":77,"method":"ping"}"#);
    let answer = server.wait_for(|request| request.body.contains("77")).await;
    assert_eq!(answer.body, r#"{"jsonrpc":"2.0","id":77,"result":{}}"#);
    assert!(answer.headers.contains_key("mcp-session-id"));
}

#[tokio::test]
async fn a_truncated_stream_ends_its_own_call_only() {
    let log = Step::Send(r#"{"jsonrpc":"2.0","method":"notifications/message","params":{}}"#.into());
    let script = Script::new()
        .tool("ends", ANY, vec![log.clone()])
        .tool("half", ANY, vec![log.clone(), Step::Raw("data: {\"jsonrpc\":\"2.0\",\"id\":$ID,\"res".into())])
        .tool("cut", ANY, vec![log, Step::Break(1)])
        .tool("slow", ANY, reply::slow(200));
    let (session, _server) = Way::Events.session(&script).await;
    let (slow, ends, half, cut) = tokio::join!(
        text(&session, "slow", "{}"),
        text(&session, "ends", "{}"),
        text(&session, "half", "{}"),
        text(&session, "cut", "{}")
    );
    assert!(matches!(ends, Err(CallError::Truncated)), "{ends:?}");
    assert!(matches!(half, Err(CallError::Truncated)), "{half:?}");
    assert!(matches!(cut, Err(CallError::Transport { .. })), "{cut:?}");
    assert_eq!(slow.unwrap(), "slow");
}

#[tokio::test]
async fn every_way_to_answer_a_call_wrongly() {
    let script = Script::new()
        .tool("html", ANY, vec![Step::Raw("<html>oops</html>".into())])
        .tool("accepted", ANY, reply::status(202, &[], ""))
        .tool("broken", ANY, reply::status(502, &[("content-type", "text/html")], "<html>Bad Gateway</html>"))
        .tool(
            "rpc-error",
            ANY,
            reply::status(
                400,
                &[("content-type", "application/json")],
                r#"{"jsonrpc":"2.0","id":null,"error":{"code":-32000,"message":"odd"}}"#,
            ),
        )
        .tool("dies", ANY, reply::die(1))
        .tool("echo", ANY, reply::echo());
    let (session, _server) = Way::Json.session(&script).await;
    let html = text(&session, "html", "{}").await.unwrap_err();
    assert!(matches!(&html, CallError::NotMcp { body } if body.as_str() == "<html>oops</html>"), "{html:?}");
    for (tool, status) in [("accepted", 202), ("broken", 502), ("rpc-error", 400)] {
        let error = text(&session, tool, "{}").await.unwrap_err();
        assert!(matches!(&error, CallError::Http { status: got, .. } if got.as_u16() == status), "{error:?}");
    }
    assert!(matches!(text(&session, "dies", "{}").await, Err(CallError::Transport { .. })));
    assert_eq!(text(&session, "echo", "{}").await.unwrap(), "{}");
}

/// What a layer below says, for example that a login is needed.
#[derive(Debug, thiserror::Error)]
#[error("a login is needed")]
struct LoginNeeded;

/// A service that asks for a login when `needed` says so.
fn guarded(needed: impl Fn(&Request<Full<Bytes>>) -> bool + Clone + Send + Sync + 'static) -> HttpService {
    let client = kit::client();
    HttpService::new(tower::service_fn(move |request: Request<Full<Bytes>>| {
        let (client, refuse) = (client.clone(), needed(&request));
        async move {
            if refuse {
                return Err::<Response<hyper::body::Incoming>, BoxError>(LoginNeeded.into());
            }
            Ok(client.oneshot(request).await?)
        }
    }))
}

fn finds_login_needed(error: &(dyn std::error::Error + 'static)) -> bool {
    std::iter::successors(Some(error), |error| error.source()).any(<dyn std::error::Error>::is::<LoginNeeded>)
}

#[tokio::test]
async fn an_error_of_the_http_service_is_found_in_the_chain() {
    let script = Script::new().tool("echo", ANY, reply::echo());
    let server = script.clone().serve_streamable(Framing::Json).await;
    let transport = StreamableTransport::new(server.url(), guarded(|_| true));
    let error = Session::connect(transport, options(limits())).await.unwrap_err();
    assert!(matches!(error, ConnectError::Transport { .. }) && finds_login_needed(&error), "{error:?}");

    let legacy = script.clone().serve_sse().await;
    let transport = mcp_upstream::SseTransport::new(legacy.url(), guarded(|_| true));
    let error = Session::connect(transport, options(limits())).await.unwrap_err();
    assert!(matches!(error, ConnectError::Transport { .. }) && finds_login_needed(&error), "{error:?}");

    let transport = StreamableTransport::new(
        server.url(),
        guarded(|request| request.headers().contains_key("x-expensive")),
    );
    let session = Session::connect(transport, options(limits())).await.unwrap();
    let mut headers = HeaderMap::new();
    headers.insert("x-expensive", HeaderValue::from_static("1"));
    let call = CallOptions { headers, ..CallOptions::default() };
    let error = session.call_tool("echo", Bytes::from_static(b"{}"), call).await.unwrap_err();
    assert!(finds_login_needed(&error), "{error:?}");
    assert_eq!(text(&session, "echo", "{}").await.unwrap(), "{}");
}

#[tokio::test]
async fn a_stream_in_answer_to_a_notification_is_not_waited_for() {
    let script = Script::new().always("notifications/initialized", reply::hang());
    let (session, _server) = Way::Events.session(&script).await;
    session.ping().await.unwrap();
}

#[tokio::test]
async fn a_thousand_calls_share_a_session() {
    let script = Script::new().tool("slow", ANY, reply::slow(50));
    for way in [Way::Json, Way::Events, Way::Legacy] {
        let (session, _server) = way.session(&script).await;
        let mut calls = tokio::task::JoinSet::new();
        for _ in 0..1000 {
            let session = session.clone();
            calls.spawn(async move { text(&session, "slow", "{}").await });
        }
        while let Some(call) = calls.join_next().await {
            assert_eq!(call.unwrap().unwrap(), "slow");
        }
    }
}

#[tokio::test]
async fn dropping_the_session_ends_it_at_the_server() {
    let (session, server) = Way::Json.session(&Script::new()).await;
    let server = server.unwrap();
    drop(session);
    let delete = server.wait_for(|request| request.method == "DELETE").await;
    assert_eq!(delete.headers["mcp-session-id"], "1");
    assert_eq!(delete.headers["mcp-protocol-version"], "2025-11-25");
    assert!(!delete.headers.contains_key("content-type"), "there is no body");
}

#[tokio::test]
async fn a_server_that_does_not_answer_delete_holds_nothing_up() {
    let (session, _server) = Way::Json.session(&Script::new().always("DELETE", reply::hang())).await;
    tokio::time::timeout(Duration::from_secs(5), session.close()).await.unwrap();
}

#[tokio::test]
async fn a_user_and_password_in_the_url_are_credentials() {
    let server = Script::new().tool("echo", ANY, reply::echo()).serve_streamable(Framing::Json).await;
    let mut url = server.url();
    url.set_username("me").unwrap();
    url.set_password(Some("s:ecret")).unwrap();
    let session =
        Session::connect(StreamableTransport::new(url, kit::http()), options(limits())).await.unwrap();
    text(&session, "echo", "{}").await.unwrap();
    let call = server.wait_for(|request| request.body.contains("tools/call")).await;
    // "me:s:ecret", the colon of the password as it was.
    assert_eq!(call.headers["authorization"], "Basic bWU6czplY3JldA==");
}

/// A server that is about to stop listens no more, but answers what it has.
#[tokio::test]
async fn one_refused_connection_leaves_the_calls_under_way() {
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let script = Script::new().tool("slow", ANY, reply::slow(500)).tool("echo", ANY, reply::echo());
    let server = script.serve_streamable(Framing::Json).await;
    let client = HttpClient::builder().build().unwrap();
    let service = tower::service_fn(move |mut request: Request<Full<Bytes>>| {
        if request.headers().contains_key("x-refused") {
            *request.uri_mut() = format!("http://{nobody}/").parse().unwrap();
        }
        client.clone().oneshot(request)
    });
    let transport = StreamableTransport::new(server.url(), HttpService::new(service));
    let session = Session::connect(transport, options(limits())).await.unwrap();
    let slow = tokio::spawn({
        let session = session.clone();
        async move { text(&session, "slow", "{}").await }
    });
    server.wait_for(|request| request.body.contains("slow")).await;
    let mut headers = HeaderMap::new();
    headers.insert("x-refused", HeaderValue::from_static("1"));
    let refused = || CallOptions { headers: headers.clone(), ..CallOptions::default() };
    let error = session.call_tool("echo", Bytes::from_static(b"{}"), refused()).await.unwrap_err();
    assert!(matches!(error, CallError::Closed { sent: false, .. }), "{error:?}");
    assert!(slow.await.unwrap().is_ok());
    // With nobody waiting, the next one ends the session.
    let _ = session.call_tool("echo", Bytes::from_static(b"{}"), refused()).await;
    session.closed().await;
}
