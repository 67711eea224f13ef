//! C10.6: logins that one process begins and another one ends: replicas, or the same program after a restart.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use futures_util::future::BoxFuture;
use mcp_oauth_client::{
    AuthorizationManagerBuilder, CallbackError, CredentialStore, DpopPolicy, Error, MemoryPendingStore,
    MemoryStore, PendingAuthorization, PendingStore, PreregisteredClient, SecretBytes, StoreError,
};
use mcp_oauth_core::{Challenges, ClientId, ClientSecret, RedirectUri, State};
use serde_json::json;
use testkit::browser::Browser;
use testkit::oauth::{Dpop, OAuthPeer};

use crate::support::{builder, policy};

const REDIRECT: &str = "https://app.test/callback";
const SECRET: &str = "only-in-the-configuration";

/// What replicas share: bytes.
#[derive(Clone, Default)]
struct Shared(Arc<Mutex<HashMap<String, SecretBytes>>>);

impl PendingStore for Shared {
    fn put(&self, pending: PendingAuthorization) -> BoxFuture<'_, Result<(), StoreError>> {
        Box::pin(async move {
            let bytes = pending.to_bytes()?;
            self.0.lock().unwrap().insert(pending.state().expose().to_owned(), bytes);
            Ok(())
        })
    }

    fn take<'a>(
        &'a self,
        state: &'a State,
    ) -> BoxFuture<'a, Result<Option<PendingAuthorization>, StoreError>> {
        Box::pin(async move {
            let bytes = self.0.lock().unwrap().remove(state.expose());
            Ok(bytes.and_then(|bytes| PendingAuthorization::from_bytes(bytes.expose())))
        })
    }
}

/// Begins at one replica; the answer comes to the other, twice.
async fn begins_and_ends(
    shared: &Shared,
    one: AuthorizationManagerBuilder,
    two: AuthorizationManagerBuilder,
) -> Result<(), Error> {
    let one = one.pending_store(shared.clone()).build().unwrap();
    let two = two.pending_store(shared.clone()).build().unwrap();
    let session = one.begin(&Challenges::default(), RedirectUri::parse(REDIRECT).unwrap()).await.unwrap();
    let browser = Browser::new().stop_at(REDIRECT);
    let answer = browser.open(session.get_authorization_url().as_str()).await.unwrap().url;
    let grant = two.finish(answer.as_str()).await?;
    assert!(grant.is_refreshable());
    two.recover(Some(grant.access_token())).await.unwrap();
    for again in [&one, &two] {
        let outcome = again.finish(answer.as_str()).await;
        assert!(matches!(outcome, Err(Error::Callback(CallbackError::UnknownState))), "{outcome:?}");
    }
    Ok(())
}

fn text(shared: &Shared) -> String {
    let all = shared.0.lock().unwrap();
    all.values().map(|bytes| String::from_utf8_lossy(bytes.expose()).into_owned()).collect()
}

fn preregistered(id: &str) -> PreregisteredClient {
    PreregisteredClient::new(ClientId::parse(id).unwrap()).with_secret(ClientSecret::parse(SECRET).unwrap())
}

/// A dynamic registration, with a secret and without, goes from one to the other; nobody registers twice.
#[tokio::test]
async fn c10_6_another_replica_ends_the_login() {
    for methods in [json!(["none"]), json!(["client_secret_basic"])] {
        let peer = OAuthPeer::start(|script| {
            script.metadata_patch = json!({ "token_endpoint_auth_methods_supported": methods });
        })
        .await;
        let shared = Shared::default();
        begins_and_ends(&shared, builder(&peer), builder(&peer)).await.unwrap();
        assert_eq!((peer.count("/register"), peer.count("/authorize")), (1, 1));
    }
}

/// A configured secret stays in the configuration. A replica that has another client knows nothing of the login.
#[tokio::test]
async fn c10_6_the_secret_stays_in_the_configuration() {
    let peer = OAuthPeer::start(|script| {
        script.metadata_patch = json!({ "token_endpoint_auth_methods_supported": ["client_secret_basic"] });
    })
    .await;
    peer.add_client("web", Some(SECRET), "client_secret_basic");
    let shared = Shared::default();
    let make = |id| builder(&peer).preregistered(preregistered(id));
    begins_and_ends(&shared, make("web"), make("web")).await.unwrap();

    let one = make("web").pending_store(shared.clone()).build().unwrap();
    one.begin(&Challenges::default(), RedirectUri::parse(REDIRECT).unwrap()).await.unwrap();
    assert!(!text(&shared).contains(SECRET) && text(&shared).contains("verifier"));
    let outcome = begins_and_ends(&shared, make("web"), make("another")).await;
    assert!(matches!(outcome, Err(Error::Callback(CallbackError::UnknownState))), "{outcome:?}");
}

/// C17.14: the key that the code is bound to goes with it.
#[tokio::test]
async fn c17_14_a_bound_code_is_redeemed_elsewhere() {
    let peer = OAuthPeer::start(|script| script.dpop = Some(Dpop::default())).await;
    let make = || {
        let mut policy = policy();
        policy.dpop = DpopPolicy::Required;
        builder(&peer).policy(policy)
    };
    begins_and_ends(&Shared::default(), make(), make()).await.unwrap();
}

/// Stores that are chosen at run time, and one for the managers of several servers.
#[tokio::test]
async fn stores_behind_a_pointer() {
    let (peer, other) = (OAuthPeer::start(|_| {}).await, OAuthPeer::start(|_| {}).await);
    let pending: Arc<dyn PendingStore> = Arc::new(MemoryPendingStore::new(mcp_oauth_core::SystemClock));
    let store: Arc<dyn CredentialStore> = Arc::new(MemoryStore::new());
    for peer in [&peer, &other] {
        let make = || builder(peer).store(Arc::clone(&store));
        let one = make().pending_store(Arc::clone(&pending)).build().unwrap();
        let two = make().pending_store(Arc::clone(&pending)).build().unwrap();
        let session = one.begin(&Challenges::default(), RedirectUri::parse(REDIRECT).unwrap()).await.unwrap();
        let browser = Browser::new().stop_at(REDIRECT);
        let answer = browser.open(session.get_authorization_url().as_str()).await.unwrap().url;
        two.finish(answer.as_str()).await.unwrap();
        assert!(make().build().unwrap().load().await.unwrap().is_some());
    }
}

/// Bytes that are none, or of a version to come, are no login.
#[tokio::test]
async fn c10_6_other_bytes_are_no_login() {
    let peer = OAuthPeer::start(|_| {}).await;
    let shared = Shared::default();
    let one = builder(&peer).pending_store(shared.clone()).build().unwrap();
    one.begin(&Challenges::default(), RedirectUri::parse(REDIRECT).unwrap()).await.unwrap();
    let right = text(&shared);
    assert!(PendingAuthorization::from_bytes(right.as_bytes()).is_some());
    let newer = right.replace("\"format\": 1", "\"format\": 2");
    assert_ne!(newer, right);
    for bytes in ["", "{}", "[]", &right[..right.len() / 2], newer.as_str()] {
        assert!(PendingAuthorization::from_bytes(bytes.as_bytes()).is_none(), "{bytes}");
    }
}
