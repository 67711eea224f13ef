//! Every path of the hostile peer, with the limits that a program would have, but for the time.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use http::{Request, StatusCode};
use http_body_util::Full;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use mcp_oauth_client::{
    AuthorizationLayer, AuthorizationManager, BoxError, DeviceLogin, Error, HyperClient, Policy, Revocation,
};
use testkit::hostile::{HostilePeer, Misbehaviour, misbehaviours};
use tower::{Layer as _, ServiceExt as _};

use super::outcome::path;
use super::page::{Row, paths};
use crate::support::Person;

/// How long one request may take, and how long a person may.
const REQUEST: Duration = Duration::from_secs(2);
const PERSON: Duration = Duration::from_secs(2);
/// Calls of a program that tries again and again.
const CALLS: usize = 12;
/// Requests, and bytes of one answer that a peer can make a client take; the latter with what the sockets of both sides hold.
const REQUESTS: usize = 120;
const BYTES: usize = 8 * 1024 * 1024;
const WHOLE: Duration = Duration::from_secs(20);

/// C16.7 and whatever else a row is about: what comes of each path is what docs/hostile.md says, nothing is sent
/// elsewhere, and neither requests nor bytes nor time are without a limit.
#[tokio::test]
async fn every_misbehaviour_ends_as_the_page_says() {
    let peer = HostilePeer::start().await;
    // One for all: each loads the machine's certificate authorities anew.
    let http = Arc::new(HyperClient::new());
    let rows: Vec<_> = stream::iter(misbehaviours())
        .map(|misbehaviour| visit(&peer, misbehaviour, Arc::clone(&http)))
        .buffer_unordered(24)
        .collect()
        .await;
    let page = paths();
    let wrong: Vec<_> = rows.iter().filter(|row| !page.contains(row)).map(Row::line).collect();
    assert!(wrong.is_empty(), "docs/hostile.md says otherwise of\n{}", wrong.join("\n"));
    let gone: Vec<_> = page.iter().filter(|row| !rows.contains(row)).map(Row::line).collect();
    assert!(gone.is_empty(), "docs/hostile.md names what is not there:\n{}", gone.join("\n"));
    assert!(page.windows(2).all(|two| two[0].name != two[1].name));
}

#[expect(clippy::disallowed_methods, reason = "how long the whole visit took")]
async fn visit(peer: &HostilePeer, misbehaviour: Misbehaviour, http: Arc<HyperClient>) -> Row {
    let Misbehaviour { name, what, .. } = misbehaviour;
    let begun = Instant::now();
    let outcome = match call(&peer.url(name), http).await {
        Ok(outcome) => outcome,
        Err(error) => {
            let shown = format!("{error} {error:?}");
            assert!(!shown.contains("s3cr3t"), "C15.4: {name}: {shown}");
            let told = chain(&*error);
            assert!(!told.contains(|c: char| c.is_control() || c == '\u{202e}'), "C10.7: {name}: {told:?}");
            // Scopes are told as they came, and a challenge is read up to 16 KiB.
            assert!(told.len() < 17 * 1024, "C10.7: {name}: {} bytes are told", told.len());
            path(&*error)
        }
    };
    let visits = peer.visits(name);
    assert_eq!(visits.count("elsewhere"), 0, "C12.5: {name}");
    let limits = Policy::default().limits;
    // Only a server that wants something else each time gets as many logins as there may be for all purposes.
    let logins = if name == "call-403-more" { limits.logins } else { limits.logins_per_operation };
    assert!(visits.count("authorize") + visits.count("device") <= logins, "C11.4, C13.5: {name}: {visits:?}");
    assert!(visits.total() <= REQUESTS, "{name}: {visits:?}");
    assert!(visits.largest <= BYTES, "C16.7: {name}: {visits:?}");
    assert!(begun.elapsed() <= WHOLE, "C16.7: {name} took {:?}", begun.elapsed());
    Row { name: name.to_owned(), what: what.to_owned(), outcome }
}

/// What a program does that wants one call to work: the layer does the rest.
async fn call(url: &str, http: Arc<HyperClient>) -> Result<String, BoxError> {
    let mut policy = Policy::default();
    policy.legacy_servers = false;
    policy.limits.request_time = REQUEST;
    policy.limits.revocation_pause = Duration::from_millis(20);
    policy.limits.device_interval = Duration::from_millis(50);
    policy.limits.session_lifetime = PERSON;
    let manager = AuthorizationManager::builder(url).http(http).policy(policy).build()?;
    let interaction = Person::default().interaction().time_limit(PERSON);
    let layer = AuthorizationLayer::new(manager.clone());
    let layer = if url.contains("/device-") {
        layer.interactive(DeviceLogin::announced(|prompt| assert!(!prompt.user_code.is_empty())))
    } else {
        layer.interactive(interaction)
    };
    let client = layer.layer(Client::builder(TokioExecutor::new()).build_http::<Full<Bytes>>());
    let call = async || {
        let request = Request::post(url).body(Full::from("{}"))?;
        let answer = client.clone().oneshot(request).await?;
        Ok(match answer.status() {
            StatusCode::OK => "works".to_owned(),
            other => format!("answer {}", other.as_u16()),
        })
    };
    let outcome: Result<String, BoxError> = call().await;
    // A program that tries again and again: what did not help is not asked of a person again.
    if url.contains("/call-") {
        for _ in 1..CALLS {
            let _ = call().await;
        }
    }
    if url.contains("/manage-") && outcome.is_ok() {
        return Ok(manage(&manager).await?.to_owned());
    }
    if url.contains("/revoke-") && outcome.is_ok() {
        let logout = manager.logout().await?;
        assert!(manager.grant().is_none(), "forgotten in any case");
        return match logout.refresh_token {
            Revocation::Failed(error) => Err(error.into()),
            other => Ok(format!("{other:?}")),
        };
    }
    outcome
}

/// Reads the registration, changes it, and ends it.
async fn manage(manager: &AuthorizationManager) -> Result<&'static str, Error> {
    let Some(mut registration) = manager.client_registration().await? else { return Ok("not managed") };
    let mut metadata = registration.read().await?.metadata;
    metadata.client_name = Some("another name".to_owned());
    registration.update(&metadata).await?;
    registration.delete().await?;
    Ok("works")
}

/// All that a person would be told.
fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}
