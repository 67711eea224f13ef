//! The Python server mcp-server-time.
use super::visit::{Visit, command};

#[tokio::test]
async fn it_tells_the_time() {
    let Some(command) = command("MCPO_TEST_TIME") else { return };
    let visit = Visit::over_stdio(command).await;
    visit.tools_named(&["convert_time", "get_current_time"]).await;
    let (text, failed) = visit.text("get_current_time", r#"{"timezone":"Europe/Berlin"}"#).await;
    assert!(!failed && text.contains("Europe/Berlin"), "{text}");
    let (text, failed) = visit.text("get_current_time", r#"{"timezone":"Atlantis/Capital"}"#).await;
    assert!(failed && text.contains("Atlantis/Capital"), "{text}");
    visit.close().await;
}
