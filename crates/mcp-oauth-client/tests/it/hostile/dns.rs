//! Names whose addresses change between two questions, or are not what they seem.

use std::collections::VecDeque;
use std::io;
use std::net::IpAddr;
use std::sync::{Arc, Mutex};

use futures_util::future::BoxFuture;
use mcp_oauth_client::{AddressPolicy, AuthorizationManager, HyperClient, Resolver};
use mcp_oauth_core::PlainHttp;
use serde_json::json;
use testkit::oauth::OAuthPeer;

use super::outcome::path;
use crate::support::{login, policy};

/// Answers each question with the next list, the last one for ever.
#[derive(Clone)]
struct Scripted {
    answers: Arc<Mutex<VecDeque<Vec<IpAddr>>>>,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Scripted {
    fn new(answers: &[&[&str]]) -> Self {
        let answers = answers.iter().map(|list| list.iter().map(|text| text.parse().unwrap()).collect());
        Self { answers: Arc::new(Mutex::new(answers.collect())), asked: Arc::default() }
    }
}

impl Resolver for Scripted {
    fn resolve<'a>(&'a self, host: &'a str) -> BoxFuture<'a, io::Result<Vec<IpAddr>>> {
        self.asked.lock().unwrap().push(host.to_owned());
        let mut answers = self.answers.lock().unwrap();
        let answer = if answers.len() > 1 { answers.pop_front() } else { answers.front().cloned() };
        Box::pin(std::future::ready(Ok(answer.unwrap_or_default())))
    }
}

/// A login at an MCP server on this machine whose authorization server has a name; `keep` says whether its connections are
/// kept. The path of the error, or `works`, with the names that were asked for.
async fn outcome(answers: &[&[&str]], keep: bool) -> (String, Vec<String>, OAuthPeer) {
    let peer = OAuthPeer::start(|_| {}).await;
    let named = peer.issuer().replace("127.0.0.1", "as.test");
    let document = json!({
        "issuer": named,
        "authorization_endpoint": format!("{}/authorize", peer.issuer()),
        "token_endpoint": format!("{named}/token"),
        "registration_endpoint": format!("{named}/register"),
        "authorization_response_iss_parameter_supported": null,
    });
    peer.change(|script| {
        script.iss = false;
        script.resource_patch = json!({ "authorization_servers": [named] });
        script.metadata_patch = document;
        script.closes = !keep;
    });
    let resolver = Scripted::new(answers);
    let mut policy = policy();
    policy.plain_http = PlainHttp::Anywhere;
    policy.addresses = Some(AddressPolicy::Loopback);
    let manager = AuthorizationManager::builder(peer.mcp_url())
        .http(HyperClient::new().with_resolver(resolver.clone()))
        .policy(policy)
        .build()
        .unwrap();
    let outcome = match login(&manager).await {
        Ok(_) => "works".to_owned(),
        Err(error) => path(&error),
    };
    let asked = resolver.asked.lock().unwrap().clone();
    (outcome, asked, peer)
}

/// C16.5: what was judged is what is connected to, and each new connection is judged anew: a name that turns to a private
/// address after its first answer gets nothing.
#[tokio::test]
async fn c16_5_names_that_change_between_check_and_use() {
    for private in ["10.0.0.1", "169.254.169.254", "::ffff:192.168.0.1", "fd00::1"] {
        let (outcome, asked, peer) = outcome(&[&["127.0.0.1"], &[private]], false).await;
        assert_eq!(outcome, "Registration::Http::AddressRefused", "{private}");
        assert_eq!(asked, ["as.test", "as.test"], "one question for each connection");
        assert_eq!(peer.count("/register"), 0);
    }
}

/// C16.5: on a connection that is kept nobody is asked again.
#[tokio::test]
async fn c16_5_a_kept_connection_is_not_resolved_again() {
    let (outcome, asked, _) = outcome(&[&["127.0.0.1"], &["10.0.0.1"]], true).await;
    assert_eq!((outcome.as_str(), asked.len()), ("works", 1));
}

/// C16.3: of several addresses those that are forbidden are left out, wherever they stand.
#[tokio::test]
async fn c16_3_forbidden_addresses_among_others() {
    let (mixed, _, _) = outcome(&[&["10.0.0.1", "169.254.169.254", "127.0.0.1", "fd00::1"]], false).await;
    assert_eq!(mixed, "works");
    let (none, _, _) = outcome(&[&["10.0.0.1", "fe80::1"]], false).await;
    assert_eq!(none, "Discovery::Http::AddressRefused");
    let (empty, _, _) = outcome(&[&[]], false).await;
    assert_eq!(empty, "Discovery::Http::Connect");
}
