//! What the servers made with three SDKs have in common: `tests/servers/`, and `rmcp-server` of the testkit.
use mcp_upstream::{CallError, ProtocolVersion};

use super::visit::Visit;

pub(super) const REVISIONS: [ProtocolVersion; 2] =
    [ProtocolVersion::V2025_11_25, ProtocolVersion::V2026_07_28];

/// Their tools, all but `reveal`.
pub(super) const TOOLS: [&str; 5] = ["add", "count", "fail", "greet", "locate"];

/// Uses every tool, and asks for some that are not there.
pub(super) async fn use_it(visit: &Visit, revision: ProtocolVersion) {
    assert_eq!(visit.session.server().protocol_version, revision);
    let sum = visit.call("add", r#"{"a":2,"b":40}"#).await;
    assert_eq!(sum.parts().unwrap().structured_content.unwrap().get(), r#"{"sum":42}"#);
    let (text, failed) = visit.text("locate", r#"{"region":"Zürich, 世界"}"#).await;
    assert_eq!((text.as_str(), failed), ("in Zürich, 世界", false));
    assert_eq!(visit.progress("count", r#"{"steps":5}"#).await, [1.0, 2.0, 3.0, 4.0, 5.0]);
    let (text, failed) = visit.text("fail", "{}").await;
    assert!(failed && text.contains("as it must"), "{text}");
    let unknown = visit.call_with("no-such-tool", "{}", mcp_upstream::CallOptions::default()).await;
    match unknown {
        Ok(result) => assert!(result.parts().unwrap().is_error, "{}", result.as_str()),
        Err(CallError::Server(error)) => assert_eq!(error.code, -32602),
        Err(error) => panic!("{error:?}"),
    }
}

/// A tool that asks the person something: a request of the server's own, or a result that demands input.
pub(super) async fn be_greeted(visit: &Visit) {
    assert_eq!(visit.text("greet", "{}").await, ("Hello, Ada".to_owned(), false));
}

/// A tool that adds a tool, which the server announces.
pub(super) async fn reveal(visit: &Visit) {
    let mut changed = visit.session.tools_changed();
    changed.borrow_and_update();
    assert_eq!(visit.text("reveal", "{}").await.0, "revealed");
    tokio::time::timeout(std::time::Duration::from_secs(10), changed.changed()).await.unwrap().unwrap();
    assert!(visit.tools().await.iter().any(|tool| tool.name == "hidden"));
    assert_eq!(visit.text("hidden", "{}").await.0, "found");
}
