//! What the tests share.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use mcp_oauth_client::{
    AuthorizationManager, AuthorizationManagerBuilder, BrowserLoopback, Error, Grant, HyperClient, Policy,
};
use mcp_oauth_core::{Challenges, FakeClock};
use testkit::browser::{Browser, Page};
use testkit::oauth::{OAuthPeer, Seen};
use tokio::net::TcpSocket;
use tokio::task::JoinHandle;

/// A manager for the peer, with limits that fail a test instead of hanging it.
pub(crate) fn builder(peer: &OAuthPeer) -> AuthorizationManagerBuilder {
    AuthorizationManager::builder(peer.mcp_url())
        .client_name("a test")
        .http(HyperClient::new())
        .policy(policy())
}

pub(crate) fn manager(peer: &OAuthPeer) -> AuthorizationManager {
    builder(peer).build().unwrap()
}

pub(crate) fn policy() -> Policy {
    let mut policy = Policy::default();
    policy.limits.request_time = Duration::from_secs(5);
    policy
}

/// A person who opens whatever address they are shown, and the page they end up at.
#[derive(Clone, Default)]
pub(crate) struct Person {
    visits: Arc<Mutex<Vec<JoinHandle<Page>>>>,
}

impl Person {
    pub(crate) fn interaction(&self) -> BrowserLoopback {
        let visits = Arc::clone(&self.visits);
        BrowserLoopback::announced(move |prompt| {
            let url = prompt.url.to_string();
            let visit = tokio::spawn(async move { Browser::new().open(&url).await.expect("a page") });
            visits.lock().unwrap().push(visit);
        })
        .time_limit(Duration::from_secs(10))
    }

    /// The page that the last visit ended at.
    pub(crate) async fn page(&self) -> Page {
        let visit = self.visits.lock().unwrap().pop().expect("a visit");
        visit.await.unwrap()
    }
}

/// Logs in without any challenge at hand.
pub(crate) async fn login(manager: &AuthorizationManager) -> Result<Arc<Grant>, Error> {
    manager.authorize(&Person::default().interaction(), &Challenges::default()).await
}

/// The challenges of a request without a token.
pub(crate) async fn challenges(peer: &OAuthPeer) -> Challenges {
    let refused = Browser::new().open(&peer.mcp_url()).await.unwrap();
    Challenges::from_headers(&refused.headers)
}

/// The only request for this path.
pub(crate) fn only(peer: &OAuthPeer, path: &str) -> Seen {
    let mut seen = peer.seen_at(path);
    assert_eq!(seen.len(), 1, "requests for {path}; all: {:?}", peer.paths());
    seen.remove(0)
}

/// An address where connections are refused, for as long as the socket is held.
pub(crate) fn nobody() -> (TcpSocket, SocketAddr) {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = socket.local_addr().unwrap();
    (socket, address)
}

/// A builder whose clock is moved by hand.
pub(crate) fn with_clock(peer: &OAuthPeer) -> (AuthorizationManagerBuilder, FakeClock) {
    let clock = FakeClock::default();
    (builder(peer).clock(clock.clone()), clock)
}
