//! The npm server server-everything, over each of its three transports.
use bytes::Bytes;
use http_body_util::Full;
use mcp_upstream::{BoxError, CallError, CallOptions, Closed, Command, HttpService, Session};

use super::visit::{Remote, Visit, command, start, visitor};
use crate::kit::{self, text};

fn installed() -> Option<Command> {
    command("MCPO_TEST_EVERYTHING")
}

/// A port for a server that takes no port 0: one that is free now has to do.
pub(crate) fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// Starts it where it listens.
pub(crate) fn listening(command: Command, way: Remote, port: u16) -> tokio::process::Child {
    let word = if way == Remote::Legacy { "sse" } else { "streamableHttp" };
    start(command).arg(word).env("PORT", port.to_string()).spawn().unwrap()
}

async fn use_it(visit: Visit) {
    let tools = visit.tools().await;
    assert!(tools.iter().any(|tool| tool.name == "echo"));
    let (echo, failed) = visit.text("echo", r#"{"message":"Grüße, 世界"}"#).await;
    assert!(!failed && echo.contains("Grüße, 世界"), "{echo}");
    let result = visit.call_with("no-such-tool", "{}", CallOptions::default()).await;
    assert!(result.map_or(true, |result| result.parts().unwrap().is_error));
    visit.session.ping().await.unwrap();
    for tool in ["get-tiny-image", "get-structured-content", "get-resource-links", "get-annotated-message"] {
        let arguments = r#"{"location":"Chicago","count":3,"messageType":"debug","includeImage":true}"#;
        let result = visit.call(tool, arguments).await;
        assert!(!result.parts().unwrap().is_error, "{tool}: {}", result.as_str());
    }
    // Its name changed between releases.
    let long = tools.iter().find(|tool| tool.name.to_lowercase().contains("long")).unwrap();
    let steps = visit.progress(&long.name, r#"{"duration":1,"steps":4}"#).await;
    assert!(steps.len() >= 3 && steps.is_sorted(), "{steps:?}");
    visit.close().await;
}

#[tokio::test]
async fn over_stdio() {
    let Some(command) = installed() else { return };
    use_it(Visit::over_stdio(command.args(["stdio"])).await).await;
}

#[tokio::test]
async fn over_streamable_http() {
    let Some(command) = installed() else { return };
    let port = free_port();
    let _server = listening(command, Remote::Streamable, port);
    use_it(Visit::to(port, Remote::Streamable, visitor(None)).await).await;
}

#[tokio::test]
async fn over_legacy_sse() {
    let Some(command) = installed() else { return };
    let port = free_port();
    let _server = listening(command, Remote::Legacy, port);
    use_it(Visit::to(port, Remote::Legacy, visitor(None)).await).await;
}

/// It answers 400 to a session that it does not know.
#[tokio::test]
async fn restarted_it_ends_the_session_that_it_forgot() {
    let Some(command) = installed() else { return };
    let port = free_port();
    // Its own stream would find out that it is down, and end the session before the call.
    let silent = HttpService::new(tower::service_fn(move |request: http::Request<Full<Bytes>>| async move {
        if request.method() == http::Method::GET {
            return Err::<http::Response<hyper::body::Incoming>, BoxError>("no stream".into());
        }
        Ok(tower::ServiceExt::oneshot(kit::client(), request).await?)
    }));
    let mut server = listening(command.clone(), Remote::Streamable, port);
    Visit::to(port, Remote::Streamable, visitor(None)).await.close().await;
    let first = Session::connect(Remote::Streamable.transport(port, silent), visitor(None)).await.unwrap();
    text(&first, "echo", r#"{"message":"before"}"#).await.unwrap();
    server.kill().await.unwrap();
    let _server = listening(command, Remote::Streamable, port);
    Visit::to(port, Remote::Streamable, visitor(None)).await.close().await;
    let error = text(&first, "echo", r#"{"message":"after"}"#).await.unwrap_err();
    assert!(
        matches!(&error, CallError::Closed { reason: Closed::SessionExpired, sent: false }),
        "{}",
        kit::chain(&error)
    );
}
