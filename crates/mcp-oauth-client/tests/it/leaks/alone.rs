//! Grants without a person.

use mcp_oauth_client::{
    AssertionAudience, AuthorizationManager, AuthorizationManagerBuilder, ClientKey, EnterpriseManaged,
    PreregisteredClient, PrivateKey, SubjectToken, WorkloadIdentity,
};
use mcp_oauth_core::{Assertion, ClientId, ClientSecret, Issuer, SigningAlgorithm};
use serde_json::json;
use testkit::oauth::{MetadataPlace, OAuthPeer, Reply, TestKey};

use super::watch::Watch;
use crate::support::builder;

const ID: &str = "machine!+ID 1";
const SECRET: &str = "machine-s3cr3t:+%&=";

/// Asks for a token twice, and once where the server answers with what it should not.
async fn live(watch: &mut Watch, peer: &OAuthPeer, builder: AuthorizationManagerBuilder) {
    let builder = builder.http(watch.wire.clone());
    watch.show(&builder);
    let manager: AuthorizationManager = builder.build().unwrap();
    let token = manager.access_token().await.unwrap();
    watch.show(&(&token, manager.grant(), &manager));
    manager.recover(Some(&token)).await.unwrap();
    for reply in [
        Reply::json(200, &json!({ "access_token": "a leaky access s3cr3t", "token_type": "Bearer" })),
        Reply::json(400, &json!({ "error": "invalid_client", "error_description": "no" })),
        Reply::json(500, &json!({ "access_token": "leaky-access-s3cr3t" })),
    ] {
        peer.change(|script| {
            script.reply("/token", reply);
        });
        let held = manager.grant().map(|grant| grant.access_token().clone());
        let error = manager.recover(held.as_ref()).await.unwrap_err();
        watch.show_error(&error);
    }
    peer.secrets().iter().for_each(|secret| watch.wire.add("given out", secret));
}

/// A private key, by the lines of its PEM form.
fn keep_key(watch: &Watch, key: &TestKey) {
    let lines = key.pem().lines().filter(|line| !line.starts_with("---"));
    lines.for_each(|line| watch.wire.add("private key", line));
}

fn with_secret(id: &str, secret: &str) -> PreregisteredClient {
    PreregisteredClient::new(ClientId::parse(id).unwrap()).with_secret(ClientSecret::parse(secret).unwrap())
}

/// C15.4: client credentials by secret and by key.
#[tokio::test]
async fn c15_4_client_credentials() {
    for method in ["client_secret_basic", "client_secret_post", "private_key_jwt"] {
        let mut watch = Watch::begin();
        let peer = OAuthPeer::start(|script| {
            script.metadata_patch = json!({
                "grant_types_supported": ["client_credentials"],
                "token_endpoint_auth_methods_supported": [method],
                "token_endpoint_auth_signing_alg_values_supported": ["ES256"],
            });
        })
        .await;
        let client = if method == "private_key_jwt" {
            let key = TestKey::generate("ES256");
            keep_key(&watch, &key);
            peer.add_key_client(ID, &key);
            let private = PrivateKey::from_pem(key.pem().as_bytes(), SigningAlgorithm::Es256).unwrap();
            watch.show(&private);
            let key = ClientKey::new(private);
            watch.show(&key);
            PreregisteredClient::new(ClientId::parse(ID).unwrap()).with_key(key)
        } else {
            peer.add_client(ID, Some(SECRET), method);
            with_secret(ID, SECRET)
        };
        watch.show(&client);
        let builder = builder(&peer).preregistered(client).client_credentials();
        live(&mut watch, &peer, builder).await;
        watch.end(&["mcp_oauth_client", "hyper"]);
    }
}

/// C15.4, C17.9: enterprise-managed authorization: the person's ID token, the ID-JAG, both clients' secrets.
#[tokio::test]
async fn c15_4_enterprise_managed() {
    let mut watch = Watch::begin();
    let key = TestKey::generate("ES256");
    keep_key(&watch, &key);
    let idp = OAuthPeer::start(|script| {
        script.metadata_place = MetadataPlace::OpenIdAppended;
        ID.clone_into(&mut script.id_jag_client);
        script.metadata_patch = json!({
            "token_endpoint_auth_methods_supported": ["client_secret_post"],
            "code_challenge_methods_supported": null,
        });
    })
    .await;
    idp.sign_with(&key);
    idp.add_client("sso-client", Some("sso-client-s3cr3t"), "client_secret_post");
    let peer = OAuthPeer::start(|script| {
        script.metadata_patch = json!({
            "grant_types_supported": ["urn:ietf:params:oauth:grant-type:jwt-bearer"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic"],
            "authorization_grant_profiles_supported": ["urn:ietf:params:oauth:grant-profile:id-jag"],
        });
    })
    .await;
    peer.trust(&key);
    peer.add_client(ID, Some(SECRET), "client_secret_basic");
    let claims =
        json!({ "iss": idp.issuer(), "sub": "person", "aud": "sso-client", "exp": 4_102_444_800_u64 });
    let id_token = SubjectToken::IdToken(Assertion::parse(key.sign("JWT", &claims)).unwrap());
    watch.show(&id_token);
    let issuer = Issuer::parse(&idp.issuer()).unwrap();
    let enterprise = EnterpriseManaged::new(issuer, with_secret("sso-client", "sso-client-s3cr3t"), id_token);
    watch.show(&enterprise);
    let builder = builder(&peer).preregistered(with_secret(ID, SECRET)).enterprise_managed(enterprise);
    live(&mut watch, &peer, builder).await;
    idp.secrets().iter().for_each(|secret| watch.wire.add("given out", secret));
    let kinds: Vec<_> = watch.wire.secrets().into_iter().map(|(kind, _)| kind).collect();
    for kind in ["subject_token", "assertion", "client_secret", "access_token"] {
        assert!(kinds.iter().any(|known| known == kind), "{kind} passed: {kinds:?}");
    }
    watch.end(&["mcp_oauth_client", "hyper"]);
}

/// C15.4: workload identity: the platform's assertion.
#[tokio::test]
async fn c15_4_workload_identity() {
    let mut watch = Watch::begin();
    let key = TestKey::generate("ES256");
    let peer = OAuthPeer::start(|script| {
        script.metadata_patch = json!({
            "registration_endpoint": null,
            "grant_types_supported": ["urn:ietf:params:oauth:grant-type:jwt-bearer"],
            "token_endpoint_auth_methods_supported": ["none"],
        });
    })
    .await;
    peer.trust(&key);
    let claims = json!({
        "iss": "https://platform.test", "sub": "spiffe://test/workload", "aud": peer.issuer(), "jti": "1",
        "exp": 4_102_444_800_u64,
    });
    let assertion = Assertion::parse(key.sign("JWT", &claims)).unwrap();
    watch.show(&assertion);
    let workload = WorkloadIdentity::new(move |_: &AssertionAudience| {
        let assertion = assertion.clone();
        Box::pin(async { Ok(assertion) }) as _
    });
    watch.show(&workload);
    let builder = builder(&peer).workload_identity(workload);
    live(&mut watch, &peer, builder).await;
    watch.end(&["mcp_oauth_client", "hyper"]);
}
