//! `mcpo demo` without a browser: what it prints is true, and nobody is needed with `--auto-approve`.

use serde_json::json;

use crate::support::Proxy;

#[tokio::test]
async fn the_local_server_serves_while_the_protected_one_waits_for_a_login() {
    let (demo, page) = Proxy::demo(&["--no-open"]).await;
    assert!(page.starts_with("http://127.0.0.1:"), "{page}");
    demo.ready("/text/openapi.json").await;
    let reply = demo.post("/text/text_statistics", &json!({ "text": "to be or not to be" })).await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    assert_eq!(reply.json()["words"], 6);
    demo.eventually("the protected server waits for a login", async || {
        demo.get("/notes/openapi.json").await.text().contains("login_needed").then_some(())
    })
    .await;
    let reply = demo.post("/notes/search_notes", &json!({ "query": "walk" })).await;
    assert_eq!(reply.status, 503, "{}", reply.text());
    assert!(reply.text().contains("login"), "{}", reply.text());
    let index = demo.get("/").await;
    assert!(index.header("content-type").starts_with("text/html"));
    assert!(index.text().contains("Log in to notes"), "{}", index.text());
}

#[tokio::test]
async fn auto_approve_needs_nobody() {
    let (demo, _) = Proxy::demo(&["--no-open", "--auto-approve"]).await;
    let document = demo.ready("/notes/openapi.json").await;
    for path in document["paths"].as_object().expect("paths").keys() {
        assert!(path.starts_with('/'), "{path}");
    }
    let reply = demo.post("/notes/search_notes", &json!({ "query": "walk" })).await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    assert!(reply.text().to_lowercase().contains("walk"), "{}", reply.text());
}

#[cfg(unix)]
#[tokio::test]
async fn ctrl_c_ends_it_cleanly_and_leaves_no_process_behind() {
    let (demo, _) = Proxy::demo(&["--no-open"]).await;
    demo.ready("/text/openapi.json").await;
    let children = crate::support::children(demo.pid());
    assert!(!children.is_empty(), "the local server is a child");
    assert_eq!(demo.stop_by(rustix::process::Signal::INT).await, Some(0));
    let left: Vec<u32> = children.into_iter().filter(|pid| crate::support::is_running(*pid)).collect();
    assert_eq!(left, [0; 0]);
}
