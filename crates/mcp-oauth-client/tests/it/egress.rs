//! C16.6: through a proxy, or through a client of the application's own.

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use futures_util::future::BoxFuture;
use mcp_oauth_client::{
    AuthorizationManager, ConnectionRules, DiscoveryError, EgressProxies, Error, HttpClient, HttpError,
    HyperClient,
};
use mcp_oauth_core::{Challenges, PlainHttp};
use serde_json::json;
use testkit::oauth::OAuthPeer;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::support::{builder, login, policy};

/// A proxy that opens every tunnel to the same address, and remembers what it was asked.
async fn proxy(target: String) -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://user:s3cr3t@{}", listener.local_addr().unwrap());
    let asked = Arc::new(Mutex::new(Vec::new()));
    let heads = Arc::clone(&asked);
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            let (heads, target) = (Arc::clone(&heads), target.clone());
            tokio::spawn(async move {
                let mut head = Vec::new();
                while !head.ends_with(b"\r\n\r\n") {
                    head.push(client.read_u8().await?);
                }
                heads.lock().expect("a lock").push(String::from_utf8_lossy(&head).into_owned());
                let mut server = TcpStream::connect(target).await?;
                client.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await?;
                tokio::io::copy_bidirectional(&mut client, &mut server).await
            });
        }
    });
    (address, asked)
}

fn through(proxy: &str) -> EgressProxies {
    EgressProxies::from_variables(|name| (name == "ALL_PROXY").then(|| proxy.to_owned()))
}

/// C16.6: metadata comes through the proxy, which gets its credentials and resolves the names itself.
#[tokio::test]
async fn c16_6_through_a_proxy() {
    let peer = OAuthPeer::start(|script| {
        script.same_origin = true;
        script.resource_patch = json!({
            "resource": "http://mcp.test/mcp",
            "authorization_servers": ["http://as.test"],
        });
        script.metadata_patch = json!({ "issuer": "http://as.test" });
    })
    .await;
    let target = peer.resource_origin().strip_prefix("http://").unwrap().to_owned();
    let (proxy, asked) = proxy(target).await;
    let mut policy = policy();
    policy.plain_http = PlainHttp::Anywhere;
    policy.addresses = Some(mcp_oauth_client::AddressPolicy::Loopback);
    let manager = AuthorizationManager::builder("http://mcp.test/mcp")
        .http(HyperClient::new().with_proxies(through(&proxy)))
        .policy(policy)
        .build()
        .unwrap();
    let found = manager.discover(&Challenges::default()).await;
    let heads = asked.lock().unwrap().clone();
    assert!(heads[0].starts_with("CONNECT mcp.test:80 HTTP/1.1\r\n"), "{heads:?} {found:?}");
    assert!(heads[1].starts_with("CONNECT as.test:80 HTTP/1.1\r\n"), "{heads:?}");
    assert!(heads[0].contains("Proxy-Authorization: Basic dXNlcjpzM2NyM3Q=\r\n"), "{heads:?}");
    found.unwrap();
    assert_eq!(peer.count("/.well-known/oauth-protected-resource/mcp"), 1);
}

/// C16.3, C16.6: a proxy is no way round the guard for addresses, and none to this machine.
#[tokio::test]
async fn c16_6_addresses_stay_guarded() {
    let (proxy, asked) = proxy("127.0.0.1:1".to_owned()).await;
    let peer = OAuthPeer::start(|_| {}).await;
    let manager = builder(&peer).http(HyperClient::new().with_proxies(through(&proxy))).build().unwrap();
    login(&manager).await.unwrap();
    assert!(asked.lock().unwrap().is_empty(), "this machine is reached directly");
    peer.change(|script| {
        script.resource_patch = json!({ "authorization_servers": ["https://169.254.169.254"] });
    });
    let error = manager.discover(&Challenges::default()).await.unwrap_err();
    let refused = matches!(error, Error::Discovery(DiscoveryError::Http(HttpError::AddressRefused { .. })));
    assert!(refused, "{error:?}");
    assert!(asked.lock().unwrap().is_empty());
}

/// Counts what goes through it.
struct Counting(HyperClient, Arc<Mutex<usize>>);

impl HttpClient for Counting {
    fn send(
        &self,
        request: http::Request<Bytes>,
        rules: ConnectionRules,
    ) -> BoxFuture<'_, Result<http::Response<Bytes>, HttpError>> {
        *self.1.lock().expect("a lock") += 1;
        self.0.send(request, rules)
    }
}

/// C16.6: every request of a login goes through the client that was given.
#[tokio::test]
async fn c16_6_injected_client() {
    let peer = OAuthPeer::start(|_| {}).await;
    let count = Arc::new(Mutex::new(0));
    let manager = builder(&peer).http(Counting(HyperClient::new(), Arc::clone(&count))).build().unwrap();
    login(&manager).await.unwrap();
    // Without what the person's browser asked for.
    assert_eq!(*count.lock().unwrap() + 1, peer.seen().len());
}
