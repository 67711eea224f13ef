//! C6, C7: who the client is.

use std::time::Duration;

use mcp_oauth_client::{
    ClientAuthentication, ClientOrigin, Error, MemoryStore, PreregisteredClient, RegistrationError,
};
use mcp_oauth_core::{ClientId, ClientMetadata, ClientSecret, Issuer, RedirectUri, TokenEndpointAuthMethod};
use serde_json::{Value, json};
use testkit::oauth::{OAuthPeer, Reply, Script};

use crate::support::{builder, login, manager, only, with_clock};

fn hand_made() -> PreregisteredClient {
    let id = ClientId::parse("hand made").unwrap();
    PreregisteredClient::new(id).with_secret(ClientSecret::parse("s3cr3t:+ %").unwrap())
}

/// C6.1, C6.2: what was registered by hand comes first.
#[tokio::test]
async fn c6_1_preregistered_first() {
    let peer = OAuthPeer::start(|script| {
        script.metadata_patch = json!({
            "client_id_metadata_document_supported": true,
            "token_endpoint_auth_methods_supported": ["client_secret_basic"],
        });
    })
    .await;
    peer.add_client("hand made", Some("s3cr3t:+ %"), "client_secret_basic");
    let url = "https://app.test/client.json";
    let manager = builder(&peer).preregistered(hand_made()).client_id_metadata_document(url).build().unwrap();
    let grant = login(&manager).await.unwrap();
    assert_eq!(grant.client().origin(), ClientOrigin::Preregistered);
    assert_eq!(peer.count("/register"), 0);
}

/// C6.1, C6.3: then a metadata document, where the server takes one: the exact URL is the id.
#[tokio::test]
async fn c6_3_metadata_document() {
    let url = "https://conformance-test.local/client-metadata.json";
    let peer = OAuthPeer::start(|script| {
        script.metadata_patch = json!({ "client_id_metadata_document_supported": true });
    })
    .await;
    let manager = builder(&peer).client_id_metadata_document(url).build().unwrap();
    login(&manager).await.unwrap();
    assert_eq!(only(&peer, "/authorize").parameter("client_id").as_deref(), Some(url));
    assert_eq!(only(&peer, "/token").parameter("client_id").as_deref(), Some(url));
    assert_eq!(peer.count("/register"), 0);

    let peer = OAuthPeer::start(|_| {}).await;
    let manager = builder(&peer).client_id_metadata_document(url).build().unwrap();
    assert_eq!(login(&manager).await.unwrap().client().origin(), ClientOrigin::Dynamic);
}

/// C6.4: an address that cannot be a client id is refused before anything is asked.
#[tokio::test]
async fn c6_4_unusable_document_address() {
    let peer = OAuthPeer::start(|_| {}).await;
    assert!(builder(&peer).client_id_metadata_document("https://app.test").build().is_err());
}

/// C6.7, C6.9, C6.11, C6.12: what a registration says, and that it says no scope.
#[tokio::test]
async fn c6_11_registration_request() {
    let peer = OAuthPeer::start(|script| script.challenge_scope = Some("a".into())).await;
    login(&manager(&peer)).await.unwrap();
    let request = only(&peer, "/register").json();
    assert_eq!(request["application_type"], "native");
    assert_eq!(request["grant_types"], json!(["authorization_code", "refresh_token"]));
    assert_eq!(request["response_types"], json!(["code"]));
    assert_eq!(request["token_endpoint_auth_method"], "none");
    assert_eq!(request["client_name"], "a test");
    assert_eq!(
        request["redirect_uris"][0].as_str(),
        only(&peer, "/authorize").parameter("redirect_uri").as_deref()
    );
    assert_eq!(request.get("scope"), None);
}

/// The application's own metadata is sent, completed by what must be there.
#[tokio::test]
async fn c6_11_own_metadata() {
    let peer = OAuthPeer::start(|_| {}).await;
    let mut metadata = ClientMetadata::default();
    metadata.client_name = Some("My MCPO Client".into());
    metadata.redirect_uris = vec![RedirectUri::loopback(3030)];
    let manager = builder(&peer).client_metadata(metadata).build().unwrap();
    login(&manager).await.unwrap();
    let request = only(&peer, "/register").json();
    assert_eq!(request["client_name"], "My MCPO Client");
    assert_eq!(request["application_type"], "native");
    assert_eq!(request["redirect_uris"].as_array().unwrap().len(), 2);
}

/// C12.3: a method that the server offers is asked for.
#[tokio::test]
async fn c12_3_method_by_what_is_offered() {
    for (offered, asked) in [
        (json!(["none", "client_secret_post"]), "none"),
        (json!(["client_secret_post", "private_key_jwt"]), "client_secret_post"),
        (json!(["client_secret_post", "client_secret_basic"]), "client_secret_basic"),
        (Value::Null, "client_secret_basic"),
    ] {
        let peer = OAuthPeer::start(|script| {
            script.metadata_patch = json!({ "token_endpoint_auth_methods_supported": offered });
        })
        .await;
        login(&manager(&peer)).await.unwrap();
        assert_eq!(only(&peer, "/register").json()["token_endpoint_auth_method"], asked);
    }
}

/// C6.10: what the server answers counts, whatever was asked for.
#[tokio::test]
async fn c6_10_the_answer_counts() {
    for method in ["client_secret_basic", "client_secret_post"] {
        let patch = json!({ "token_endpoint_auth_method": method, "client_secret": "a:b+c %d", "client_secret_expires_at": 0 });
        let peer = OAuthPeer::start(|script| script.registration_patch = patch).await;
        let grant = login(&manager(&peer)).await.unwrap();
        assert_eq!(grant.client().authentication().method().as_str(), method);
    }
}

/// C6.10: servers that repeat the default method but give no secret have registered a public client.
#[tokio::test]
async fn c6_10_no_secret_no_authentication() {
    let peer = OAuthPeer::start(|script| {
        script.registration_patch =
            json!({ "token_endpoint_auth_method": "client_secret_basic", "client_secret": null });
    })
    .await;
    let manager = manager(&peer);
    // The scripted server then wants Basic, which is its own fault; what counts is that the client sends no empty secret.
    assert!(matches!(login(&manager).await, Err(Error::Token(_))));
    let request = only(&peer, "/token");
    assert_eq!(request.header("authorization"), None);
    assert!(request.parameter("client_id").is_some() && request.parameter("client_secret").is_none());
}

/// C6.13: a secret without a method, and only `client_secret_post` on offer.
#[tokio::test]
async fn c6_13_secret_without_method() {
    let peer = OAuthPeer::start(|script| {
        script.metadata_patch = json!({ "token_endpoint_auth_methods_supported": ["client_secret_post"] });
        script.registration_patch = json!({ "token_endpoint_auth_method": null });
    })
    .await;
    let grant = login(&manager(&peer)).await.unwrap();
    assert!(matches!(grant.client().authentication(), ClientAuthentication::ClientSecretPost(_)));
    assert!(only(&peer, "/token").parameter("client_secret").is_some());
}

/// C6.8: a refusal comes with the server's reason.
#[tokio::test]
async fn c6_8_refusals() {
    let with = async |reply: Reply| {
        let peer = OAuthPeer::start(|script| {
            script.reply("/register", reply);
        })
        .await;
        match login(&manager(&peer)).await.unwrap_err() {
            Error::Registration(error) => error,
            other => panic!("{other:?}"),
        }
    };
    let body = json!({ "error": "invalid_redirect_uri", "error_description": "no loopback here" });
    let RegistrationError::Refused(refusal) = with(Reply::json(400, &body)).await else {
        panic!("a refusal")
    };
    assert_eq!(refusal.to_string(), "invalid_redirect_uri: no loopback here");
    assert!(matches!(with(Reply::json(201, &json!({}))).await, RegistrationError::Malformed));
    assert!(with(Reply::status(503)).await.is_retryable());
    let redirect = with(Reply::redirect(307, "https://evil.test/register")).await;
    assert!(matches!(redirect, RegistrationError::Unexpected { .. }), "C12.5: redirects are not followed");
    let moved = json!({ "client_id": "x", "redirect_uris": ["https://evil.test/cb"] });
    assert!(matches!(
        with(Reply::json(201, &moved)).await,
        RegistrationError::RedirectUriNotRegistered { .. }
    ));
    let keys = json!({ "client_id": "x", "token_endpoint_auth_method": "private_key_jwt" });
    assert!(matches!(with(Reply::json(201, &keys)).await, RegistrationError::AuthMethod { .. }));
}

/// C6.1: nothing configured and nothing offered: a person must act.
#[tokio::test]
async fn c6_1_nothing_left() {
    let peer =
        OAuthPeer::start(|script| script.metadata_patch = json!({ "registration_endpoint": null })).await;
    let error = login(&manager(&peer)).await.unwrap_err();
    assert!(matches!(error, Error::Registration(RegistrationError::NotOffered { .. })));
}

/// C7.4: a client that belongs to another authorization server: an error, and nothing is sent.
#[tokio::test]
async fn c7_4_client_of_another_issuer() {
    let peer = OAuthPeer::start(|_| {}).await;
    let elsewhere = hand_made().at_issuer(Issuer::parse("https://as.test").unwrap());
    let manager = builder(&peer).preregistered(elsewhere).build().unwrap();
    let error = login(&manager).await.unwrap_err();
    assert!(matches!(error, Error::Registration(RegistrationError::OtherIssuer { .. })));
    assert_eq!(peer.count("/authorize") + peer.count("/token"), 0);
}

/// C7.1, C7.2, C7.3: after a change of the authorization server, a new registration, and nothing of the old one is shown
/// to the new one.
#[tokio::test]
async fn c7_3_registers_anew_at_another_server() {
    let first = OAuthPeer::start(|script| {
        script.resource_patch = json!({ "scopes_supported": ["of:the:first"] });
    })
    .await;
    let second = OAuthPeer::start(|_| {}).await;
    let manager = manager(&first);
    let before = login(&manager).await.unwrap();
    assert!(before.scopes().contains("of:the:first"));
    let issuer = second.issuer();
    first.change(|script| {
        script.resource_patch =
            json!({ "authorization_servers": [issuer], "scopes_supported": ["of:the:second"] });
    });
    let grant = login(&manager).await.unwrap();
    assert_eq!(grant.issuer().as_str(), second.issuer());
    let asked = only(&second, "/authorize").parameter("scope").unwrap();
    assert!(asked.contains("of:the:second") && !asked.contains("of:the:first"), "C7.1: {asked}");
    assert_eq!((first.count("/register"), second.count("/register")), (1, 1));
    let sent: Vec<_> = second.seen().iter().map(|seen| format!("{:?} {:?}", seen.query, seen.body)).collect();
    assert!(first.secrets().iter().all(|secret| sent.iter().all(|text| !text.contains(secret))));
}

/// C15.2: a registration is kept and used again by the same redirect URI, and a changed one registers anew.
#[tokio::test]
async fn c15_2_registrations_are_kept() {
    let peer = OAuthPeer::start(|_| {}).await;
    let store = MemoryStore::new();
    let person = crate::support::Person::default();
    let interaction = |port| person.interaction().redirect_uri(RedirectUri::loopback(port));
    let port = free_port().await;
    for _ in 0..2 {
        let manager = builder(&peer).store(store.clone()).build().unwrap();
        manager.authorize(&interaction(port), &mcp_oauth_core::Challenges::default()).await.unwrap();
    }
    assert_eq!(peer.count("/register"), 1);
    let manager = builder(&peer).store(store).build().unwrap();
    manager.authorize(&interaction(free_port().await), &mcp_oauth_core::Challenges::default()).await.unwrap();
    assert_eq!(peer.count("/register"), 2);
}

/// A port that was free a moment ago. The peer's own ports are taken, and nobody else asks for this one.
async fn free_port() -> u16 {
    tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port()
}

/// C6.10: a secret that has expired is not used; the client registers anew.
#[tokio::test]
async fn c6_10_expired_secret() {
    let peer = OAuthPeer::start(|script| {
        script.registration_patch = json!({
            "token_endpoint_auth_method": "client_secret_post",
            "client_secret": "short-lived",
            "client_secret_expires_at": 1_767_225_600 + 600,
        });
    })
    .await;
    let (builder, clock) = with_clock(&peer);
    let manager = builder.build().unwrap();
    let interaction = crate::support::Person::default()
        .interaction()
        .redirect_uri(RedirectUri::loopback(free_port().await));
    let grant = manager.authorize(&interaction, &mcp_oauth_core::Challenges::default()).await.unwrap();
    clock.advance(Duration::from_secs(601));
    let refused = manager.recover(Some(grant.access_token())).await.unwrap_err();
    assert!(refused.needs_authorization());
    assert_eq!(peer.count("/token"), 1, "the expired secret is not sent");
    manager.authorize(&interaction, &mcp_oauth_core::Challenges::default()).await.unwrap();
    assert_eq!(peer.count("/register"), 2);
}

/// C12.9: a server that forgot the client gets a new registration with the next login, not a loop.
#[tokio::test]
async fn c12_9_forgotten_client() {
    let peer = OAuthPeer::start(|_| {}).await;
    let manager = manager(&peer);
    let port = free_port().await;
    let interaction =
        || crate::support::Person::default().interaction().redirect_uri(RedirectUri::loopback(port));
    let grant = manager.authorize(&interaction(), &mcp_oauth_core::Challenges::default()).await.unwrap();
    peer.forget_clients();
    let refused = manager.recover(Some(grant.access_token())).await.unwrap_err();
    assert!(refused.needs_authorization(), "{refused:?}");
    assert_eq!(peer.count("/token"), 2);
    manager.authorize(&interaction(), &mcp_oauth_core::Challenges::default()).await.unwrap();
    assert_eq!(peer.count("/register"), 2);
}

/// C12.9: only the server itself says that it forgot a client. A 401 without a body may be a gateway's: neither the grant nor
/// the registration goes for it.
#[tokio::test]
async fn c12_9_a_bare_401_forgets_nobody() {
    for challenge in ["Basic realm=\"gateway\"", "DPoP error=\"use_dpop_nonce\""] {
        let peer = OAuthPeer::start(|script| {
            script.metadata_patch =
                json!({ "token_endpoint_auth_methods_supported": ["client_secret_basic"] });
        })
        .await;
        let store = MemoryStore::new();
        let start = || builder(&peer).store(store.clone()).build().unwrap();
        let manager = start();
        let redirect_uri = RedirectUri::loopback(free_port().await);
        let again = async || {
            let interaction =
                crate::support::Person::default().interaction().redirect_uri(redirect_uri.clone());
            manager.authorize(&interaction, &mcp_oauth_core::Challenges::default()).await
        };
        let grant = again().await.unwrap();
        peer.change(|script| {
            script.reply("/token", Reply::status(401).with_header("www-authenticate", challenge));
        });
        assert!(manager.recover(Some(grant.access_token())).await.is_err());
        assert!(again().await.is_err());
        peer.change(|script| *script = Script::default());
        let renewed = manager.recover(Some(grant.access_token())).await.unwrap();
        assert_ne!(renewed, *grant.access_token(), "{challenge}");
        assert!(start().load().await.unwrap().is_some());
        again().await.unwrap();
        assert_eq!(peer.count("/register"), 1, "{challenge}");
    }
}

/// A configured method that needs what is not configured is an error, not a request that must fail.
#[tokio::test]
async fn c12_3_impossible_method() {
    let peer = OAuthPeer::start(|_| {}).await;
    let client = hand_made().with_auth_method(TokenEndpointAuthMethod::PrivateKeyJwt);
    let manager = builder(&peer).preregistered(client).build().unwrap();
    let error = login(&manager).await.unwrap_err();
    assert!(matches!(error, Error::Registration(RegistrationError::AuthMethod { .. })));
}

/// C7.5, C7.2: after a change of the authorization server the first one's tokens go nowhere: not to the MCP server, and
/// its refresh token not to the second one's token endpoint.
#[tokio::test]
async fn c7_5_tokens_stay_with_their_server() {
    let first = OAuthPeer::start(|_| {}).await;
    let second = OAuthPeer::start(|_| {}).await;
    let manager = manager(&first);
    let old = login(&manager).await.unwrap();
    let issuer = second.issuer();
    first.change(|script| script.resource_patch = json!({ "authorization_servers": [issuer] }));
    let new = login(&manager).await.unwrap();
    assert_ne!(old.access_token(), new.access_token());
    let renewed = manager.recover(Some(new.access_token())).await.unwrap();
    assert_ne!(renewed, *new.access_token());
    assert_eq!((first.count("/token"), second.count("/token")), (1, 2), "renewed where it came from");
    let sent: Vec<_> = second.seen().iter().map(|seen| format!("{:?} {:?}", seen.query, seen.body)).collect();
    assert!(first.secrets().iter().all(|secret| sent.iter().all(|text| !text.contains(secret))));
}
