//! C7: the MCP server changes its authorization server.

use bytes::Bytes;
use http::{Request, StatusCode};
use http_body_util::Full;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use mcp_oauth_client::{
    AuthorizationLayer, AuthorizationManager, AuthorizationRequired, BoxError, Error, FileStore,
    LoginObstacle, PreregisteredClient, RefreshError, RegistrationError,
};
use mcp_oauth_core::{ClientId, ClientSecret, Issuer};
use serde_json::json;
use testkit::oauth::OAuthPeer;
use tower::{Layer as _, ServiceExt as _};

use crate::support::{Person, builder, login, manager};

async fn post(manager: &AuthorizationManager, peer: &OAuthPeer) -> Result<StatusCode, BoxError> {
    let client = AuthorizationLayer::new(manager.clone())
        .interactive(Person::default().interaction())
        .layer(Client::builder(TokioExecutor::new()).build_http());
    let request = Request::post(peer.mcp_url()).body(Full::<Bytes>::from("{}"))?;
    Ok(client.oneshot(request).await?.status())
}

/// The MCP server of `peer` now names the authorization server of `other`, and takes its tokens only.
fn migrate(peer: &OAuthPeer, other: &OAuthPeer) {
    let issuer = other.issuer();
    peer.change(|script| script.resource_patch = json!({ "authorization_servers": [issuer] }));
    other.change(|script| script.token_patch = json!({ "access_token": "of-the-other" }));
    peer.expire_access_tokens();
    peer.accept_token("of-the-other");
    peer.clear();
    other.clear();
}

fn seen_by(other: &OAuthPeer, text: &str) -> bool {
    other.seen().iter().any(|seen| {
        let headers =
            seen.headers.values().map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
        let parameters = seen.query.iter().cloned().chain(seen.form()).map(|(_, value)| value);
        let body = String::from_utf8_lossy(&seen.body).into_owned();
        headers.chain(parameters).chain([body]).any(|part| part.contains(text))
    })
}

/// C7.2, C7.3, C7.5, C1.9: a dead token leads to the metadata, that to the other server, a registration and a login
/// there. The old server's refresh token is not spent for nothing, and nothing of the old registration or grant
/// reaches the new one.
#[tokio::test]
async fn c7_2_registers_and_logs_in_at_the_new_server() {
    let (peer, other) = (OAuthPeer::start(|_| {}).await, OAuthPeer::start(|_| {}).await);
    // So that the same id does not come up at both.
    login(&manager(&other)).await.unwrap();
    let manager = manager(&peer);
    assert_eq!(post(&manager, &peer).await.unwrap(), 200);
    let old = manager.grant().unwrap();
    migrate(&peer, &other);
    assert_eq!(post(&manager, &peer).await.unwrap(), 200);
    assert_eq!(peer.count("/token"), 0, "no refresh");
    assert_eq!(other.count("/register"), 1, "C7.3");
    for secret in [old.client().client_id().as_str(), old.access_token().expose()] {
        assert!(!seen_by(&other, secret), "{secret}");
    }
    assert!(other.seen_at("/token").iter().all(|seen| seen.parameter("refresh_token").is_none()), "C7.5");
    assert_eq!(manager.grant().unwrap().issuer().as_str(), other.issuer());
}

/// C7.1, C7.5: without a person the request ends, and the old token is not sent any more, after a restart neither.
#[tokio::test]
async fn c7_5_the_old_token_is_not_sent_again() {
    let (peer, other) = (OAuthPeer::start(|_| {}).await, OAuthPeer::start(|_| {}).await);
    let directory = tempfile::tempdir().unwrap();
    let start = || builder(&peer).store(FileStore::open(directory.path()).unwrap()).build().unwrap();
    let manager = start();
    login(&manager).await.unwrap();
    let token = manager.access_token().await.unwrap();
    migrate(&peer, &other);
    let error = manager.recover(Some(&token)).await.unwrap_err();
    assert!(error.needs_authorization());
    let Error::Refresh(RefreshError::Moved { issuer }) = error else { panic!("{error:?}") };
    assert_eq!(issuer.as_str(), peer.issuer());
    assert_eq!(peer.count("/token"), 0);
    assert!(manager.grant().is_none() && start().load().await.unwrap().is_none());
}

/// C7.2: an MCP server whose metadata cannot be read is not one that has moved.
#[tokio::test]
async fn c7_2_an_outage_is_no_migration() {
    let peer = OAuthPeer::start(|_| {}).await;
    let manager = manager(&peer);
    login(&manager).await.unwrap();
    peer.expire_access_tokens();
    peer.change(|script| {
        script.intercept(|seen| {
            seen.path.starts_with("/.well-known/").then(|| testkit::oauth::Reply::status(503))
        });
    });
    peer.clear();
    assert_eq!(post(&manager, &peer).await.unwrap(), 200);
    assert_eq!(peer.count("/token"), 1);
}

/// C7.4: a client that was registered by hand is not taken to the new server, whether the configuration says where it
/// belongs or its first login does. To log out is to agree.
#[tokio::test]
async fn c7_4_preregistered_clients_stay_where_they_belong() {
    for bound in [true, false] {
        let (peer, other) = (OAuthPeer::start(|_| {}).await, OAuthPeer::start(|_| {}).await);
        let secret = ClientSecret::parse("by-hand-s3cr3t").unwrap();
        for server in [&peer, &other] {
            server.add_client("by-hand", Some("by-hand-s3cr3t"), "client_secret_basic");
        }
        let mut client = PreregisteredClient::new(ClientId::parse("by-hand").unwrap()).with_secret(secret);
        if bound {
            client = client.at_issuer(Issuer::parse(&peer.issuer()).unwrap());
        }
        let manager = builder(&peer).preregistered(client).build().unwrap();
        assert_eq!(post(&manager, &peer).await.unwrap(), 200);
        migrate(&peer, &other);
        let error = post(&manager, &peer).await.unwrap_err();
        let required = AuthorizationRequired::find(&*error).unwrap();
        let Some(LoginObstacle::Failed(cause)) = &required.obstacle else { panic!("{required:?}") };
        let Error::Registration(RegistrationError::OtherIssuer { registered, found }) = &**cause else {
            panic!("{cause:?}")
        };
        assert_eq!((registered.as_str(), found.as_str()), (&*peer.issuer(), &*other.issuer()));
        assert!(!seen_by(&other, "by-hand") && other.count("/authorize") + other.count("/token") == 0);
        manager.logout().await.unwrap();
        assert_eq!(post(&manager, &peer).await.is_ok(), !bound);
    }
}

/// C7.6: an id that is a document's address goes along.
#[tokio::test]
async fn c7_6_document_ids_are_portable() {
    let document = "https://client.test/metadata.json";
    let supported = json!({ "client_id_metadata_document_supported": true });
    let start = async || OAuthPeer::start(|script| script.metadata_patch = supported.clone()).await;
    let (peer, other) = (start().await, start().await);
    let manager = builder(&peer).client_id_metadata_document(document).build().unwrap();
    assert_eq!(post(&manager, &peer).await.unwrap(), 200);
    migrate(&peer, &other);
    assert_eq!(post(&manager, &peer).await.unwrap(), 200);
    assert_eq!(other.count("/register"), 0);
    assert_eq!(other.seen_at("/authorize")[0].parameter("client_id").as_deref(), Some(document));
}
