//! The npm server server-filesystem.
use super::visit::{Visit, command};

#[tokio::test]
async fn files_are_read_and_written_where_it_may() {
    let Some(command) = command("MCPO_TEST_FILESYSTEM") else { return };
    let folder = tempfile::tempdir().unwrap();
    // It compares real paths.
    let root = folder.path().canonicalize().unwrap();
    std::fs::write(root.join("poem.txt"), "roses\r\nare 赤\u{1}\u{2028}\n").unwrap();
    let visit = Visit::over_stdio(command.args([&root])).await;
    assert!(visit.tools().await.len() >= 10);
    let path = |name: &str| serde_json::json!({ "path": root.join(name) }).to_string();
    let (text, failed) = visit.text("read_text_file", &path("poem.txt")).await;
    assert_eq!((text.as_str(), failed), ("roses\r\nare 赤\u{1}\u{2028}\n", false));
    let long = "0123456789\n".repeat(100_000);
    let written = serde_json::json!({ "path": root.join("long.txt"), "content": long }).to_string();
    assert!(!visit.text("write_file", &written).await.1);
    assert_eq!(std::fs::read_to_string(root.join("long.txt")).unwrap(), long);
    assert_eq!(visit.text("read_text_file", &path("long.txt")).await.0, long);
    let (text, failed) = visit.text("read_text_file", r#"{"path":"/etc/hostname"}"#).await;
    assert!(failed && text.contains("denied"), "{text}");
    visit.close().await;
}
