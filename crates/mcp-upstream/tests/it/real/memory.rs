//! The npm server server-memory.
use super::visit::{Visit, command};

#[tokio::test]
async fn a_graph_is_kept() {
    let Some(command) = command("MCPO_TEST_MEMORY") else { return };
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("memory.jsonl");
    let visit = Visit::over_stdio(command.env("MEMORY_FILE_PATH", &file)).await;
    assert!(
        visit.tools().await.iter().any(|tool| tool.name == "read_graph" && tool.output_schema().is_some())
    );
    let entities = r#"{"entities":[{"name":"Ada","entityType":"person","observations":["née Byron","\u0000 \ud83d\ude00"]}]}"#;
    let (text, failed) = visit.text("create_entities", entities).await;
    assert!(!failed && text.contains("née Byron"), "{text}");
    let relations = r#"{"relations":[{"from":"Ada","to":"Ada","relationType":"is"}]}"#;
    assert!(!visit.text("create_relations", relations).await.1);
    let graph = visit.call("read_graph", "{}").await;
    let graph = graph.parts().unwrap().structured_content.unwrap().get().to_owned();
    assert!(graph.contains("née Byron") && graph.contains(r#""relationType":"is""#), "{graph}");
    assert!(std::fs::read_to_string(&file).unwrap().contains("née Byron"));
    let (text, failed) = visit.text("create_entities", r#"{"entities":7}"#).await;
    assert!(failed && text.contains("entities"), "{text}");
    visit.close().await;
}
