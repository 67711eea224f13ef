//! A server made with the newest `FastMCP`, over its three transports.
use mcp_upstream::{Command, ProtocolVersion};

use super::visit::{Remote, Visit, command, visitor};

fn installed() -> Option<Command> {
    command("MCPO_TEST_FASTMCP")
}

async fn use_it(visit: Visit) {
    visit.tools_named(&["assemble", "count", "fail", "shout"]).await;
    assert_eq!(visit.text("shout", r#"{"text":"grüße"}"#).await, ("GRÜSSE".to_owned(), false));
    let part =
        visit.call("assemble", r#"{"part":{"name":"wheel","parts":[{"name":"hub"}]},"depth":2}"#).await;
    assert_eq!(
        part.parts().unwrap().structured_content.unwrap().get(),
        r#"{"name":"wheel x2","parts":[{"name":"wheel","parts":[{"name":"hub","parts":[]}]}]}"#
    );
    assert_eq!(visit.progress("count", r#"{"steps":3}"#).await, [1.0, 2.0, 3.0]);
    let (text, failed) = visit.text("fail", "{}").await;
    assert!(failed && text.contains("as it must"), "{text}");
    visit.close().await;
}

#[tokio::test]
async fn over_stdio() {
    let Some(command) = installed() else { return };
    for revision in [None, Some(ProtocolVersion::V2025_11_25), Some(ProtocolVersion::V2024_11_05)] {
        use_it(Visit::over_stdio_by(command.clone().args(["stdio"]), visitor(revision)).await).await;
    }
}

#[tokio::test]
async fn over_streamable_http() {
    let Some(command) = installed() else { return };
    for revision in [None, Some(ProtocolVersion::V2025_06_18)] {
        let command = command.clone().args(["http"]);
        use_it(Visit::over_http(command, Remote::Streamable, visitor(revision)).await).await;
    }
}

#[tokio::test]
async fn over_legacy_sse() {
    let Some(command) = installed() else { return };
    use_it(Visit::over_http(command.args(["sse"]), Remote::Legacy, visitor(None)).await).await;
}
