use std::collections::HashSet;

use super::*;
use crate::browser::Browser;

#[test]
fn every_misbehaviour_has_a_path_of_its_own() {
    let names: Vec<_> = misbehaviours().iter().map(|misbehaviour| misbehaviour.name).collect();
    assert_eq!(names.iter().collect::<HashSet<_>>().len(), names.len());
    assert!(
        names.iter().all(|name| name.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-')))
    );
}

#[tokio::test]
async fn what_is_not_wrong_is_as_it_should_be() {
    let peer = HostilePeer::start().await;
    let browser = Browser::new();
    let refused = browser.open(&peer.url("type-unknown")).await.unwrap();
    assert_eq!(refused.status, 401);
    assert!(refused.header("www-authenticate").unwrap().contains("/type-unknown/prm"));
    let metadata = peer.url("type-unknown").replace("/mcp", "/prm");
    let document = browser.open(&metadata).await.unwrap().json().unwrap();
    assert_eq!(document["resource"], peer.url("type-unknown"));
    assert_eq!(browser.open(&peer.url("no-such-path")).await.unwrap().status, 404);
    let visits = peer.visits("type-unknown");
    assert_eq!((visits.count("mcp"), visits.count("prm"), visits.total()), (1, 1, 2));
    assert!(visits.largest > 100 && visits.written > visits.largest);
}
