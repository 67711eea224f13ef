//! C7.4: what is configured by hand belongs to one authorization server, and no other one sees it.

use mcp_oauth_client::{
    AuthorizationManagerBuilder, ClientKey, Error, IssuerException, MemoryStore, PreregisteredClient,
    PrivateKey, RefreshError, RegistrationError, UnattendedError,
};
use mcp_oauth_core::{ClientId, ClientSecret, Issuer, SigningAlgorithm};
use serde_json::json;
use testkit::oauth::{Challenge, OAuthPeer, ResourcePlace, TestKey};

use crate::support::{builder, login, only, policy};

const ID: &str = "by-hand";
const SECRET: &str = "by-hand-s3cr3t";

fn with_secret(secret: &str) -> PreregisteredClient {
    PreregisteredClient::new(ClientId::parse(ID).unwrap()).with_secret(ClientSecret::parse(secret).unwrap())
}

fn with_key(key: &TestKey) -> PreregisteredClient {
    PreregisteredClient::new(ClientId::parse(ID).unwrap()).with_key(client_key(key))
}

fn client_key(key: &TestKey) -> ClientKey {
    ClientKey::new(PrivateKey::from_pem(key.pem().as_bytes(), SigningAlgorithm::Es256).unwrap())
}

fn issuer(text: &str) -> Issuer {
    Issuer::parse(text).unwrap()
}

/// A server for people and for programs that knows the client by its secret.
async fn peer() -> OAuthPeer {
    let peer = OAuthPeer::start(|script| script.revocation = true).await;
    peer.add_client(ID, Some(SECRET), "client_secret_basic");
    peer.change(|script| {
        script.metadata_patch =
            json!({ "grant_types_supported": ["authorization_code", "refresh_token", "client_credentials"] });
    });
    peer
}

/// The error of a token request without a person.
async fn refused(builder: AuthorizationManagerBuilder) -> RegistrationError {
    match builder.client_credentials().build().unwrap().access_token().await.unwrap_err() {
        Error::Refresh(RefreshError::Unattended(error)) => match std::sync::Arc::into_inner(error) {
            Some(UnattendedError::Registration(error)) => error,
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    }
}

fn asked(peer: &OAuthPeer) -> usize {
    ["/authorize", "/token", "/register", "/revoke"].iter().map(|path| peer.count(path)).sum()
}

/// C7.4: the configured authorization server is the only one that sees the secret or the key, be it a person's login or
/// none, and from the first contact on.
#[tokio::test]
async fn c7_4_nobody_but_the_configured_server() {
    let key = TestKey::generate("ES256");
    for client in [with_secret(SECRET), with_key(&key)] {
        let peer = peer().await;
        let configured =
            || builder(&peer).preregistered(client.clone()).authorization_server(issuer("https://as.test"));
        let error = refused(configured()).await;
        let RegistrationError::OtherIssuer { registered, found } = error else { panic!("{error:?}") };
        assert_eq!((registered.as_str(), found.as_str()), ("https://as.test", &*peer.issuer()));
        let error = login(&configured().build().unwrap()).await.unwrap_err();
        assert!(matches!(error, Error::Registration(RegistrationError::OtherIssuer { .. })), "{error:?}");
        assert_eq!(asked(&peer), 0);
    }
}

/// C7.4: written with or without the last slash, it is the same server; and so is one that the policy knows under another
/// name.
#[tokio::test]
async fn c7_4_the_configured_server_by_its_names() {
    let peer = peer().await;
    let slashed = issuer(&format!("{}/", peer.issuer()));
    login(
        &builder(&peer)
            .preregistered(with_secret(SECRET))
            .authorization_server(slashed.clone())
            .build()
            .unwrap(),
    )
    .await
    .unwrap();
    login(&builder(&peer).preregistered(with_secret(SECRET).at_issuer(slashed)).build().unwrap())
        .await
        .unwrap();

    let named = "https://named.test";
    peer.change(|script| {
        script.metadata_patch["issuer"] = named.into();
        script.callback_patch = vec![("iss".to_owned(), Some(named.to_owned()))];
    });
    for configured in [peer.issuer(), named.to_owned()] {
        let mut policy = policy();
        policy.issuer_exceptions =
            vec![IssuerException { listed: issuer(&peer.issuer()), named: issuer(named) }];
        let builder = builder(&peer).policy(policy).preregistered(with_secret(SECRET));
        let manager = builder.authorization_server(issuer(&configured)).build().unwrap();
        assert_eq!(login(&manager).await.unwrap().issuer().as_str(), named, "{configured}");
    }
}

/// C7.4, C17.2: a key whose assertions are for another server is not used for whoever the MCP server names, who could turn
/// to that server with one; nor is a grant renewed with it. A client that says where it belongs may have any audience.
#[tokio::test]
async fn c17_2_assertions_for_another_server() {
    let key = TestKey::generate("ES256");
    let peer = peer().await;
    peer.add_key_client(ID, &key);
    let with = |audience: &str| {
        let id = ClientId::parse(ID).unwrap();
        PreregisteredClient::new(id).with_key(client_key(&key).with_audience(audience))
    };
    let elsewhere = || with("https://real.test/token");
    let error = refused(builder(&peer).preregistered(elsewhere())).await;
    assert!(matches!(error, RegistrationError::KeyAudience { .. }), "{error:?}");
    peer.change(|script| script.metadata_patch["client_id_metadata_document_supported"] = true.into());
    let document = builder(&peer)
        .client_id_metadata_document("https://app.test/client.json")
        .metadata_document_key(client_key(&key).with_audience("https://real.test"));
    assert!(matches!(refused(document).await, RegistrationError::KeyAudience { .. }));
    assert_eq!(asked(&peer), 0);

    let store = MemoryStore::new();
    let start = |client| builder(&peer).store(store.clone()).preregistered(client).build().unwrap();
    let token = login(&start(with(&peer.issuer()))).await.unwrap();
    peer.clear();
    assert!(start(elsewhere()).recover(Some(token.access_token())).await.unwrap_err().needs_authorization());
    assert_eq!(asked(&peer), 0);
    // The peer knows its issuer only, so it refuses. That it was asked is what counts.
    let at_home = start(elsewhere().at_issuer(issuer(&peer.issuer())));
    at_home.recover(Some(token.access_token())).await.unwrap_err();
    assert_eq!(peer.count("/token"), 1);
}

/// C2.8: a hint chooses and binds nothing: what it names is used where it is listed, or where nothing is.
#[tokio::test]
async fn c2_8_a_hint_binds_nothing() {
    let peer = peer().await;
    let hinted = |hint: String| {
        let hint = issuer(&hint);
        let builder = builder(&peer).preregistered(with_secret(SECRET));
        builder.choose_authorization_server(move |_| Some(hint.clone())).build().unwrap()
    };
    login(&hinted(peer.resource_origin().to_owned())).await.unwrap();
    peer.change(|script| {
        script.resource_place = ResourcePlace::Nowhere;
        script.challenge = Challenge::Bare;
    });
    assert_eq!(login(&hinted(peer.issuer())).await.unwrap().issuer().as_str(), peer.issuer());
}

/// C2.8, C7.4: of several, the one that the client belongs to is used, whatever a hint says.
#[tokio::test]
async fn c2_8_where_the_client_belongs() {
    let (peer, other) = (peer().await, self::peer().await);
    let listed = json!([other.issuer(), peer.issuer()]);
    peer.change(|script| script.resource_patch = json!({ "authorization_servers": listed }));
    let client = with_secret(SECRET).at_issuer(issuer(&peer.issuer()));
    let hint = issuer(&other.issuer());
    for builder in [builder(&peer), builder(&peer).choose_authorization_server(move |_| Some(hint.clone()))] {
        let manager = builder.preregistered(client.clone()).build().unwrap();
        assert_eq!(login(&manager).await.unwrap().issuer().as_str(), peer.issuer());
    }
    assert_eq!(asked(&other), 0);
    // Where none is named, it is used too.
    peer.change(|script| {
        script.resource_place = ResourcePlace::Nowhere;
        script.challenge = Challenge::Bare;
    });
    let manager = builder(&peer).preregistered(client).build().unwrap();
    assert_eq!(login(&manager).await.unwrap().issuer().as_str(), peer.issuer());
}

/// C7.4: a grant from before the client was said to belong elsewhere: its server sees neither the new secret nor the new
/// key, at a renewal or at a logout.
#[tokio::test]
async fn c7_4_stored_grants_of_another_server() {
    let key = TestKey::generate("ES256");
    let elsewhere = issuer("https://as.test");
    for client in [with_secret("another-s3cr3t"), with_key(&key)] {
        for at_issuer in [true, false] {
            let peer = peer().await;
            let store = MemoryStore::new();
            let before = builder(&peer).store(store.clone()).preregistered(with_secret(SECRET));
            let token = login(&before.build().unwrap()).await.unwrap();
            peer.clear();
            let now = builder(&peer).store(store);
            let now = if at_issuer {
                now.preregistered(client.clone().at_issuer(elsewhere.clone()))
            } else {
                now.preregistered(client.clone()).authorization_server(elsewhere.clone())
            };
            let manager = now.build().unwrap();
            assert!(manager.load().await.unwrap().is_none());
            let error = manager.recover(Some(token.access_token())).await.unwrap_err();
            assert!(error.needs_authorization(), "{error:?}");
            manager.logout().await.unwrap();
            assert_eq!(asked(&peer), 0, "{:?}", peer.paths());
        }
    }
    // And one that stays where it was is renewed.
    let peer = peer().await;
    let store = MemoryStore::new();
    let start = || {
        let client = with_secret(SECRET).at_issuer(issuer(&peer.issuer()));
        builder(&peer).store(store.clone()).preregistered(client).build().unwrap()
    };
    let token = login(&start()).await.unwrap();
    peer.clear();
    start().recover(Some(token.access_token())).await.unwrap();
    assert_eq!(only(&peer, "/token").parameter("grant_type").as_deref(), Some("refresh_token"));
}
