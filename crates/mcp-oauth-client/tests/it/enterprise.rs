//! C17.5 to C17.9: enterprise-managed authorization, with an identity provider of its own.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::future::BoxFuture;
use mcp_oauth_client::{
    AuthorizationManager, AuthorizationManagerBuilder, BoxError, ClientKey, EnterpriseManaged, Error,
    GrantKind, PreregisteredClient, PrivateKey, RefreshError, SubjectToken, TokenError, UnattendedError,
};
use mcp_oauth_core::{
    Assertion, ClientId, ClientSecret, Issuer, OAuthErrorCode, RefreshToken, SigningAlgorithm,
};
use serde_json::json;
use testkit::oauth::{MetadataPlace, OAuthPeer, Reply, TestKey};

use crate::support::{builder, only, with_clock};

const AT_IDP: &str = "sso-client";
const AT_IDP_SECRET: &str = "sso-s3cr3t";
const AT_SERVER: &str = "mcp-client";
const AT_SERVER_SECRET: &str = "mcp-s3cr3t";

/// A company: its identity provider, an MCP server that trusts it, and a person.
struct Company {
    idp: OAuthPeer,
    key: TestKey,
    peer: OAuthPeer,
}

impl Company {
    async fn new() -> Self {
        let key = TestKey::generate("ES256");
        let idp = OAuthPeer::start(|script| {
            script.metadata_place = MetadataPlace::OpenIdAppended;
            AT_SERVER.clone_into(&mut script.id_jag_client);
            script.metadata_patch = json!({
                "token_endpoint_auth_methods_supported": ["client_secret_post"],
                "code_challenge_methods_supported": null,
            });
        })
        .await;
        idp.sign_with(&key);
        idp.add_client(AT_IDP, Some(AT_IDP_SECRET), "client_secret_post");
        let peer = OAuthPeer::start(|script| {
            script.challenge_scope = Some("mcp:read".into());
            script.metadata_patch = json!({
                "grant_types_supported": ["urn:ietf:params:oauth:grant-type:jwt-bearer"],
                "token_endpoint_auth_methods_supported": ["client_secret_basic"],
                "authorization_grant_profiles_supported": ["urn:ietf:params:oauth:grant-profile:id-jag"],
            });
        })
        .await;
        peer.trust(&key);
        peer.add_client(AT_SERVER, Some(AT_SERVER_SECRET), "client_secret_basic");
        Self { idp, key, peer }
    }

    fn id_token(&self, exp: u64) -> SubjectToken {
        let claims = json!({ "iss": self.idp.issuer(), "sub": "person", "aud": AT_IDP, "exp": exp });
        SubjectToken::IdToken(Assertion::parse(self.key.sign("JWT", &claims)).unwrap())
    }

    fn at_idp() -> PreregisteredClient {
        PreregisteredClient::new(ClientId::parse(AT_IDP).unwrap())
            .with_secret(ClientSecret::parse(AT_IDP_SECRET).unwrap())
    }

    fn enterprise(&self) -> EnterpriseManaged {
        let issuer = Issuer::parse(&self.idp.issuer()).unwrap();
        EnterpriseManaged::new(issuer, Self::at_idp(), self.id_token(4_102_444_800))
    }

    fn builder(&self) -> AuthorizationManagerBuilder {
        let client = PreregisteredClient::new(ClientId::parse(AT_SERVER).unwrap())
            .with_secret(ClientSecret::parse(AT_SERVER_SECRET).unwrap());
        builder(&self.peer).preregistered(client)
    }

    fn manager(&self) -> AuthorizationManager {
        self.builder().enterprise_managed(self.enterprise()).build().unwrap()
    }
}

async fn failed(manager: &AuthorizationManager) -> Arc<UnattendedError> {
    match manager.access_token().await.unwrap_err() {
        Error::Refresh(RefreshError::Unattended(error)) => error,
        other => panic!("{other:?}"),
    }
}

/// C17.5, C17.6, C17.7: both requests with all that they must carry, each with its own client; nobody is sent anywhere.
#[tokio::test]
async fn c17_5_both_steps() {
    let company = Company::new().await;
    company.peer.change(|script| script.resource_patch = json!({ "scopes_supported": ["mcp:read"] }));
    let manager = company.manager();
    manager.access_token().await.unwrap();
    let exchange = only(&company.idp, "/token");
    for (name, value) in [
        ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange".to_owned()),
        ("requested_token_type", "urn:ietf:params:oauth:token-type:id-jag".to_owned()),
        ("subject_token_type", "urn:ietf:params:oauth:token-type:id_token".to_owned()),
        ("audience", company.peer.issuer()),
        ("resource", company.peer.mcp_url()),
        ("scope", "mcp:read".to_owned()),
        ("client_id", AT_IDP.to_owned()),
        ("client_secret", AT_IDP_SECRET.to_owned()),
    ] {
        assert_eq!(exchange.parameter(name), Some(value), "{name}");
    }
    assert!(exchange.parameter("subject_token").is_some());
    let request = only(&company.peer, "/token");
    let grant_type = request.parameter("grant_type");
    assert_eq!(grant_type.as_deref(), Some("urn:ietf:params:oauth:grant-type:jwt-bearer"));
    assert_eq!(request.parameter("resource"), Some(company.peer.mcp_url()));
    assert_eq!(request.parameter("scope").as_deref(), Some("mcp:read"));
    assert!(request.header("authorization").unwrap().starts_with("Basic "), "C17.6");
    // The identity provider's secret stays there, and the other one at its place.
    assert_eq!(request.parameter("subject_token"), None);
    assert_eq!(request.parameter("client_secret"), None);
    for peer in [&company.idp, &company.peer] {
        assert_eq!((peer.count("/authorize"), peer.count("/register")), (0, 0), "C17.7");
        assert!(peer.seen().iter().all(|seen| seen.query.is_empty()), "C17.9: nothing in an address");
    }
    assert_eq!(manager.grant().unwrap().kind(), GrantKind::EnterpriseManaged);
    assert_eq!(manager.grant().unwrap().issuer().as_str(), company.peer.issuer());
}

/// C17.6: at the MCP server's side a client id metadata document will do, with a key.
#[tokio::test]
async fn c17_6_metadata_document_with_a_key() {
    const DOCUMENT: &str = "https://app.test/client.json";
    let company = Company::new().await;
    let key = TestKey::generate("EdDSA");
    company.idp.change(|script| script.id_jag_client = DOCUMENT.to_owned());
    company.peer.add_key_client(DOCUMENT, &key);
    company.peer.change(|script| {
        script.metadata_patch["client_id_metadata_document_supported"] = true.into();
        script.metadata_patch["token_endpoint_auth_methods_supported"] = json!(["private_key_jwt"]);
    });
    let private = PrivateKey::from_pem(key.pem().as_bytes(), SigningAlgorithm::EdDsa).unwrap();
    let manager = builder(&company.peer)
        .client_id_metadata_document(DOCUMENT)
        .metadata_document_key(ClientKey::new(private))
        .enterprise_managed(company.enterprise())
        .build()
        .unwrap();
    manager.access_token().await.unwrap();
    let request = only(&company.peer, "/token");
    assert!(request.parameter("client_assertion").is_some() && request.parameter("client_id").is_none());
}

/// C17.5: a refresh token as the subject, as a SAML sign-in leaves it; and a token endpoint that is configured.
#[tokio::test]
async fn c17_5_refresh_token_and_endpoint() {
    let company = Company::new().await;
    company.idp.change(|script| script.metadata_place = MetadataPlace::Nowhere);
    // Without metadata, the method is the one that every server has.
    company.idp.add_client(AT_IDP, Some(AT_IDP_SECRET), "client_secret_basic");
    let token = company.idp.give_refresh_token(AT_IDP);
    let person = SubjectToken::RefreshToken(RefreshToken::parse(token.clone()).unwrap());
    let issuer = Issuer::parse(&company.idp.issuer()).unwrap();
    let enterprise = EnterpriseManaged::new(issuer, Company::at_idp(), person)
        .token_endpoint(format!("{}/token", company.idp.issuer()));
    let manager = company.builder().enterprise_managed(enterprise).build().unwrap();
    manager.access_token().await.unwrap();
    assert_eq!(company.idp.paths(), ["/token"]);
    let exchange = only(&company.idp, "/token");
    assert_eq!(exchange.parameter("subject_token"), Some(token));
    let kind = exchange.parameter("subject_token_type");
    assert_eq!(kind.as_deref(), Some("urn:ietf:params:oauth:token-type:refresh_token"));
}

/// C17.7: `N_A` and the type of an ID-JAG, from the identity provider, and from nobody else.
#[tokio::test]
async fn c17_7_token_types() {
    for patch in [
        json!({ "token_type": "Bearer" }),
        json!({ "issued_token_type": "urn:ietf:params:oauth:token-type:access_token" }),
        json!({ "issued_token_type": null }),
    ] {
        let company = Company::new().await;
        company.idp.change(|script| script.exchange_patch = patch);
        assert!(matches!(*failed(&company.manager()).await, UnattendedError::NotAnIdJag { .. }));
        assert_eq!(company.peer.count("/token"), 0, "nothing of it is sent on");
    }
    let company = Company::new().await;
    company.idp.change(|script| script.exchange_patch = json!({ "token_type": "n_a" }));
    company.manager().access_token().await.unwrap();
    company.peer.change(|script| script.token_patch = json!({ "token_type": "N_A" }));
    let error = failed(&company.manager()).await;
    assert!(matches!(*error, UnattendedError::Token(TokenError::TokenType(_))));
}

/// C17.8: a server that lists its grant profiles is believed, whatever it lists; one that lists its grants is, too.
#[tokio::test]
async fn c17_8_detection() {
    let company = Company::new().await;
    let manager = company.manager();
    let patch = |name: &'static str, value: serde_json::Value| {
        company.peer.change(move |script| script.metadata_patch[name] = value);
    };
    patch("authorization_grant_profiles_supported", json!(["urn:example:other"]));
    assert!(matches!(*failed(&manager).await, UnattendedError::ProfileNotOffered { .. }));
    patch("authorization_grant_profiles_supported", json!(null));
    patch("grant_types_supported", json!(["authorization_code"]));
    assert!(matches!(*failed(&manager).await, UnattendedError::NotOffered { .. }));
    assert_eq!((company.idp.count("/token"), company.peer.count("/token")), (0, 0));
    // The profile says it all.
    patch("authorization_grant_profiles_supported", json!(["urn:ietf:params:oauth:grant-profile:id-jag"]));
    manager.access_token().await.unwrap();
    // And a server that says neither may well do it.
    patch("authorization_grant_profiles_supported", json!(null));
    patch("grant_types_supported", json!(null));
    company.manager().access_token().await.unwrap();
}

/// C17.5: the person's token is asked for before every exchange, so that it can be fresh. One that the identity provider
/// no longer takes is told apart from everything else: they must sign in there again.
#[tokio::test]
async fn c17_5_fresh_subject_tokens() {
    let company = Company::new().await;
    company.idp.change(|script| script.id_tokens_expire_before = 2_000_000_000);
    let tokens = Arc::new(Mutex::new(vec![company.id_token(2_100_000_000), company.id_token(1_900_000_000)]));
    let asked = Arc::new(AtomicUsize::new(0));
    let source = {
        let (tokens, asked) = (Arc::clone(&tokens), Arc::clone(&asked));
        move || -> BoxFuture<'static, Result<SubjectToken, BoxError>> {
            asked.fetch_add(1, Ordering::Relaxed);
            let token = tokens.lock().unwrap().pop().ok_or_else(|| BoxError::from("nobody is signed in"));
            Box::pin(async { token })
        }
    };
    let issuer = Issuer::parse(&company.idp.issuer()).unwrap();
    let enterprise = EnterpriseManaged::new(issuer, Company::at_idp(), source);
    let manager = company.builder().enterprise_managed(enterprise).build().unwrap();
    let expired = failed(&manager).await;
    assert!(expired.is_subject_rejected() && !expired.is_retryable());
    assert_eq!(expired.code(), Some(&OAuthErrorCode::InvalidGrant));
    let first = manager.access_token().await.unwrap();
    let none = manager.recover(Some(&first)).await.unwrap_err();
    let Error::Refresh(RefreshError::Unattended(none)) = none else { panic!("{none:?}") };
    assert!(matches!(*none, UnattendedError::SubjectToken(_)) && none.is_subject_rejected());
    assert_eq!(asked.load(Ordering::Relaxed), 3);
}

/// C17.5, C17.6: who refused is told: the identity provider, or the MCP server's authorization server.
#[tokio::test]
async fn c17_6_who_refused() {
    let company = Company::new().await;
    let refusal =
        Reply::json(403, &json!({ "error": "access_denied", "error_description": "not this server" }));
    company.idp.change(|script| {
        script.reply("/token", refusal);
    });
    let error = failed(&company.manager()).await;
    assert!(matches!(*error, UnattendedError::IdentityProvider(TokenError::Refused(_))));
    assert!(!error.is_subject_rejected());
    assert_eq!(company.peer.count("/token"), 0);

    let company = Company::new().await;
    company.idp.change(|script| script.id_jag_client = "somebody else".into());
    let error = failed(&company.manager()).await;
    assert!(matches!(*error, UnattendedError::Token(TokenError::Refused(_))));
    assert_eq!(error.code(), Some(&OAuthErrorCode::InvalidGrant));
    assert_eq!(company.peer.count("/token"), 1, "not tried again");

    let company = Company::new().await;
    company.idp.change(|script| script.metadata_place = MetadataPlace::Nowhere);
    assert!(matches!(*failed(&company.manager()).await, UnattendedError::IdentityProviderDiscovery(_)));

    let company = Company::new().await;
    let elsewhere = Company::at_idp().at_issuer(Issuer::parse("https://other.test").unwrap());
    let issuer = Issuer::parse(&company.idp.issuer()).unwrap();
    let enterprise = EnterpriseManaged::new(issuer, elsewhere, company.id_token(4_102_444_800));
    let manager = company.builder().enterprise_managed(enterprise).build().unwrap();
    assert!(matches!(*failed(&manager).await, UnattendedError::IdentityProviderClient(_)));
    assert_eq!(company.idp.count("/token"), 0, "the secret is not shown to it");
}

/// C17.4, C17.9: renewed by a new exchange, before the expiry; the assertion is good for one use and never kept.
#[tokio::test]
async fn c17_9_renewed_and_not_kept() {
    let company = Company::new().await;
    let (_, clock) = with_clock(&company.peer);
    let directory = tempfile::tempdir().unwrap();
    let store = mcp_oauth_client::FileStore::open(directory.path()).unwrap();
    let manager = company
        .builder()
        .clock(clock.clone())
        .store(store)
        .enterprise_managed(company.enterprise())
        .build()
        .unwrap();
    let first = manager.access_token().await.unwrap();
    clock.advance(Duration::from_secs(3590));
    assert_ne!(manager.access_token().await.unwrap(), first);
    let exchanged: Vec<_> =
        company.peer.seen_at("/token").iter().filter_map(|seen| seen.parameter("assertion")).collect();
    assert_eq!(exchanged.len(), 2);
    assert_ne!(exchanged[0], exchanged[1]);
    let shown = format!("{manager:?} {:?} {:?}", manager.grant(), company.enterprise());
    let subject = company.id_token(4_102_444_800);
    let mut secrets = exchanged;
    secrets.extend([subject.expose().to_owned(), AT_IDP_SECRET.to_owned(), AT_SERVER_SECRET.to_owned()]);
    for entry in directory.path().read_dir().unwrap() {
        let text = std::fs::read_to_string(entry.unwrap().path()).unwrap_or_default();
        for secret in &secrets {
            assert!(!text.contains(secret), "kept: {secret}");
        }
    }
    for secret in &secrets {
        assert!(!shown.contains(secret), "shown: {secret}");
    }
}

/// C17.9: https only, also for an identity provider whose metadata says otherwise.
#[tokio::test]
async fn c17_9_https_only() {
    let company = Company::new().await;
    company.idp.change(|script| {
        script.metadata_patch["token_endpoint"] = json!("http://idp.test/token");
    });
    assert!(matches!(*failed(&company.manager()).await, UnattendedError::IdentityProviderDiscovery(_)));
    let enterprise = company.enterprise().token_endpoint("http://idp.test/token");
    let manager = company.builder().enterprise_managed(enterprise).build().unwrap();
    assert!(matches!(*failed(&manager).await, UnattendedError::IdentityProviderDiscovery(_)));
}

/// C17.5: an ID-JAG is for the authorization server that it was asked for. One for another server is not shown to it: an
/// identity provider that takes no notice of the audience would arm whoever the MCP server names.
#[tokio::test]
async fn c17_5_an_id_jag_for_another_server() {
    for patch in [json!({ "access_token": null }), json!({ "access_token": "opaque" })] {
        let company = Company::new().await;
        let elsewhere = company.key.sign("oauth-id-jag+jwt", &json!({
            "iss": company.idp.issuer(), "sub": "person", "aud": "https://real.test", "exp": 4_102_444_800_u64,
        }));
        let mut patch = patch;
        let is_opaque = patch["access_token"].is_string();
        if !is_opaque {
            patch["access_token"] = elsewhere.into();
        }
        company.idp.change(|script| script.exchange_patch = patch);
        let error = failed(&company.manager()).await;
        let UnattendedError::IdJagAudience { issuer, found } = &*error else { panic!("{error:?}") };
        assert_eq!(issuer.as_str(), company.peer.issuer());
        assert_eq!(found.is_empty(), is_opaque);
        assert_eq!(company.peer.count("/token"), 0, "nothing of it is sent on");
    }
}
