//! The end of the program, and of its servers: nothing is left behind, and nothing takes the others along.
#![cfg(unix)]

use std::path::Path;

use rustix::process::Signal;
use serde_json::json;

use crate::support::{Proxy, is_running, signal};

/// A shell command that writes the server's process id down, then becomes the demo's server.
fn remembered(pids: &Path) -> String {
    format!("echo $$ >> '{}'; exec '{}' demo-server", pids.display(), env!("CARGO_BIN_EXE_mcpo"))
}

fn pids(file: &Path) -> Vec<u32> {
    let text = std::fs::read_to_string(file).unwrap_or_default();
    text.lines().filter_map(|line| line.trim().parse().ok()).collect()
}

#[tokio::test]
async fn sigterm_is_a_clean_end_for_the_whole_tree() {
    let folder = tempfile::tempdir().expect("a temporary directory");
    let file = folder.path().join("pids");
    // A grandchild that outlives its parent if only the parent is ended, and a child that does not listen.
    let stubborn =
        format!("trap '' TERM; echo $$ >> '{0}'; sleep 600 & echo $! >> '{0}'; wait", file.display());
    let config = json!({ "mcpServers": {
        "good": { "command": "sh", "args": ["-c", remembered(&file)] },
        "stubborn": { "command": "sh", "args": ["-c", stubborn] },
    } });
    let proxy = Proxy::with_config(&config).await;
    proxy.ready("/good/openapi.json").await;
    let all = proxy
        .eventually("all three wrote their process ids", async || {
            let all = pids(&file);
            (all.len() == 3).then_some(all)
        })
        .await;
    assert_eq!(proxy.stop_by(Signal::TERM).await, Some(0));
    let left: Vec<u32> = all.into_iter().filter(|pid| is_running(*pid)).collect();
    assert_eq!(left, [0; 0], "processes left behind");
}

#[tokio::test]
async fn a_killed_server_is_started_again() {
    let folder = tempfile::tempdir().expect("a temporary directory");
    let file = folder.path().join("pids");
    let proxy = Proxy::start(["--", "sh", "-c", &remembered(&file)]).await;
    let document = proxy.ready("/openapi.json").await;
    let before = pids(&file);
    assert_eq!(before.len(), 1);
    signal(before[0], Signal::KILL);
    proxy
        .eventually("a second process serves", async || {
            (pids(&file).len() > 1 && proxy.get("/openapi.json").await.json() == document).then_some(())
        })
        .await;
}

/// A signal right after the program has said that it listens is not too early.
#[tokio::test]
async fn a_signal_at_the_first_moment_is_a_clean_end_too() {
    let proxy = Proxy::start(["--", env!("CARGO_BIN_EXE_mcpo"), "demo-server"]).await;
    assert_eq!(proxy.stop_by(Signal::TERM).await, Some(0));
}
