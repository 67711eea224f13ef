//! Real servers, where they are installed: each variable holds a command, which the set-up of the tests names.
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use mcp_upstream::{
    BoxError, CallError, CallOptions, Closed, Command, ConnectError, HttpService, Session, SseTransport,
    StdioTransport, StreamableTransport, Transport,
};

use crate::kit::{self, limits, options, text};

/// The command in a variable, a JSON array of words; without one the test is left out, but not in CI.
#[expect(clippy::disallowed_methods, reason = "the tests' set-up says in variables what it has installed")]
pub(crate) fn command(variable: &str) -> Option<Command> {
    if let Ok(line) = std::env::var(variable) {
        let words: Vec<String> = serde_json::from_str(&line).unwrap();
        let (program, arguments) = words.split_first().unwrap();
        return Some(Command::new(program).args(arguments));
    }
    assert!(std::env::var("CI").as_deref() != Ok("true"), "{variable} is not set, and CI leaves nothing out");
    println!("left out: {variable} is not set (cargo xtask test sets it)");
    None
}

/// A port for a server that takes no port 0: one that is free now has to do.
pub(crate) fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// Starts a server that listens, and connects to it as soon as it does.
pub(crate) async fn listening(
    command: Command,
    argument: &str,
    port: u16,
    transport: impl Fn(u16) -> Transport,
) -> (tokio::process::Child, Session) {
    let child = tokio::process::Command::new(command.program)
        .args(command.args)
        .arg(argument)
        .env("PORT", port.to_string())
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let connecting = async {
        loop {
            match Session::connect(transport(port), options(limits())).await {
                Ok(session) => return session,
                Err(ConnectError::Transport { .. }) => tokio::task::yield_now().await,
                Err(error) => panic!("{}", kit::chain(&error)),
            }
        }
    };
    let session = tokio::time::timeout(Duration::from_secs(30), connecting).await.unwrap();
    (child, session)
}

async fn use_everything(session: &Session) {
    let list = session.list_tools().await.unwrap();
    assert!(list.rejected.is_empty() && list.incomplete.is_none(), "{list:?}");
    assert!(list.tools.iter().any(|tool| tool.name == "echo"));
    let echo = text(session, "echo", r#"{"message":"Grüße, 世界"}"#).await.unwrap();
    assert!(echo.contains("Grüße, 世界"), "{echo}");
    let result = session.call_tool("no-such-tool", Bytes::from_static(b"{}"), CallOptions::default()).await;
    assert!(result.map_or(true, |result| result.parts().unwrap().is_error));
    session.ping().await.unwrap();
    // Its name changed between releases.
    let long = list.tools.iter().find(|tool| tool.name.to_lowercase().contains("long")).unwrap();
    let (sender, mut receiver) = tokio::sync::mpsc::channel(16);
    let call = CallOptions { progress: Some(sender), ..CallOptions::default() };
    session.call_tool(&long.name, Bytes::from_static(br#"{"duration":1,"steps":4}"#), call).await.unwrap();
    let mut steps = Vec::new();
    while let Some(progress) = receiver.recv().await {
        steps.push(progress.progress);
    }
    assert!(steps.len() >= 3 && steps.is_sorted(), "{steps:?}");
    session.close().await;
}

#[tokio::test]
async fn server_everything_over_stdio() {
    let Some(command) = command("MCPO_TEST_EVERYTHING") else { return };
    let session = Session::connect(StdioTransport::new(command), options(limits())).await.unwrap();
    use_everything(&session).await;
}

#[tokio::test]
async fn server_everything_over_streamable_http() {
    let Some(command) = command("MCPO_TEST_EVERYTHING") else { return };
    let transport = |port| {
        let url = format!("http://127.0.0.1:{port}/mcp").parse().unwrap();
        StreamableTransport::new(url, kit::http()).into()
    };
    let (_child, session) = listening(command, "streamableHttp", free_port(), transport).await;
    use_everything(&session).await;
}

/// It answers 400 to a session that it does not know.
#[tokio::test]
async fn server_everything_restarted_ends_the_session_that_it_forgot() {
    let Some(command) = command("MCPO_TEST_EVERYTHING") else { return };
    let transport = |port| {
        let url = format!("http://127.0.0.1:{port}/mcp").parse().unwrap();
        StreamableTransport::new(url, kit::http()).into()
    };
    let port = free_port();
    // Its own stream would find out that it is down, and end the session before the call.
    let silent = HttpService::new(tower::service_fn(move |request: http::Request<Full<Bytes>>| async move {
        if request.method() == http::Method::GET {
            return Err::<http::Response<hyper::body::Incoming>, BoxError>("no stream".into());
        }
        Ok(tower::ServiceExt::oneshot(kit::client(), request).await?)
    }));
    let (mut child, first) = listening(command.clone(), "streamableHttp", port, |port| {
        let url = format!("http://127.0.0.1:{port}/mcp").parse().unwrap();
        StreamableTransport::new(url, silent.clone()).into()
    })
    .await;
    text(&first, "echo", r#"{"message":"before"}"#).await.unwrap();
    child.kill().await.unwrap();
    let (_child, second) = listening(command, "streamableHttp", port, transport).await;
    let error = text(&first, "echo", r#"{"message":"after"}"#).await.unwrap_err();
    assert!(
        matches!(&error, CallError::Closed { reason: Closed::SessionExpired, sent: false }),
        "{}",
        kit::chain(&error)
    );
    second.close().await;
}

#[tokio::test]
async fn server_everything_over_legacy_sse() {
    let Some(command) = command("MCPO_TEST_EVERYTHING") else { return };
    let transport = |port| {
        let url = format!("http://127.0.0.1:{port}/sse").parse().unwrap();
        SseTransport::new(url, kit::http()).into()
    };
    let (_child, session) = listening(command, "sse", free_port(), transport).await;
    use_everything(&session).await;
}

#[tokio::test]
async fn server_time_over_stdio() {
    let Some(command) = command("MCPO_TEST_TIME") else { return };
    let session = Session::connect(StdioTransport::new(command), options(limits())).await.unwrap();
    let list = session.list_tools().await.unwrap();
    assert!(list.tools.iter().any(|tool| tool.name == "get_current_time"), "{list:?}");
    let time = text(&session, "get_current_time", r#"{"timezone":"Europe/Berlin"}"#).await.unwrap();
    assert!(time.contains("Europe/Berlin"), "{time}");
    session.close().await;
}
