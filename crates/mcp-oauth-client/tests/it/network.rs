//! C16: what strangers' addresses can make this client do.

use std::time::Duration;

use mcp_oauth_client::{AuthorizationManager, DiscoveryError, Error, HttpError, Policy};
use mcp_oauth_core::Challenges;
use testkit::oauth::{Challenge, OAuthPeer, Reply};

use crate::support::{Person, builder, challenges, manager, policy};

const PATH: &str = "/.well-known/oauth-protected-resource/mcp";

async fn outcome(manager: &AuthorizationManager, challenges: &Challenges) -> Error {
    manager.authorize(&Person::default().interaction(), challenges).await.unwrap_err()
}

async fn challenged(url: &str) -> (OAuthPeer, Challenges) {
    let line = format!("Bearer resource_metadata=\"{url}\"");
    let peer = OAuthPeer::start(|script| script.challenge = Challenge::Lines(vec![line])).await;
    let challenges = challenges(&peer).await;
    (peer, challenges)
}

/// C16.1, C16.3: a challenge cannot send this client into a private network, by address or by name.
#[tokio::test]
async fn c16_3_private_addresses() {
    for url in [
        "https://10.0.0.1/prm",
        "https://169.254.169.254/latest",
        "https://[fd00::1]/prm",
        "https://0x0a000001/",
    ] {
        let (peer, challenges) = challenged(url).await;
        let error = outcome(&manager(&peer), &challenges).await;
        let refused =
            matches!(error, Error::Discovery(DiscoveryError::Http(HttpError::AddressRefused { .. })));
        assert!(refused, "{url}: {error:?}");
    }
}

/// C16.3: a server elsewhere cannot name addresses of this machine; one on this machine can.
#[tokio::test]
async fn c16_3_loopback_only_from_loopback() {
    let (peer, challenges) = challenged("http://localhost:1/prm").await;
    let remote = AuthorizationManager::builder("https://mcp.test/mcp").policy(policy()).build().unwrap();
    let error = outcome(&remote, &challenges).await;
    assert!(matches!(error, Error::Discovery(DiscoveryError::MetadataUrl(_))), "{error:?}");
    let local = outcome(&manager(&peer), &challenges).await;
    assert!(matches!(local, Error::Discovery(DiscoveryError::Http(HttpError::Connect { .. }))), "{local:?}");
}

/// C1.3, C16.2: what the challenge names must be an address that may be fetched.
#[tokio::test]
async fn c16_2_unusable_metadata_addresses() {
    for url in
        ["javascript:alert(1)", "file:///etc/passwd", "http://mcp.test/prm", "https://user@mcp.test/prm"]
    {
        let (peer, challenges) = challenged(url).await;
        let error = outcome(&manager(&peer), &challenges).await;
        assert!(matches!(error, Error::Discovery(DiscoveryError::MetadataUrl(_))), "{url}: {error:?}");
    }
}

/// C16.4: redirects of documents are checked hop by hop and counted.
#[tokio::test]
async fn c16_4_redirects() {
    let redirected = async |location: &str| {
        let peer = OAuthPeer::start(|script| {
            script.reply(PATH, Reply::redirect(302, location));
        })
        .await;
        let challenges = challenges(&peer).await;
        let error = outcome(&manager(&peer), &challenges).await;
        (error, peer)
    };
    for location in ["file:///etc/passwd", "http://evil.test/", "https://10.0.0.1/"] {
        let (error, _) = redirected(location).await;
        let Error::Discovery(DiscoveryError::Http(error)) = error else { panic!("{error:?}") };
        assert!(
            matches!(error, HttpError::RedirectRefused { .. } | HttpError::AddressRefused { .. }),
            "{location}"
        );
    }
    let (error, peer) = redirected(PATH).await;
    assert!(matches!(
        error,
        Error::Discovery(DiscoveryError::Http(HttpError::TooManyRedirects { limit: 3, .. }))
    ));
    assert_eq!(peer.count(PATH), 4);
}

/// C16.4: a good redirect is followed, without any secret in it.
#[tokio::test]
async fn c16_4_good_redirects() {
    let peer = OAuthPeer::start(|script| {
        let target = "/elsewhere";
        script.resource_place = testkit::oauth::ResourcePlace::At(target.into());
        script.challenge = Challenge::Bare;
        script.reply(PATH, Reply::redirect(308, target));
    })
    .await;
    crate::support::login(&manager(&peer)).await.unwrap();
}

async fn with_limits(reply: Reply, change: impl FnOnce(&mut Policy)) -> Error {
    let peer = OAuthPeer::start(|script| {
        script.reply(PATH, reply);
    })
    .await;
    let mut policy = policy();
    change(&mut policy);
    let manager = builder(&peer).policy(policy).build().unwrap();
    outcome(&manager, &Challenges::default()).await
}

/// C16.7: documents of bounded size, answers in bounded time.
#[tokio::test]
async fn c16_7_size_and_time() {
    let huge = Reply::status(200).with_body("application/json", vec![b' '; 300 * 1024]);
    let error = with_limits(huge, |_| {}).await;
    let too_large = matches!(
        error,
        Error::Discovery(DiscoveryError::Http(HttpError::BodyTooLarge { limit_bytes: 262_144, .. }))
    );
    assert!(too_large, "{error:?}");
    let error =
        with_limits(Reply::hang(), |policy| policy.limits.request_time = Duration::from_millis(50)).await;
    assert!(matches!(error, Error::Discovery(DiscoveryError::Http(HttpError::TimedOut { .. }))), "{error:?}");
    assert!(error.is_retryable());
}

/// C16.7: what a peer answered is not repeated in an error.
#[tokio::test]
async fn c16_7_bodies_are_not_echoed() {
    let reply = Reply::status(200).with_body("application/json", r#"{"resource": "internal-s3cr3t"}"#);
    let error = with_limits(reply, |_| {}).await;
    assert!(!format!("{error} {error:?}").contains("s3cr3t"), "{error:?}");
}
