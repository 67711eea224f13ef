//! Logins of a person.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::Request;
use http_body_util::Full;
use hyper_rustls::HttpsConnectorBuilder;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use mcp_oauth_client::{
    AuthorizationLayer, AuthorizationManager, DeviceLogin, FileStore, PreregisteredClient, SealedStore,
    SealingKey, SealingKeys,
};
use mcp_oauth_core::{Challenges, ClientId, ClientSecret, RedirectUri, SystemEntropy};
use serde_json::json;
use testkit::oauth::{Dpop, OAuthPeer, Reply, Script};
use tower::{Layer as _, ServiceExt as _};

use super::tls::Tls;
use super::watch::Watch;
use super::wire::Wire;
use crate::support::{Person, builder, policy};

/// C15.4: dynamic registration, login, call, refresh, step-up, management and revocation, over TLS, with each way of
/// client authentication and with pushed requests, from a sealed store: at TRACE, of every crate, with the `Debug` of
/// every type along the way.
#[tokio::test]
async fn c15_4_logins_over_tls() {
    for (method, pushed) in [("client_secret_basic", false), ("client_secret_post", true), ("none", true)] {
        let mut watch = Watch::begin();
        let tls = Tls::new();
        watch.wire = Wire::over(tls.client());
        let peer = OAuthPeer::start(|script| {
            script.revocation = true;
            script.pushed_requests = pushed;
            script.challenge_scope = Some("mcp:read".into());
            script.metadata_patch = json!({
                "token_endpoint_auth_methods_supported": [method],
                "require_pushed_authorization_requests": pushed,
            });
        })
        .await;
        let url = tls.protect(&peer).await;

        let directory = tempfile::tempdir().unwrap();
        let key = SealingKey::generate(&SystemEntropy);
        watch.wire.add("sealing key", &key.to_text());
        watch.show(&key);
        let keys = SealingKeys::new(key);
        watch.show(&keys);
        let store = SealedStore::new(FileStore::open(directory.path()).unwrap(), keys);
        watch.show(&store);
        let building =
            AuthorizationManager::builder(&url).http(watch.wire.clone()).policy(policy()).store(store);
        watch.show(&building);
        let manager = building.build().unwrap();
        let https =
            HttpsConnectorBuilder::new().with_tls_config(tls.config()).https_only().enable_http1().build();
        let layer = AuthorizationLayer::new(manager.clone());
        let attended = layer.clone().interactive(Person::default().interaction());
        watch.show(&(&layer, &attended));
        let alone = layer.layer(Client::builder(TokioExecutor::new()).build::<_, Full<Bytes>>(https.clone()));
        let client = attended.layer(Client::builder(TokioExecutor::new()).build::<_, Full<Bytes>>(https));
        let request = || Request::post(&url).body(Full::<Bytes>::default()).unwrap();
        let call = async || client.clone().oneshot(request()).await.unwrap();

        let refused = alone.clone().oneshot(request()).await.unwrap_err();
        watch.show_error(&*refused);
        watch.show(&call().await.headers());
        let grant = manager.grant().unwrap();
        watch.show(&(&grant, grant.client(), grant.client().authentication(), grant.access_token()));
        peer.expire_access_tokens();
        call().await;
        peer.change(|script| script.required_scope = Some("mcp:write".into()));
        let refused = alone.oneshot(request()).await.unwrap_err();
        watch.show_error(&*refused);
        call().await;
        watch.show(&(&manager, &client));

        // A session by hand, with a wrong answer.
        let session = manager.begin(&Challenges::default(), RedirectUri::loopback(3030)).await.unwrap();
        watch.show(&session);
        let wrong = session.handle_callback("?code=code-of-nobody-s3cr3t&state=state-of-nobody-s3cr3t").await;
        watch.wire.add("code", "code-of-nobody-s3cr3t");
        watch.wire.add("state", "state-of-nobody-s3cr3t");
        watch.show_error(&wrong.unwrap_err());

        let logout = manager.logout().await.unwrap();
        watch.show(&logout);
        let states = peer.seen_at("/authorize").into_iter().filter_map(|seen| seen.parameter("state"));
        states.for_each(|state| watch.wire.add("state", &state));
        peer.secrets().iter().for_each(|secret| watch.wire.add("given out", secret));
        watch.end(&["mcp_oauth_client", "hyper", "rustls"]);
    }
}

/// C15.4: answers that are refused, or hold secrets where they do not belong; clients that were registered by hand.
#[tokio::test]
async fn c15_4_refusals_and_broken_answers() {
    let mut watch = Watch::begin();
    let peer = OAuthPeer::start(|_| {}).await;
    let secret = "hand-made-s3cr3t:+%&=";
    peer.add_client("hand made", Some(secret), "client_secret_basic");
    let hand_made = PreregisteredClient::new(ClientId::parse("hand made").unwrap())
        .with_secret(ClientSecret::parse(secret).unwrap());
    watch.show(&hand_made);
    let manager = builder(&peer).http(watch.wire.clone()).preregistered(hand_made).build().unwrap();
    let person = Person::default();
    manager.authorize(&person.interaction(), &Challenges::default()).await.unwrap();

    let leaky = json!({
        "access_token": "leaky access s3cr3t",
        "token_type": "Bearer",
        "refresh_token": "leaky-refresh-s3cr3t",
    });
    let bare = json!("a-bare-text-s3cr3t");
    watch.wire.add("bare text", "a-bare-text-s3cr3t");
    let error = json!({ "error": "invalid_grant", "access_token": "leaky-access-s3cr3t" });
    for reply in [
        Reply::json(200, &leaky),
        Reply::json(200, &bare),
        Reply::json(400, &error),
        Reply::json(500, &leaky),
        Reply::redirect(307, "/elsewhere?access_token=leaky-access-s3cr3t"),
    ] {
        peer.change(|script| {
            script.reply("/token", reply);
        });
        let error = manager.authorize(&person.interaction(), &Challenges::default()).await.unwrap_err();
        watch.show_error(&error);
        let held = manager.grant().map(|grant| grant.access_token().clone());
        let error = manager.recover(held.as_ref()).await.unwrap_err();
        watch.show_error(&error);
        peer.change(|script| *script = Script::default());
    }
    watch.wire.add("access_token", "leaky-access-s3cr3t");
    peer.secrets().iter().for_each(|secret| watch.wire.add("given out", secret));
    watch.end(&["mcp_oauth_client", "hyper"]);
}

/// C15.4, C17.14: tokens that are bound to a key: the private key, wherever it is kept, and every proof.
#[tokio::test]
async fn c15_4_bound_tokens() {
    let mut watch = Watch::begin();
    let mut dpop = Dpop::default();
    dpop.authority_nonce = Some("the-authority's-nonce".into());
    dpop.resource_nonce = Some("the-resource's-nonce".into());
    let peer = OAuthPeer::start(|script| script.dpop = Some(dpop)).await;
    let directory = tempfile::tempdir().unwrap();
    let store = FileStore::open(directory.path()).unwrap();
    let manager = builder(&peer).http(watch.wire.clone()).store(store).build().unwrap();
    let http = Client::builder(TokioExecutor::new()).build_http::<Full<Bytes>>();
    let client =
        AuthorizationLayer::new(manager.clone()).interactive(Person::default().interaction()).layer(http);
    let call = async || {
        let request = Request::post(peer.mcp_url()).body(Full::<Bytes>::default()).unwrap();
        client.clone().oneshot(request).await
    };
    watch.show(&call().await.unwrap().headers());
    watch.show(&(manager.grant(), &manager, &client));
    peer.expire_access_tokens();
    call().await.unwrap();
    for seen in peer.seen() {
        seen.header("dpop").into_iter().for_each(|proof| watch.wire.add("proof", proof));
    }
    // The key is in the store with the grant.
    for file in std::fs::read_dir(directory.path()).unwrap() {
        let text = std::fs::read_to_string(file.unwrap().path()).unwrap_or_default();
        let private = text.split("\"d\":").skip(1).filter_map(|rest| rest.split('"').nth(1));
        private.for_each(|private| watch.wire.add("private key", private));
    }
    let kinds: Vec<_> = watch.wire.secrets().into_iter().map(|(kind, _)| kind).collect();
    assert!(
        kinds.iter().any(|kind| kind == "private key") && kinds.iter().any(|kind| kind == "proof"),
        "{kinds:?}"
    );
    peer.revoke_everything();
    peer.change(|script| script.refuse_login = Some("access_denied".into()));
    watch.show_error(&*call().await.unwrap_err());
    peer.secrets().iter().for_each(|secret| watch.wire.add("given out", secret));
    watch.end(&["mcp_oauth_client", "hyper"]);
}

/// C15.4: a login on another device: its device code, and the tokens. The code that the person types is theirs to see.
#[tokio::test]
async fn c15_4_login_on_another_device() {
    let mut watch = Watch::begin();
    let peer = OAuthPeer::start(|script| script.device_patch = json!({ "interval": 0 })).await;
    let endpoint = format!("{}/device_authorization", peer.issuer());
    peer.change(|script| {
        script.metadata_patch = json!({ "device_authorization_endpoint": endpoint });
        script.device_polls = vec!["authorization_pending"];
    });
    peer.add_client("tv", None, "none");
    let mut policy = policy();
    policy.limits.device_interval = Duration::from_millis(1);
    let tv = PreregisteredClient::new(ClientId::parse("tv").unwrap());
    let manager = builder(&peer).http(watch.wire.clone()).preregistered(tv).policy(policy).build().unwrap();
    let shown = Arc::new(Mutex::new(Vec::new()));
    let prompts = Arc::clone(&shown);
    let login = DeviceLogin::announced(move |prompt| prompts.lock().unwrap().push(format!("{prompt:?}")));
    watch.show(&login);
    let grant = manager.authorize(&login, &Challenges::default()).await.unwrap();
    watch.show(&(&grant, &*shown));
    manager.recover(Some(grant.access_token())).await.unwrap();
    peer.change(|script| script.device_polls = vec!["access_denied"]);
    watch.show_error(&manager.authorize(&login, &Challenges::default()).await.unwrap_err());
    let kinds: Vec<_> = watch.wire.secrets().into_iter().map(|(kind, _)| kind).collect();
    assert!(kinds.iter().any(|kind| kind == "device_code"), "{kinds:?}");
    peer.secrets().iter().for_each(|secret| watch.wire.add("given out", secret));
    watch.end(&["mcp_oauth_client", "hyper"]);
}
