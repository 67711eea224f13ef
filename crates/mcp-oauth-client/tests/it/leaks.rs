//! C15.4: a whole life of a grant, with everything logged, and no secret in it.

use std::fmt::Write as _;
use std::io;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::Request;
use http_body_util::Full;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use mcp_oauth_client::{AuthorizationLayer, FileStore, PreregisteredClient};
use mcp_oauth_core::{Challenges, ClientId, ClientSecret, RedirectUri};
use serde_json::json;
use testkit::oauth::{OAuthPeer, Reply};
use tower::{Layer as _, ServiceExt as _};
use tracing_subscriber::fmt::MakeWriter;

use crate::support::{Person, builder};

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("a lock").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

/// C15.4: login by dynamic registration with a secret, use, refresh, refusals, step-up, logout: at TRACE, of every crate,
/// with the `Debug` of every public type along the way.
#[tokio::test]
async fn c15_4_no_secret_in_logs_errors_or_debug() {
    let log = Log::default();
    let subscriber =
        tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_writer(log.clone()).finish();
    // Of this thread only, which is the one that this test's runtime uses.
    let guard = tracing::subscriber::set_default(subscriber);
    let mut shown = String::new();
    let peer = OAuthPeer::start(|script| {
        script.metadata_patch = json!({ "token_endpoint_auth_methods_supported": ["client_secret_basic"] });
    })
    .await;
    let directory = tempfile::tempdir().unwrap();
    let store = FileStore::open(directory.path()).unwrap();
    let building = builder(&peer).store(store.clone());
    write!(shown, "{building:?} {store:?}").unwrap();
    let manager = building.build().unwrap();
    let http = Client::builder(TokioExecutor::new()).build_http::<Full<Bytes>>();
    let client = AuthorizationLayer::new(manager.clone()).layer(http);
    let request = || Request::post(peer.mcp_url()).body(Full::<Bytes>::default()).unwrap();
    let person = Person::default();

    let refused = client.clone().oneshot(request()).await.unwrap_err();
    write!(shown, "{refused} {refused:?} {client:?} {manager:?}").unwrap();
    let grant = manager.authorize(&person.interaction(), &Challenges::default()).await.unwrap();
    write!(shown, "{grant:?} {:?} {manager:?}", grant.client()).unwrap();
    client.clone().oneshot(request()).await.unwrap();
    peer.expire_access_tokens();
    let answer = client.clone().oneshot(request()).await.unwrap();
    write!(shown, "{:?} {manager:?}", answer.headers()).unwrap();

    // A session with a wrong, a refused and a right answer.
    let session = manager.begin(&Challenges::default(), RedirectUri::loopback(3030)).await.unwrap();
    write!(shown, "{session:?}").unwrap();
    let code = "code-of-nobody-s3cr3t";
    let state =
        session.authorization_url().query_pairs().find(|(name, _)| name == "state").unwrap().1.into_owned();
    let iss = peer.issuer();
    let wrong = session.handle_callback(&format!("?code={code}&state=wrong-s3cr3t")).await.unwrap_err();
    let refused =
        session.handle_callback(&format!("?code={code}&state={state}&iss={iss}")).await.unwrap_err();
    write!(shown, "{wrong} {wrong:?} {refused} {refused:?}").unwrap();

    // Answers that hold secrets where they do not belong.
    let leaky =
        json!({ "access_token": "leaky s3cr3t", "token_type": "Bearer", "refresh_token": ["s3cr3t"] });
    for reply in [Reply::json(200, &leaky), Reply::json(200, &json!("bare-s3cr3t")), Reply::json(500, &leaky)]
    {
        peer.change(|script| {
            script.intercept(move |seen| (seen.path == "/token").then(|| reply.clone()));
        });
        let error = manager.authorize(&person.interaction(), &Challenges::default()).await.unwrap_err();
        write!(shown, "{error} {error:?}").unwrap();
        peer.change(|script| {
            let gate = script.token_gate.take();
            *script = testkit::oauth::Script::default();
            script.token_gate = gate;
        });
    }
    let hand_made = PreregisteredClient::new(ClientId::parse("id").unwrap())
        .with_secret(ClientSecret::parse("hand-made-s3cr3t").unwrap());
    write!(shown, "{hand_made:?}").unwrap();
    manager.logout().await.unwrap();
    drop(guard);

    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(log.contains("logged in") && log.contains("TRACE"), "the log was captured: {} bytes", log.len());
    let mut secrets = peer.secrets();
    secrets.push(state);
    assert!(secrets.len() >= 10);
    for (what, text) in [("log", &log), ("debug", &shown)] {
        for secret in secrets.iter().map(String::as_str).chain(["s3cr3t"]) {
            if let Some(at) = text.find(secret) {
                let from = text[..at].rfind('\n').unwrap_or(0);
                panic!("{secret} in the {what}: {}", &text[from..(at + 60).min(text.len())]);
            }
        }
    }
}
