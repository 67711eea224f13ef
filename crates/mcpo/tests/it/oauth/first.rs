//! The first login, from the first line of output to the tool call.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use serde_json::json;
use tokio::net::TcpStream;
use url::Url;

use super::{call, call_local, config, entry, page, status};
use crate::support::{Home, Protected, approve, login_url, parameter};

/// Defects 26 (a login blocks everything) and 27 (the browser opens before the listener exists); the guide's flow.
#[tokio::test]
async fn d26_d27_a_login_waits_for_the_person_and_nothing_waits_for_the_login() {
    let vault = Protected::start().await;
    let home = Home::with_config(&config(&entry(&vault)));
    let proxy = home.start().await;
    let url = login_url(&proxy, "vault", 0).await;

    // The address leads back to a listener that stands already.
    let back = Url::parse(&parameter(&url, "redirect_uri")).expect("a redirect URI");
    let at = (back.host_str().expect("a host"), back.port().expect("a port"));
    assert_eq!(at.0, "127.0.0.1");
    TcpStream::connect(at).await.expect("the listener stands before the address is shown");

    // Everything but this server serves, and it says what it waits for.
    proxy.ready("/local/openapi.json").await;
    call_local(&proxy).await;
    assert_eq!(status(&proxy).await, "login_needed");
    let reply = call(&proxy, "echo").await;
    assert_eq!(reply.status, 503);
    assert!(reply.text().contains("waiting for a login"), "{}", reply.text());
    assert!(page(&proxy).await.contains("_mcpo/login/vault"), "the page leads to the login");
    proxy.eventually("the browser is opened", async || (home.opened() == [url.clone()]).then_some(())).await;

    let done = approve(&url).await;
    assert!(done.text().contains("You are logged in"), "{}", done.text());
    proxy.ready("/vault/openapi.json").await;
    let reply = call(&proxy, "echo").await;
    assert_eq!((reply.status, reply.json()), (200, json!({ "text": "hello" })));
    call_local(&proxy).await;
    assert_eq!(vault.count("POST /register"), 1);
    assert_eq!(vault.tokens("authorization_code"), 1);
    assert!(TcpStream::connect(at).await.is_err(), "the listener is gone after the login");
}

/// Defect 25: kept for this person only, and whole at any time.
#[tokio::test]
async fn d25_tokens_are_for_the_person_only() {
    let vault = Protected::start().await;
    let home = Home::with_config(&config(&entry(&vault)));
    let proxy = home.start().await;
    approve(&login_url(&proxy, "vault", 0).await).await;
    proxy.ready("/vault/openapi.json").await;
    let mode = |path: &std::path::Path| fs::metadata(path).expect("it is there").permissions().mode() & 0o777;
    assert_eq!(mode(&home.tokens()), 0o700);
    let files = home.token_files();
    assert!(!files.is_empty());
    for file in files {
        assert_eq!(mode(&file), 0o600, "{}", file.display());
    }
}

#[tokio::test]
async fn no_secret_is_shown_at_debug() {
    no_secret_is_shown("DEBUG").await;
}

#[tokio::test]
async fn no_secret_is_shown_at_trace() {
    no_secret_is_shown("TRACE").await;
}

/// Defects 23 and 25: nothing that opens a door is logged, printed or served, at any level and by anybody's request; but for the one line that
/// is for the person.
async fn no_secret_is_shown(level: &str) {
    let vault = Protected::start().await;
    let home = Home::with_config(&config(&entry(&vault)));
    let proxy = home.start_at(level, &[]).await;
    let url = login_url(&proxy, "vault", 0).await;
    let state = parameter(&url, "state");
    let paths = ["/", "/docs", "/openapi.json", "/vault/openapi.json", "/vault/docs", "/vault/redoc"];
    for path in paths {
        let served = proxy.get(path).await.text();
        assert!(!served.contains(&state), "{path} holds the state of the login");
    }
    approve(&url).await;
    proxy.ready("/vault/openapi.json").await;
    assert_eq!(call(&proxy, "echo").await.status, 200);
    vault.reject_access_tokens();
    assert_eq!(call(&proxy, "echo").await.status, 200, "renewed");
    assert_eq!(call(&proxy, "write").await.status, 503);
    login_url(&proxy, "vault", 1).await;

    let mut secrets = vault.secrets();
    // A code, a verifier, and two access and two refresh tokens.
    assert!(secrets.len() >= 6, "{}", secrets.len());
    secrets.push(state);
    // Defect 23: what is said in a call is nobody's business either.
    let said = proxy.post("/vault/echo", &json!({ "text": "between-the-two-of-us" })).await;
    assert_eq!(said.json(), json!({ "text": "between-the-two-of-us" }));
    secrets.push("between-the-two-of-us".into());
    let printed = proxy.output();
    let printed: Vec<&str> = printed.lines().filter(|line| !line.starts_with("Log in to ")).collect();
    let mut shown = vec![("stdout", printed.join("\n")), ("stderr", proxy.log())];
    for path in paths {
        shown.push((path, proxy.get(path).await.text()));
    }
    for (place, text) in shown {
        for secret in &secrets {
            let line = text.lines().find(|line| line.contains(secret.as_str()));
            assert_eq!(line, None, "{place} holds a secret: {secret}");
        }
    }
    // The challenge is no secret, but the address as a whole is the person's.
    assert!(!proxy.log().contains("code_challenge="), "{}", proxy.log());
}
