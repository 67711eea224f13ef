//! C14.7: many at once, in one process and in several.

use bytes::Bytes;
use futures_util::future::join_all;
use http::Request;
use http_body_util::Full;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use mcp_oauth_client::{AuthorizationLayer, FileStore};
use testkit::oauth::OAuthPeer;
use tower::{Layer as _, ServiceExt as _};

use crate::processes::{Job, Order, logged_in};
use crate::support::{builder, login};

/// C14.7: 64 requests that the MCP server refuses at once make one token request, and all of them get through.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn c14_7_64_concurrent_401s_make_one_token_request() {
    let peer = OAuthPeer::start(|_| {}).await;
    let manager = builder(&peer).build().unwrap();
    login(&manager).await.unwrap();
    send_64_refused(&peer, vec![manager]).await;
}

/// C14.7: the same when they come from four processes with one store.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn c14_7_64_concurrent_401s_of_several_stores() {
    let peer = OAuthPeer::start(|_| {}).await;
    let directory = tempfile::tempdir().unwrap();
    let process = || builder(&peer).store(FileStore::open(directory.path()).unwrap()).build().unwrap();
    login(&process()).await.unwrap();
    let managers: Vec<_> = (0..4).map(|_| process()).collect();
    for manager in &managers {
        manager.load().await.unwrap();
    }
    send_64_refused(&peer, managers).await;
}

async fn send_64_refused(peer: &OAuthPeer, managers: Vec<mcp_oauth_client::AuthorizationManager>) {
    let http = Client::builder(TokioExecutor::new()).build_http::<Full<Bytes>>();
    peer.clear();
    peer.expire_access_tokens();
    let calls = (0..64).map(|call| {
        let client = AuthorizationLayer::new(managers[call % managers.len()].clone()).layer(http.clone());
        let request = Request::post(peer.mcp_url()).body(Full::default()).unwrap();
        tokio::spawn(async move { client.oneshot(request).await.unwrap().status() })
    });
    for status in join_all(calls).await {
        assert_eq!(status.unwrap(), 200);
    }
    assert_eq!(peer.count("/token"), 1);
    assert!(!peer.has_revoked());
}

/// C14.7, C15.6: four processes with one store and a server that rotates renew a thousand times, and no refresh token is
/// presented twice.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn c14_7_four_processes_renew_a_thousand_times() {
    const PROCESSES: usize = 4;
    const REQUESTS: usize = 250;
    let peer = OAuthPeer::start(|_| {}).await;
    let directory = logged_in(&peer, false).await;
    let order = Order::new(&peer.mcp_url(), directory.path(), false, Job::Rotate { requests: REQUESTS });
    let processes = (0..PROCESSES).map(|_| async {
        let mut process = order.start().await;
        let sent = process.next::<usize>().await;
        assert!(process.end().await.success());
        sent
    });
    assert_eq!(join_all(processes).await, [Some(REQUESTS); PROCESSES]);
    assert_eq!(peer.count("/token"), PROCESSES * REQUESTS);
    assert!(!peer.has_revoked());
}
