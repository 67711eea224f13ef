use super::*;
use crate::config::ServerEntry;
use crate::upstream::Outage;

fn server() -> Arc<Server> {
    let entry = ServerEntry { command: Some("x".into()), ..ServerEntry::default() };
    let settings = entry.resolve("time", &[], Duration::from_secs(1)).unwrap();
    let facts = ApiFacts { title: "time".into(), description: String::new(), version: "1.0".into() };
    Server::new(settings, Presentation { facts, base_path: "/time".into(), secured: false })
}

fn outage(summary: &str) -> Outage {
    Outage { detail: format!("{summary}: and why"), summary: summary.into() }
}

/// Defect 12: `/openapi.json` of a server still connecting says so.
#[test]
fn defect_12_the_document_says_where_the_server_stands() {
    let server = server();
    let document =
        |server: &Server| -> serde_json::Value { serde_json::from_slice(&server.state().document).unwrap() };
    assert!(document(&server)["info"]["description"].as_str().unwrap().contains("connecting"));
    server.publish_login(Some(Login::default()));
    assert!(document(&server)["info"]["description"].as_str().unwrap().contains("waiting for a login"));
    let at = tokio::time::Instant::now();
    server.publish_status(Status::Retrying { outage: outage("it cannot be reached"), at });
    assert!(document(&server)["info"]["description"].as_str().unwrap().contains("cannot be reached"));
}

#[tokio::test(start_paused = true)]
async fn a_caller_waits_for_a_server_that_connects_but_not_for_one_that_is_down() {
    let server = server();
    let begun = tokio::time::Instant::now();
    assert!(matches!(server.session(Duration::from_secs(10)).await, Err(Status::Connecting)));
    assert_eq!(begun.elapsed(), Duration::from_secs(10));

    server.publish_login(Some(Login::default()));
    let begun = tokio::time::Instant::now();
    assert!(matches!(server.session(Duration::from_secs(10)).await, Err(Status::LoginNeeded(_))));
    assert!(begun.elapsed().is_zero());
}

#[tokio::test(start_paused = true)]
async fn a_waiting_caller_hears_that_the_server_went_down() {
    let server = server();
    let waiting = {
        let server = Arc::clone(&server);
        async move { server.session(Duration::from_secs(10)).await }
    };
    let down = async {
        tokio::task::yield_now().await;
        server.publish_status(Status::Retrying { outage: outage("gone"), at: tokio::time::Instant::now() });
    };
    let (outcome, ()) = tokio::join!(waiting, down);
    assert!(matches!(outcome, Err(Status::Retrying { .. })));
}
