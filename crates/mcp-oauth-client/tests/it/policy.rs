//! The policies: what is refused by default, and what each named exception lets through.

use std::sync::{Arc, Mutex};

use mcp_oauth_client::{
    AuthorizationServer, DiscoveryError, Error, IssuerException, ResourceParameter, ResourceSource,
    ServerSource,
};
use mcp_oauth_core::{Challenges, Issuer, ResourceUri, ScopeSet};
use serde_json::{Value, json};
use testkit::oauth::{Challenge, MetadataPlace, OAuthPeer, ResourcePlace};

use crate::support::{Person, builder, challenges, login, manager, only, policy};

fn issuer(text: &str) -> Issuer {
    Issuer::parse(text).unwrap()
}

/// C2.8: the caller chooses among several authorization servers, and sees all of them.
#[tokio::test]
async fn c2_8_the_caller_chooses() {
    let peer = OAuthPeer::start(|_| {}).await;
    let listed = json!(["https://first.test", peer.issuer(), "https://third.test"]);
    peer.change(|script| script.resource_patch = json!({ "authorization_servers": listed }));
    let seen = Arc::new(Mutex::new(Vec::new()));
    let (wanted, offered) = (issuer(&peer.issuer()), Arc::clone(&seen));
    let manager = builder(&peer)
        .choose_authorization_server(move |listed| {
            *offered.lock().expect("a lock") = listed.to_vec();
            Some(wanted.clone())
        })
        .build()
        .unwrap();
    assert_eq!(login(&manager).await.unwrap().issuer().as_str(), peer.issuer());
    assert_eq!(seen.lock().unwrap().len(), 3);
}

/// C2.8: without a choice, the first that is acceptable; the others are not registered at.
#[tokio::test]
async fn c2_8_the_first_acceptable() {
    let careless = OAuthPeer::start(|script| {
        script.metadata_patch = json!({ "code_challenge_methods_supported": null });
    })
    .await;
    let silent = OAuthPeer::start(|script| script.metadata_place = MetadataPlace::Nowhere).await;
    let peer = OAuthPeer::start(|_| {}).await;
    let listed = json!([careless.issuer(), silent.issuer(), peer.issuer()]);
    peer.change(|script| script.resource_patch = json!({ "authorization_servers": listed }));
    assert_eq!(login(&manager(&peer)).await.unwrap().issuer().as_str(), peer.issuer());
    assert_eq!(careless.count("/register") + silent.count("/register"), 0);
}

/// C2.8, C2.10: an outage is no reason to go to another authorization server, and where none is acceptable, the first
/// one's trouble is told.
#[tokio::test]
async fn c2_8_an_outage_is_no_choice() {
    let down = OAuthPeer::start(|script| {
        script.reply("/.well-known/oauth-authorization-server", testkit::oauth::Reply::status(503));
        script.reply("/.well-known/openid-configuration", testkit::oauth::Reply::status(503));
    })
    .await;
    let peer = OAuthPeer::start(|_| {}).await;
    let listed = json!([down.issuer(), peer.issuer()]);
    peer.change(|script| script.resource_patch = json!({ "authorization_servers": listed }));
    let error = login(&manager(&peer)).await.unwrap_err();
    assert!(matches!(error, Error::Discovery(DiscoveryError::Unavailable { .. })), "{error:?}");

    peer.change(|script| script.metadata_patch = json!({ "code_challenge_methods_supported": ["plain"] }));
    let listed = json!([peer.issuer(), format!("{}/nothing", peer.issuer())]);
    peer.change(|script| script.resource_patch = json!({ "authorization_servers": listed }));
    let error = login(&manager(&peer)).await.unwrap_err();
    assert!(matches!(error, Error::Discovery(DiscoveryError::PkceNotAdvertised { .. })), "{error:?}");
}

/// C3.6 and its exception: a pair of names, pinned both ways. What the document names is the issuer from then on, also
/// for the `iss` of the answer.
#[tokio::test]
async fn c3_6_issuer_exception() {
    let named = "https://login.test/{tenantid}/v2.0";
    let peer = OAuthPeer::start(|script| {
        script.metadata_patch = json!({ "issuer": named });
        script.callback_patch = vec![("iss".to_owned(), Some(named.to_owned()))];
    })
    .await;
    let with = async |exceptions: Vec<(String, &str)>| {
        let mut policy = policy();
        policy.issuer_exceptions = exceptions
            .into_iter()
            .map(|(listed, named)| IssuerException { listed: issuer(&listed), named: issuer(named) })
            .collect();
        login(&builder(&peer).policy(policy).build().unwrap()).await
    };
    assert_eq!(with(vec![(peer.issuer(), named)]).await.unwrap().issuer().as_str(), named);
    for wrong in [
        vec![],
        vec![(peer.issuer(), "https://login.test")],
        vec![("https://elsewhere.test".to_owned(), named)],
    ] {
        let error = with(wrong).await.unwrap_err();
        assert!(matches!(error, Error::Discovery(DiscoveryError::Server { .. })), "{error:?}");
    }
    peer.change(|script| script.callback_patch.clear());
    let error = with(vec![(peer.issuer(), named)]).await.unwrap_err();
    assert!(matches!(error, Error::Callback(_)), "C10.1: the listed name is not the issuer's: {error:?}");
}

/// C2.1, C3.12: how the metadata was found is told.
#[tokio::test]
async fn c3_12_where_it_came_from() {
    let found = async |peer: &OAuthPeer| {
        let challenges = challenges(peer).await;
        let (resource, server): (_, AuthorizationServer) = manager(peer).discover(&challenges).await.unwrap();
        assert_eq!(
            peer.count("/register") + peer.count("/authorize"),
            0,
            "nothing but metadata is asked for"
        );
        (resource.source(), server.source())
    };
    let peer = OAuthPeer::start(|_| {}).await;
    assert_eq!(found(&peer).await, (ResourceSource::Challenge, ServerSource::Metadata));
    let peer = OAuthPeer::start(|script| script.challenge = Challenge::Bare).await;
    assert_eq!(found(&peer).await, (ResourceSource::WellKnown, ServerSource::Metadata));
    let peer = OAuthPeer::start(|script| {
        script.same_origin = true;
        script.challenge = Challenge::Silent;
        script.resource_place = ResourcePlace::Nowhere;
        script.metadata_place = MetadataPlace::Nowhere;
    })
    .await;
    assert_eq!(found(&peer).await, (ResourceSource::Assumed, ServerSource::LegacyDefaults));
}

/// C5.6: a server of 2025-06-18, whose challenge names its metadata, needs no special case.
#[tokio::test]
async fn c5_6_servers_of_2025_06_18() {
    let peer = OAuthPeer::start(|script| {
        script.iss = false;
        script.metadata_patch = json!({ "response_types_supported": ["code", "code id_token"] });
    })
    .await;
    let mut policy = policy();
    policy.protocol_version = "2025-06-18".to_owned();
    policy.legacy_servers = false;
    let manager = builder(&peer).policy(policy).build().unwrap();
    manager.authorize(&Person::default().interaction(), &challenges(&peer).await).await.unwrap();
    let metadata = only(&peer, "/.well-known/oauth-authorization-server");
    assert_eq!(metadata.header("mcp-protocol-version"), Some("2025-06-18"));
}

/// C7.6: a client id metadata document is the same client everywhere: no registration after a change of the
/// authorization server.
#[tokio::test]
async fn c7_6_documents_are_portable() {
    let takes_documents = json!({ "client_id_metadata_document_supported": true });
    let first = OAuthPeer::start(|script| script.metadata_patch = takes_documents.clone()).await;
    let second = OAuthPeer::start(|script| script.metadata_patch = takes_documents.clone()).await;
    let url = "https://app.test/client.json";
    let manager = builder(&first).client_id_metadata_document(url).build().unwrap();
    login(&manager).await.unwrap();
    let moved = second.issuer();
    first.change(|script| script.resource_patch = json!({ "authorization_servers": [moved] }));
    let grant = login(&manager).await.unwrap();
    assert_eq!((grant.issuer().as_str(), grant.client().client_id().as_str()), (&*second.issuer(), url));
    assert_eq!(first.count("/register") + second.count("/register"), 0);
}

/// C9.5: the bound of the policy reaches the request.
#[tokio::test]
async fn c9_5_at_most() {
    let peer = OAuthPeer::start(|script| script.challenge_scope = Some("mcp:read mcp:admin".into())).await;
    let mut policy = policy();
    policy.scopes_at_most = Some(ScopeSet::parse("mcp:read mcp:list").unwrap());
    let manager = builder(&peer).policy(policy).build().unwrap();
    manager.authorize(&Person::default().interaction(), &challenges(&peer).await).await.unwrap();
    assert_eq!(only(&peer, "/authorize").parameter("scope").as_deref(), Some("mcp:read"));
}

/// C8.2, C12.1, C14.3 and their exception: the same `resource`, or none, in every request of a login and its renewal.
#[tokio::test]
async fn c8_2_resource_exceptions() {
    let sent = async |resource: ResourceParameter| {
        let peer = OAuthPeer::start(|_| {}).await;
        let mut policy = policy();
        policy.resource = resource;
        let manager = builder(&peer).policy(policy).build().unwrap();
        let grant = login(&manager).await.unwrap();
        assert_eq!(grant.resource().as_str(), peer.mcp_url(), "what the grant is for stays the same");
        manager.recover(Some(grant.access_token())).await.unwrap();
        let requests = [only(&peer, "/authorize")].into_iter().chain(peer.seen_at("/token"));
        requests.map(|seen| seen.parameter("resource")).collect::<Vec<_>>()
    };
    assert_eq!(sent(ResourceParameter::Omit).await, [None, None, None]);
    let fixed = ResourceUri::parse("https://api.test/v1").unwrap();
    let text = Some("https://api.test/v1".to_owned());
    assert_eq!(sent(ResourceParameter::Fixed(fixed)).await, [text.clone(), text.clone(), text]);
}

/// Parameters that a server needs beyond the standard's.
#[tokio::test]
async fn more_parameters_reach_the_server() {
    let peer = OAuthPeer::start(|_| {}).await;
    let mut policy = policy();
    policy.authorization_parameters = vec![("access_type".to_owned(), "offline".to_owned())];
    login(&builder(&peer).policy(policy.clone()).build().unwrap()).await.unwrap();
    assert_eq!(only(&peer, "/authorize").parameter("access_type").as_deref(), Some("offline"));
    policy.authorization_parameters = vec![("state".to_owned(), "mine".to_owned())];
    assert!(builder(&peer).policy(policy).build().is_err());
}

/// C3.6: what is not an exception stays refused: here, an issuer that is no address at all.
#[tokio::test]
async fn c3_6_no_issuer_no_document() {
    for found in [Value::Null, json!(5), json!("login.test")] {
        let peer = OAuthPeer::start(|script| script.metadata_patch = json!({ "issuer": found })).await;
        let error = login(&manager(&peer)).await.unwrap_err();
        assert!(matches!(error, Error::Discovery(DiscoveryError::Server { .. })), "{found}: {error:?}");
        let error = manager(&peer).discover(&Challenges::default()).await.unwrap_err();
        assert!(matches!(error, Error::Discovery(DiscoveryError::Server { .. })));
    }
}
