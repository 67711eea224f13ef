//! The Python server mcp-server-git, in a repository of the test's own.
use std::path::Path;

use super::visit::{Visit, command};

/// Runs git as nobody in particular.
pub(crate) fn git(repository: &Path, arguments: &[&str]) {
    let status = std::process::Command::new("git")
        .args(["-c", "user.name=Ada", "-c", "user.email=ada@example.com", "-c", "commit.gpgsign=false"])
        .args(["-c", "init.defaultBranch=main"])
        .args(arguments)
        .current_dir(repository)
        .env("GIT_CONFIG_GLOBAL", if cfg!(windows) { "NUL" } else { "/dev/null" })
        .stdout(std::process::Stdio::null())
        .status();
    assert!(status.unwrap().success(), "git {arguments:?}");
}

#[tokio::test]
async fn a_repository_is_looked_at_and_changed() {
    let Some(command) = command("MCPO_TEST_GIT") else { return };
    let folder = tempfile::tempdir().unwrap();
    let repository = folder.path().canonicalize().unwrap();
    git(&repository, &["init", "-q"]);
    std::fs::write(repository.join("grüße.txt"), "one\n").unwrap();
    git(&repository, &["add", "."]);
    git(&repository, &["commit", "-qm", "First \"words\""]);
    std::fs::write(repository.join("grüße.txt"), "one\ntwo\t\\\n").unwrap();
    let visit = Visit::over_stdio(command.args(["--repository".as_ref(), repository.as_os_str()])).await;
    assert!(visit.tools().await.iter().any(|tool| tool.name == "git_log"));
    let arguments = serde_json::json!({ "repo_path": repository }).to_string();
    let (log, failed) = visit.text("git_log", &arguments).await;
    assert!(!failed && log.contains("First \"words\""), "{log}");
    let (diff, failed) = visit.text("git_diff_unstaged", &arguments).await;
    assert!(!failed && diff.contains("+two\t\\"), "{diff}");
    let (text, failed) = visit.text("git_status", r#"{"repo_path":"/nowhere"}"#).await;
    assert!(failed, "{text}");
    visit.close().await;
}
