//! The demo in a real browser: `crates/mcpo/tests/browser/demo.mjs` is the person, this is the program.

use std::process::Stdio;
use std::time::Duration;

use tokio::process::Command;

use crate::support::{Proxy, setting};

#[tokio::test]
async fn the_demo_from_the_page_to_a_tool_called_from_the_documentation() {
    let (Some(modules), Some(chromium)) = (setting("MCPO_TEST_NODE_MODULES"), setting("MCPO_TEST_CHROMIUM"))
    else {
        return;
    };
    let folder = tempfile::tempdir().expect("a temporary directory");
    let screenshots = setting("MCPO_TEST_SCREENSHOTS").unwrap_or_else(|| folder.path().into());
    let (demo, page) = Proxy::demo(&["--no-open"]).await;
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/browser/demo.mjs");
    let person = Command::new("node")
        .arg(script)
        .arg(&page)
        .args([modules, chromium, screenshots])
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output();
    let person = tokio::time::timeout(SESSION, person).await.expect("the session ends").expect("node runs");
    assert!(
        person.status.success(),
        "{}{}\nthe demo logged:\n{}",
        String::from_utf8_lossy(&person.stdout),
        String::from_utf8_lossy(&person.stderr),
        demo.log()
    );
}

/// How long a person may take for the whole of it. Every step in the script has a shorter limit of its own.
const SESSION: Duration = Duration::from_secs(100);
