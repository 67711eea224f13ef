//! Which client the proxy is: one registered by hand, in both places of the configuration; and where tokens are kept.

use mcp_oauth_core::{ClientId, ClientSecret, RedirectUri};
use mcp_oauth_server::{Client, ClientAuthentication, Registration};
use serde_json::{Value, json};

use super::{call, config, entry_with};
use crate::support::{Home, Protected, approve, login_url, parameter};

const ID: &str = "client!+ID";
const SECRET: &str = "s3cr3t:/+%&=";

async fn closed(authentication: ClientAuthentication) -> Protected {
    let client = Client::new(
        ClientId::parse(ID).expect("an id"),
        [RedirectUri::parse("http://127.0.0.1/callback").expect("a redirect URI")],
    );
    Protected::planned(|plan| {
        plan.registration = Registration::Closed;
        plan.clients = vec![client.with_authentication(authentication)];
    })
    .await
}

async fn logs_in(vault: &Protected, oauth: Value) {
    let home = Home::with_config(&config(&entry_with(vault, oauth)));
    let proxy = home.start().await;
    let url = login_url(&proxy, "vault", 0).await;
    assert_eq!(parameter(&url, "client_id"), ID);
    approve(&url).await;
    proxy.ready("/vault/openapi.json").await;
    assert_eq!(call(&proxy, "echo").await.status, 200);
    assert_eq!(vault.count("POST /register"), 0);
    assert!(!proxy.log().contains(SECRET), "{}", proxy.log());
    // Renewing authenticates the client as well; so does the next start.
    vault.reject_access_tokens();
    assert_eq!(call(&proxy, "echo").await.status, 200);
    drop(proxy);
    let again = home.start().await;
    again.ready("/vault/openapi.json").await;
    vault.reject_access_tokens();
    assert_eq!(call(&again, "echo").await.status, 200);
    for file in home.token_files() {
        let text = std::fs::read_to_string(&file).expect("a file");
        assert!(!text.contains(SECRET), "the configured secret is copied to {}", file.display());
    }
}

/// Defect 30: the documented static client cannot carry a `client_id`.
#[tokio::test]
async fn d30_a_static_client_beside_the_section() {
    let secret = ClientSecret::parse(SECRET).expect("a secret");
    let vault = closed(ClientAuthentication::basic(&secret)).await;
    logs_in(&vault, json!({ "client_id": ID, "client_secret": SECRET })).await;
}

#[tokio::test]
async fn d30_a_static_client_in_its_metadata() {
    let secret = ClientSecret::parse(SECRET).expect("a secret");
    let vault = closed(ClientAuthentication::post(&secret)).await;
    let metadata = json!({
        "client_id": ID, "client_secret": SECRET, "token_endpoint_auth_method": "client_secret_post",
    });
    logs_in(&vault, json!({ "client_metadata": metadata })).await;
}

#[tokio::test]
async fn d30_a_static_client_without_a_secret() {
    let vault = closed(ClientAuthentication::None).await;
    logs_in(&vault, json!({ "client_id": ID })).await;
}

/// A secret that is wrong is said to be, without being said.
#[tokio::test]
async fn a_wrong_secret_is_told() {
    let secret = ClientSecret::parse(SECRET).expect("a secret");
    let vault = closed(ClientAuthentication::basic(&secret)).await;
    let oauth = json!({ "client_id": ID, "client_secret": "wrong-one" });
    let home = Home::with_config(&config(&entry_with(&vault, oauth)));
    let proxy = home.start().await;
    let url = login_url(&proxy, "vault", 0).await;
    let landed = crate::support::answer(&url, "Allow").await;
    assert!(landed.text().contains("The login failed"), "{}", landed.text());
    let line = proxy.logged("the login did not succeed").await;
    assert!(line.contains("invalid_client"), "{line}");
    assert!(!proxy.log().contains("wrong-one"), "{}", proxy.log());
}

#[tokio::test]
async fn tokens_in_memory_leave_no_file() {
    let vault = Protected::start().await;
    let home = Home::with_config(&config(&entry_with(&vault, json!({ "storage_type": "memory" }))));
    let proxy = home.start().await;
    approve(&login_url(&proxy, "vault", 0).await).await;
    proxy.ready("/vault/openapi.json").await;
    assert_eq!(call(&proxy, "echo").await.status, 200);
    assert!(!home.tokens().exists(), "{:?}", home.token_files());
    drop(proxy);
    let again = home.start().await;
    approve(&login_url(&again, "vault", 0).await).await;
    again.ready("/vault/openapi.json").await;
}

/// The exceptions of `oauth.policy` reach the login.
#[tokio::test]
async fn policies_of_a_server() {
    let vault = Protected::planned(|_| {}).await;
    let policy = json!({ "resource": "omit", "authorization_parameters": { "access_type": "offline" } });
    let home = Home::with_config(&config(&entry_with(&vault, json!({ "policy": policy }))));
    let proxy = home.start().await;
    let url = login_url(&proxy, "vault", 0).await;
    assert_eq!(parameter(&url, "access_type"), "offline");
    assert!(!url.contains("resource="), "{url}");
}
