//! Stored tokens that only their key opens.

use std::fs;

use super::{call, config, entry};
use crate::support::{Home, Protected, Proxy, approve, login_url, login_urls, mcpo};

const FILE: &str = "MCPO_TOKEN_KEY_FILE";

async fn serves_without_a_login(proxy: &Proxy) {
    proxy.ready("/vault/openapi.json").await;
    assert_eq!(call(proxy, "echo").await.status, 200);
    assert!(login_urls(proxy, "vault").is_empty());
}

/// C15.1: tokens from before there was a key are sealed without a login, and go on to work with that key only; without it
/// or with another one, they are neither overwritten nor taken for absent.
#[tokio::test]
async fn c15_1_tokens_are_sealed() {
    let vault = Protected::start().await;
    let home = Home::with_config(&config(&entry(&vault)));
    let key = home.path("keys/tokens.key");
    let proxy = home.start().await;
    approve(&login_url(&proxy, "vault", 0).await).await;
    proxy.ready("/vault/openapi.json").await;
    drop(proxy);
    let kept =
        || home.token_files().into_iter().map(|file| fs::read_to_string(file).unwrap()).collect::<String>();
    let shows_a_secret = || vault.secrets().iter().any(|secret| kept().contains(secret));
    assert!(shows_a_secret());

    let proxy = home.start_in(FILE, &key).await;
    serves_without_a_login(&proxy).await;
    vault.reject_access_tokens();
    assert_eq!(call(&proxy, "echo").await.status, 200, "renewed");
    drop(proxy);
    assert!(!shows_a_secret());
    let sealed = kept();
    let words = fs::read_to_string(&key).unwrap();
    let secret = words.lines().last().unwrap().to_owned();
    assert!(!sealed.contains(&secret));

    for (variable, value) in [(FILE, home.path("another.key").into_os_string()), ("UNUSED", "".into())] {
        let proxy = home.start_in(variable, value).await;
        let line = proxy.logged("does not open").await;
        assert!(line.contains("not at hand") || line.contains("no key"), "{line}");
        assert!(login_urls(&proxy, "vault").is_empty());
        drop(proxy);
        assert_eq!(kept(), sealed);
    }

    let proxy = home.start_in("MCPO_TOKEN_KEY", &secret).await;
    serves_without_a_login(&proxy).await;
    assert!(!proxy.log().contains(&secret));
}

/// C15.1: once all is sealed, a grant that somebody puts there unsealed is refused, by words that say what to do; nobody is
/// logged in with it.
#[tokio::test]
async fn c15_1_an_unsealed_grant_is_refused() {
    let vault = Protected::start().await;
    let home = Home::with_config(&config(&entry(&vault)));
    let proxy = home.start().await;
    approve(&login_url(&proxy, "vault", 0).await).await;
    proxy.ready("/vault/openapi.json").await;
    drop(proxy);
    let plain: Vec<_> = home.token_files().into_iter().map(|file| (fs::read(&file).unwrap(), file)).collect();

    let key = home.path("keys/tokens.key");
    let proxy = home.start_in(FILE, &key).await;
    serves_without_a_login(&proxy).await;
    drop(proxy);

    // What it was before it was sealed, as good a forgery as there is.
    for (bytes, file) in &plain {
        fs::write(file, bytes).unwrap();
    }
    let proxy = home.start_in(FILE, &key).await;
    let line = proxy.logged("does not open").await;
    assert!(line.contains("not sealed") && line.contains("remove it, and log in again"), "{line}");
    assert!(login_urls(&proxy, "vault").is_empty());
}

/// A key that cannot be used is said before anything starts.
#[tokio::test]
async fn a_useless_key_ends_the_start() {
    let vault = Protected::start().await;
    let home = Home::with_config(&config(&entry(&vault)));
    fs::write(home.path("key"), "hush").unwrap();
    for (variable, value) in [("MCPO_TOKEN_KEY", "hush".into()), (FILE, home.path("key").into_os_string())] {
        let mut command = mcpo(&home.path(""));
        home.settle(&mut command);
        command.arg("--config").arg(home.path("config.json")).args(["--port", "0"]).env(variable, value);
        let output = command.output().await.unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success());
        assert!(said.contains("tokens cannot be sealed") && !said.contains("hush"), "{said}");
    }
}
