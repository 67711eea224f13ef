//! C15.6: processes that die in the middle of their work.

use std::ops::Range;
use std::time::Duration;

use mcp_oauth_client::{CredentialStore as _, FileStore, StoreError};
use testkit::oauth::OAuthPeer;

use crate::processes::{Found, Job, Order, Steps, any_key, counted, logged_in};
use crate::support::login;

/// The steps of one renewal, as a process takes them that does not die.
async fn all_steps(sealed: bool) -> Vec<String> {
    let peer = OAuthPeer::start(|_| {}).await;
    let directory = logged_in(&peer, sealed).await;
    let order = Order::new(&peer.mcp_url(), directory.path(), sealed, Job::Renew { dies_at: None });
    let mut process = order.start().await;
    let mut steps = Vec::new();
    while let Some(step) = process.next().await {
        steps.push(step);
    }
    assert!(process.end().await.success());
    assert_eq!(peer.count("/token"), 1);
    steps
}

/// A renewal whose process dies at this step; then another process uses the grant. `grace` says whether the server takes
/// a refresh token again as long as nobody has used the one that came in its stead.
async fn dies_at(step: usize, sealed: bool, grace: bool) -> (OAuthPeer, tempfile::TempDir, Found) {
    let peer = OAuthPeer::start(|script| script.rotation_grace = grace).await;
    let directory = logged_in(&peer, sealed).await;
    let job = Job::Renew { dies_at: Some(step) };
    let mut process = Order::new(&peer.mcp_url(), directory.path(), sealed, job).start().await;
    let mut taken = 0;
    while process.next::<String>().await.is_some() {
        taken += 1;
    }
    assert!(!process.end().await.success(), "it died");
    assert_eq!(taken, step + 1);
    let mut process = Order::new(&peer.mcp_url(), directory.path(), sealed, Job::Use).start().await;
    let found = process.next().await.expect("a process that finds its way");
    assert!(process.end().await.success());
    (peer, directory, found)
}

/// The steps at which the server has spent the refresh token and its answer is in nobody's hands but the dying process's.
fn between_answer_and_store(steps: &[String]) -> Range<usize> {
    let at = |name: &str| steps.iter().position(|step| step == name).unwrap();
    at("answered /token")..at("replaced grant")
}

/// C15.6, C14.7: whenever the process dies, the next one finds a token that works; and, but for the moment between the
/// server's answer and its storage, one that can be renewed, and no refresh token was presented twice.
async fn loses_no_valid_token(sealed: bool) {
    let steps = all_steps(sealed).await;
    for expected in ["lease", "leased", "loaded grant", "ask /token", "replace grant"] {
        assert!(steps.iter().any(|step| step == expected), "{expected} in {steps:?}");
    }
    let lossy = between_answer_and_store(&steps);
    for (at, step) in steps.iter().enumerate() {
        let (peer, directory, found) = dies_at(at, sealed, false).await;
        assert_eq!(found.stored, 200, "died at {step}");
        if lossy.contains(&at) {
            // The server takes the second use for theft. The grant ends, and is seen to have ended: a login is all it
            // takes.
            assert_eq!(found.renewed, None, "died at {step}");
            assert!(peer.has_revoked());
            let manager =
                Order::new(&peer.mcp_url(), directory.path(), sealed, Job::Use).manager(&Steps::unseen());
            assert!(manager.load().await.unwrap().is_none());
            login(&manager).await.unwrap();
        } else {
            assert_eq!(found.renewed, Some(200), "died at {step}");
            assert!(!peer.has_revoked(), "died at {step}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn c15_6_a_crash_at_any_step_loses_no_valid_token() {
    loses_no_valid_token(false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn c15_6_a_crash_at_any_step_loses_no_valid_token_that_is_sealed() {
    loses_no_valid_token(true).await;
}

/// C15.6: with a server that takes the spent refresh token once more, not even the moment between its answer and the
/// store is one to die in.
#[tokio::test(flavor = "multi_thread")]
async fn c15_6_a_lost_answer_and_a_server_with_a_grace() {
    let steps = all_steps(false).await;
    for at in between_answer_and_store(&steps) {
        let (peer, _directory, found) = dies_at(at, false, true).await;
        assert_eq!((found.stored, found.renewed), (200, Some(200)), "died at {}", steps[at]);
        assert!(!peer.has_revoked());
    }
}

/// C15.6: killed at no particular moment of writing: what is there is whole, and not older than what was said to be
/// written.
#[tokio::test(flavor = "multi_thread")]
async fn c15_6_killed_while_writing() {
    let directory = tempfile::tempdir().unwrap();
    let order = Order::new("https://h.test/", directory.path(), false, Job::Write);
    let mut least = 0;
    for round in 0..20 {
        let mut process = order.start().await;
        for _ in 0..=round {
            least = process.next::<u64>().await.unwrap();
        }
        process.kill().await;
        let store = FileStore::open(&order.directory).unwrap();
        let found = counted(&store.load(&any_key()).await.unwrap().unwrap());
        assert!(found >= least, "{found} of {least}");
        let names = std::fs::read_dir(&order.directory).unwrap().map(|entry| entry.unwrap().file_name());
        let left: Vec<_> = names.filter(|name| name.to_string_lossy().starts_with(".new-")).collect();
        assert!(left.is_empty(), "{left:?}");
    }
    assert!(least > 20);
}

/// C14.7: a lease ends with its holder, at once and whatever time it was taken for; and who waits for it gives up when
/// told to.
#[tokio::test(flavor = "multi_thread")]
async fn c14_7_a_killed_holder_frees_its_lease() {
    let directory = tempfile::tempdir().unwrap();
    let order = Order::new("https://h.test/", directory.path(), false, Job::Hold);
    let mut holder = order.start().await;
    assert_eq!(holder.next::<String>().await.as_deref(), Some("held"));
    let store = FileStore::open(&order.directory).unwrap();
    let limit = Duration::from_millis(200);
    let began = tokio::time::Instant::now();
    let refused = store.lease(&any_key(), Duration::MAX, limit).await;
    assert!(matches!(refused, Err(StoreError::LeaseTimeout { waited }) if waited == limit));
    assert!(began.elapsed() >= limit);

    let waiting = tokio::spawn({
        let store = store.clone();
        async move { store.lease(&any_key(), Duration::MAX, Duration::from_secs(60)).await }
    });
    holder.kill().await;
    let lease = waiting.await.unwrap().unwrap();
    drop(lease);
    // At once: a look is enough.
    let mut holder = order.start().await;
    assert_eq!(holder.next::<String>().await.as_deref(), Some("held"));
    holder.kill().await;
    store.lease(&any_key(), Duration::MAX, Duration::ZERO).await.unwrap();
}
