//! Real servers, where they are installed: each variable holds a command line, which the set-up of the tests names.
use bytes::Bytes;
use mcp_upstream::{CallOptions, Command, Session, StdioTransport};

use crate::kit::{limits, options, text};

/// The command line in a variable; without one the test is left out, but not in CI.
#[expect(clippy::disallowed_methods, reason = "the tests' set-up says in variables what it has installed")]
fn command(variable: &str) -> Option<Command> {
    let line = std::env::var(variable).ok().filter(|line| !line.trim().is_empty());
    if let Some(line) = line {
        let mut words = line.split_whitespace();
        return words.next().map(|program| Command::new(program).args(words));
    }
    assert!(std::env::var("CI").as_deref() != Ok("true"), "{variable} is not set, and CI leaves nothing out");
    println!("left out: {variable} is not set (cargo xtask test sets it)");
    None
}

#[tokio::test]
async fn server_everything_over_stdio() {
    let Some(command) = command("MCPO_TEST_EVERYTHING") else { return };
    let session = Session::connect(StdioTransport::new(command), options(limits())).await.unwrap();
    let list = session.list_tools().await.unwrap();
    assert!(list.rejected.is_empty() && list.incomplete.is_none(), "{list:?}");
    assert!(list.tools.iter().any(|tool| tool.name == "echo"));
    let echo = text(&session, "echo", r#"{"message":"Grüße, 世界"}"#).await.unwrap();
    assert!(echo.contains("Grüße, 世界"), "{echo}");
    let result = session.call_tool("no-such-tool", Bytes::from_static(b"{}"), CallOptions::default()).await;
    assert!(result.map_or(true, |result| result.parts().unwrap().is_error));
    session.ping().await.unwrap();
    session.close().await;
}

#[tokio::test]
async fn server_everything_reports_progress() {
    let Some(command) = command("MCPO_TEST_EVERYTHING") else { return };
    let session = Session::connect(StdioTransport::new(command), options(limits())).await.unwrap();
    let list = session.list_tools().await.unwrap();
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
async fn server_time_over_stdio() {
    let Some(command) = command("MCPO_TEST_TIME") else { return };
    let session = Session::connect(StdioTransport::new(command), options(limits())).await.unwrap();
    let list = session.list_tools().await.unwrap();
    assert!(list.tools.iter().any(|tool| tool.name == "get_current_time"), "{list:?}");
    let time = text(&session, "get_current_time", r#"{"timezone":"Europe/Berlin"}"#).await.unwrap();
    assert!(time.contains("Europe/Berlin"), "{time}");
    session.close().await;
}
