//! C2, C3, C4, C5: from the MCP server to its authorization server.

use mcp_oauth_client::{
    AuthorizationSession, DiscoveryError, Error, PkcePolicy, RefreshError, ResourceSource,
};
use mcp_oauth_core::{Challenges, Issuer, PlainHttp, RedirectUri};
use serde_json::{Value, json};
use testkit::oauth::{Challenge, MetadataPlace, OAuthPeer, Reply, ResourcePlace};

use crate::support::{Person, builder, challenges, login, manager, nobody, only, policy};

const PATH: &str = "/.well-known/oauth-protected-resource/mcp";
const ROOT: &str = "/.well-known/oauth-protected-resource";
const OAUTH: &str = "/.well-known/oauth-authorization-server";
const OPENID: &str = "/.well-known/openid-configuration";

async fn refused(peer: &OAuthPeer) -> DiscoveryError {
    let manager = manager(peer);
    let error =
        manager.authorize(&Person::default().interaction(), &challenges(peer).await).await.unwrap_err();
    for path in ["/authorize", "/register", "/token"] {
        assert_eq!(peer.count(path), 0, "{path} was asked for after {error:?}");
    }
    match error {
        Error::Discovery(error) => error,
        other => panic!("{other:?}"),
    }
}

/// C1.3: the address in the challenge comes before any well-known one.
#[tokio::test]
async fn c1_3_the_challenges_address_first() {
    let place = "/custom/metadata/location.json";
    let peer = OAuthPeer::start(|script| script.resource_place = ResourcePlace::At(place.into())).await;
    let manager = manager(&peer);
    manager.authorize(&Person::default().interaction(), &challenges(&peer).await).await.unwrap();
    assert_eq!(peer.count(place), 1);
    assert_eq!(peer.count(PATH) + peer.count(ROOT), 0);
}

/// C1.3, C9.1: who has no challenge at hand has the server say it: metadata that only the challenge tells of is found, and
/// the scope that it wants is asked for.
#[tokio::test]
async fn c1_3_a_challenge_is_asked_for() {
    let place = "/custom/metadata/location.json";
    let change = |script: &mut testkit::oauth::Script| {
        script.resource_place = ResourcePlace::At(place.into());
        script.challenge_scope = Some("files:read".into());
    };
    let peer = OAuthPeer::start(change).await;
    let manager = manager(&peer);
    let redirect_uri = RedirectUri::loopback(3030);
    let session = AuthorizationSession::new(&manager, &[], redirect_uri.as_str()).await.unwrap();
    assert!(session.get_authorization_url().as_str().contains("scope=files%3Aread"));
    assert_eq!((peer.count("/mcp"), peer.count(place)), (1, 1));
    assert_eq!(only(&peer, "/mcp").header("authorization"), None);
    let (resource, _) = manager.discover(&Challenges::default()).await.unwrap();
    assert_eq!(resource.source(), ResourceSource::Challenge);

    // A migration is seen, too.
    let grant = login(&manager).await.unwrap();
    let other = OAuthPeer::start(|_| {}).await;
    let issuer = other.issuer();
    peer.change(|script| script.resource_patch = json!({ "authorization_servers": [issuer] }));
    let error = manager.recover(Some(grant.access_token())).await.unwrap_err();
    assert!(matches!(error, Error::Refresh(RefreshError::Moved { .. })), "{error:?}");
}

/// The server is asked once, and not where the metadata is known or it was asked before.
#[tokio::test]
async fn c1_3_nobody_is_asked_for_what_is_known() {
    let peer = OAuthPeer::start(|_| {}).await;
    login(&manager(&peer)).await.unwrap();
    assert_eq!(peer.count("/mcp"), 0);
    let old = OAuthPeer::start(|script| {
        script.resource_place = ResourcePlace::Nowhere;
        script.challenge = Challenge::Bare;
    })
    .await;
    let _ = manager(&old).discover(&Challenges::default()).await;
    assert_eq!(old.count("/mcp"), 1);
}

/// C2.2, C2.4: without an address in the challenge the path comes first, and the root is not asked when that answered.
#[tokio::test]
async fn c2_2_path_before_root() {
    let peer = OAuthPeer::start(|script| script.challenge = Challenge::Bare).await;
    login(&manager(&peer)).await.unwrap();
    assert_eq!((peer.count(PATH), peer.count(ROOT)), (1, 0));

    let peer = OAuthPeer::start(|script| {
        script.resource_place = ResourcePlace::Root;
        script.challenge = Challenge::Bare;
    })
    .await;
    login(&manager(&peer)).await.unwrap();
    assert_eq!(
        peer.paths().iter().filter(|path| path.contains("protected-resource")).collect::<Vec<_>>(),
        [PATH, ROOT]
    );
}

/// C2.5: a document for another resource ends the search, and nothing is assumed in its stead (C5.5).
#[tokio::test]
async fn c2_5_other_resource() {
    for resource in ["https://evil.test/mcp", "http://127.0.0.1:1/mcp"] {
        let peer = OAuthPeer::start(|script| script.resource_patch = json!({ "resource": resource })).await;
        assert!(matches!(refused(&peer).await, DiscoveryError::Resource { .. }), "{resource}");
    }
}

/// C2.6, C8.2, C12.1, C14.3: the published string, byte for byte, in every request.
#[tokio::test]
async fn c2_6_resource_is_sent_as_published() {
    let peer = OAuthPeer::start(|script| script.resource_place = ResourcePlace::Root).await;
    let origin = peer.resource_origin().to_owned();
    peer.change(|script| script.resource_patch = json!({ "resource": origin }));
    let manager = manager(&peer);
    let grant = login(&manager).await.unwrap();
    assert_eq!(grant.resource().as_str(), origin);
    manager.recover(Some(grant.access_token())).await.unwrap();
    assert_eq!(only(&peer, "/authorize").parameter("resource"), Some(origin.clone()));
    let token = peer.seen_at("/token");
    assert_eq!(token.len(), 2);
    assert!(token.iter().all(|seen| seen.parameter("resource").as_ref() == Some(&origin)));
}

/// C2.7: no authorization server is no licence to guess.
#[tokio::test]
async fn c2_7_no_authorization_server() {
    for servers in [json!([]), Value::Null, json!(["not a url", "http://as.test", "https://as.test?query"])] {
        let peer =
            OAuthPeer::start(|script| script.resource_patch = json!({ "authorization_servers": servers }))
                .await;
        assert!(matches!(refused(&peer).await, DiscoveryError::NoAuthorizationServer), "{servers}");
    }
}

/// C2.8: the first that can be used, or the one that the configuration prefers, be it with another slash.
#[tokio::test]
async fn c2_8_choice_among_several() {
    let peer = OAuthPeer::start(|_| {}).await;
    let others = json!(["nonsense", "https://unused.test", peer.issuer()]);
    peer.change(|script| script.resource_patch = json!({ "authorization_servers": others }));
    let preferred = Issuer::parse(&format!("{}/", peer.issuer())).unwrap();
    let manager = builder(&peer).authorization_server(preferred).build().unwrap();
    let grant = login(&manager).await.unwrap();
    assert_eq!(grant.issuer().as_str(), peer.issuer());
}

/// C2.9: a host that answers everything with its front page has no metadata.
#[tokio::test]
async fn c2_9_only_json_objects_are_documents() {
    let peer = OAuthPeer::start(|script| {
        script.resource_place = ResourcePlace::Root;
        script.challenge = Challenge::Bare;
        script.reply(PATH, Reply::status(200).with_body("text/html", "<!doctype html><p>Welcome"));
        script.reply(OAUTH, Reply::status(200).with_body("text/html", "<!doctype html><p>Welcome"));
        script.metadata_place = MetadataPlace::OpenIdInserted;
    })
    .await;
    login(&manager(&peer)).await.unwrap();
    // Nor is a success of another kind one.
    for status in [201, 202, 203] {
        let peer = OAuthPeer::start(|script| {
            script.resource_place = ResourcePlace::Root;
            script.challenge = Challenge::Bare;
        })
        .await;
        let elsewhere = json!({ "resource": peer.mcp_url(), "authorization_servers": ["https://evil.test"] });
        peer.change(|script| {
            script.reply(PATH, Reply::json(status, &elsewhere));
        });
        login(&manager(&peer)).await.unwrap();
    }
}

/// C8.2: a key in the server's address is for the server, not for its authorization server (RFC 8707 §2 wants no query).
#[tokio::test]
async fn c8_2_no_query_in_an_assumed_resource() {
    let peer = OAuthPeer::start(|script| {
        script.resource_place = ResourcePlace::Nowhere;
        script.challenge = Challenge::Bare;
        script.same_origin = true;
    })
    .await;
    let manager =
        mcp_oauth_client::AuthorizationManager::builder(format!("{}?api_key=s3cr3t", peer.mcp_url()))
            .policy(policy())
            .build()
            .unwrap();
    let grant = login(&manager).await.unwrap();
    assert_eq!(grant.resource().as_str(), peer.mcp_url());
    assert_eq!(only(&peer, "/authorize").parameter("resource"), Some(peer.mcp_url()));
    assert!(!format!("{grant:?}{manager:?}").contains("s3cr3t"));
}

/// C2.10: an outage is not an older kind of server.
#[tokio::test]
async fn c2_10_an_outage_is_no_downgrade() {
    for status in [500, 503, 429] {
        let peer = OAuthPeer::start(|script| {
            script.same_origin = true;
            script.reply(PATH, Reply::status(status));
        })
        .await;
        let error = refused(&peer).await;
        assert!(matches!(error, DiscoveryError::Unavailable { .. }) && error.is_retryable(), "{status}");
    }
    let peer = OAuthPeer::start(|script| {
        script.reply(OAUTH, Reply::status(503));
        script.metadata_place = MetadataPlace::Nowhere;
    })
    .await;
    assert!(matches!(refused(&peer).await, DiscoveryError::Unavailable { .. }));
}

/// C2.10: neither is a connection that cannot be made: nobody knows then what the server has.
#[tokio::test]
async fn c2_10_no_connection_is_no_downgrade() {
    let (_nobody, address) = nobody();
    let url = format!("http://{address}/mcp");
    let manager = mcp_oauth_client::AuthorizationManager::builder(url).policy(policy()).build().unwrap();
    let error = login(&manager).await.unwrap_err();
    assert!(matches!(error, Error::Discovery(DiscoveryError::Http(_))) && error.is_retryable(), "{error:?}");
}

/// C3.1, C3.2, C3.3, C3.5: each place in its order, and nothing else.
#[tokio::test]
async fn c3_2_places_of_the_authorization_server() {
    let asked = async |path: &str, place| {
        let peer = OAuthPeer::start(|script| {
            script.issuer_path = path.to_owned();
            script.metadata_place = place;
        })
        .await;
        login(&manager(&peer)).await.unwrap();
        let all = peer.paths();
        all.into_iter()
            .filter(|path| path.contains("openid") || path.contains("authorization-server"))
            .collect::<Vec<_>>()
    };
    let (one, two, three) =
        (format!("{OAUTH}/tenant"), format!("{OPENID}/tenant"), format!("/tenant{OPENID}"));
    assert_eq!(asked("/tenant", MetadataPlace::OAuth).await, [&*one]);
    assert_eq!(asked("/tenant", MetadataPlace::OpenIdInserted).await, [&*one, &two]);
    assert_eq!(asked("/tenant", MetadataPlace::OpenIdAppended).await, [&*one, &two, &three]);
    assert_eq!(asked("", MetadataPlace::OAuth).await, [OAUTH]);
    assert_eq!(asked("", MetadataPlace::OpenIdInserted).await, [OAUTH, OPENID]);
}

/// C3.6, C3.7: another issuer's document is not used, and the default endpoints are not either.
#[tokio::test]
async fn c3_6_issuer_mismatch() {
    let peer =
        OAuthPeer::start(|script| script.metadata_patch = json!({ "issuer": "https://evil.test" })).await;
    assert!(matches!(refused(&peer).await, DiscoveryError::Server { .. }));
    let slash = format!("{}/", peer.issuer());
    peer.change(|script| script.metadata_patch = json!({ "issuer": slash }));
    peer.clear();
    assert!(matches!(refused(&peer).await, DiscoveryError::Server { .. }), "a slash more is another issuer");
}

/// C3.8: a server that cannot do the code flow.
#[tokio::test]
async fn c3_8_no_code_flow() {
    for patch in [
        json!({ "authorization_endpoint": null }),
        json!({ "token_endpoint": null }),
        json!({ "response_types_supported": ["id_token"] }),
    ] {
        let peer = OAuthPeer::start(|script| script.metadata_patch = patch.clone()).await;
        assert!(matches!(refused(&peer).await, DiscoveryError::Server { .. }), "{patch}");
    }
}

/// C3.10: discovery says which revision it speaks.
#[tokio::test]
async fn c3_10_protocol_version() {
    let peer = OAuthPeer::start(|_| {}).await;
    login(&manager(&peer)).await.unwrap();
    for path in [PATH, OAUTH] {
        assert_eq!(only(&peer, path).header("mcp-protocol-version"), Some("2025-11-25"));
    }
}

/// C3.11, C8.8: endpoints that are neither https nor on loopback, or that run something.
#[tokio::test]
async fn c3_11_endpoints() {
    for endpoint in ["authorization_endpoint", "token_endpoint"] {
        for url in [
            "http://as.test/x",
            "javascript:alert(1)",
            "file:///bin/sh",
            "data:text/html,x",
            "/relative",
            "vbscript:x",
        ] {
            let peer = OAuthPeer::start(|script| script.metadata_patch = json!({ endpoint: url })).await;
            let error = refused(&peer).await;
            assert!(
                matches!(error, DiscoveryError::Endpoint { endpoint: found, .. } if found == endpoint),
                "{url}"
            );
        }
    }
}

/// C4.3, C4.4, C4.5: no promise of S256, no login; whatever kind of document it is.
#[tokio::test]
async fn c4_3_pkce_must_be_advertised() {
    for place in [MetadataPlace::OAuth, MetadataPlace::OpenIdInserted] {
        for methods in [Value::Null, json!([]), json!(["plain"])] {
            let peer = OAuthPeer::start(|script| {
                script.metadata_place = place;
                script.metadata_patch = json!({ "code_challenge_methods_supported": methods });
            })
            .await;
            assert!(matches!(refused(&peer).await, DiscoveryError::PkceNotAdvertised { .. }), "{methods}");
        }
    }
}

/// The exception has a name, covers silence only, and the challenge is sent all the same.
#[tokio::test]
async fn c4_3_pkce_exception() {
    let with = async |methods: Value| {
        let peer = OAuthPeer::start(|script| {
            script.metadata_patch = json!({ "code_challenge_methods_supported": methods });
        })
        .await;
        let mut policy = policy();
        policy.pkce = PkcePolicy::AssumeSupported;
        let manager = builder(&peer).policy(policy).build().unwrap();
        (login(&manager).await, peer)
    };
    let (outcome, peer) = with(Value::Null).await;
    outcome.unwrap();
    assert_eq!(only(&peer, "/authorize").parameter("code_challenge_method").as_deref(), Some("S256"));
    let (outcome, _) = with(json!(["plain"])).await;
    assert!(matches!(outcome, Err(Error::Discovery(DiscoveryError::PkceNotAdvertised { .. }))));
}

async fn legacy(place: MetadataPlace) -> OAuthPeer {
    OAuthPeer::start(|script| {
        script.same_origin = true;
        script.resource_place = ResourcePlace::Nowhere;
        script.challenge = Challenge::Silent;
        script.metadata_place = place;
        script.iss = false;
    })
    .await
}

/// C5.1, C5.2: the root of the host is the base address; its metadata counts, be its issuer written with a slash.
#[tokio::test]
async fn c5_2_legacy_server_with_metadata() {
    for slash in ["", "/"] {
        let peer = legacy(MetadataPlace::OAuth).await;
        let issuer = format!("{}{slash}", peer.issuer());
        let at = |name: &str| format!("{}/{name}", peer.issuer());
        let patch = json!({ "issuer": issuer, "registration_endpoint": at("register") });
        peer.change(|script| script.metadata_patch = patch);
        let grant = login(&manager(&peer)).await.unwrap();
        assert_eq!(grant.issuer().as_str(), issuer);
        assert_eq!(grant.resource().as_str(), peer.mcp_url());
    }
}

/// C5.3, C5.4, C4.8: without any metadata the default endpoints, with registration and PKCE.
#[tokio::test]
async fn c5_3_legacy_server_without_metadata() {
    let peer = legacy(MetadataPlace::Nowhere).await;
    login(&manager(&peer)).await.unwrap();
    assert!(only(&peer, "/authorize").parameter("code_challenge").is_some());
    assert!(only(&peer, "/token").parameter("code_verifier").is_some());
    assert_eq!(peer.count("/register"), 1);
}

/// C5.5: a switch, and never when there is a document.
#[tokio::test]
async fn c5_5_legacy_is_a_choice() {
    let peer = legacy(MetadataPlace::OAuth).await;
    let mut policy = policy();
    policy.legacy_servers = false;
    let manager = builder(&peer).policy(policy).build().unwrap();
    let refused = login(&manager).await;
    assert!(matches!(refused, Err(Error::Discovery(DiscoveryError::NoResourceMetadata))));

    let bad = OAuthPeer::start(|script| {
        script.same_origin = true;
        script.resource_patch = json!({ "resource": 5 });
    })
    .await;
    assert!(matches!(self::refused(&bad).await, DiscoveryError::Resource { .. }));
}

/// A configured authorization server stands in where the MCP server names none.
#[tokio::test]
async fn c2_7_configured_authorization_server() {
    let peer = OAuthPeer::start(|script| {
        script.resource_place = ResourcePlace::Nowhere;
        script.challenge = Challenge::Bare;
    })
    .await;
    let configured = Issuer::parse(&format!("{}/", peer.issuer())).unwrap();
    let manager = builder(&peer).authorization_server(configured).build().unwrap();
    assert_eq!(login(&manager).await.unwrap().issuer().as_str(), peer.issuer());
}

/// C16.2: plain http elsewhere is an explicit exception, for the MCP server too.
#[tokio::test]
async fn c16_2_plain_http() {
    let build = |policy| {
        mcp_oauth_client::AuthorizationManager::builder("http://mcp.test/mcp").policy(policy).build()
    };
    assert!(build(policy()).is_err());
    let mut open = policy();
    open.plain_http = PlainHttp::Anywhere;
    assert!(build(open).is_ok());
}
