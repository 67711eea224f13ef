//! Logins through the program: the browser that it opens, the tokens that it keeps, what a refusal means.
//!
//! The demo is the protected server; a second proxy, with a configuration file like anybody's, is what logs in.
#![cfg(unix)]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use serde_json::json;
use tempfile::TempDir;
use testkit::browser::Browser;

use crate::support::{LOCAL, Proxy};

/// A protected server, and a person's home with a configuration that names it.
struct Scene {
    demo: Proxy,
    home: TempDir,
}

impl Scene {
    async fn new() -> Self {
        let (mut demo, _) = Proxy::demo(&["--no-open"]).await;
        let line = demo.printed("Protected MCP server").await;
        let mcp = line.split_whitespace().find(|word| word.starts_with("http://")).expect("its address");
        let home = tempfile::tempdir().expect("a temporary directory");
        let config = json!({ "mcpServers": {
            "notes": { "type": "streamable-http", "url": mcp, "oauth": { "server_url": mcp, "callback_port": 0 } },
            "text": { "command": env!("CARGO_BIN_EXE_mcpo"), "args": ["demo-server"] },
        } });
        fs::write(home.path().join("config.json"), config.to_string()).expect("a config file");
        // What the program takes for the person's browser writes the address down.
        let browser = home.path().join("browser");
        let script =
            format!("#!/bin/sh\nprintf '%s\\n' \"$1\" >> '{}'\n", home.path().join("opened").display());
        fs::write(&browser, script).expect("a script");
        fs::set_permissions(&browser, fs::Permissions::from_mode(0o755)).expect("an executable");
        Self { demo, home }
    }

    async fn proxy(&self) -> Proxy {
        Proxy::prepared(|command| {
            command.args(LOCAL).arg("--config").arg(self.home.path().join("config.json"));
            command.env("HOME", self.home.path()).env("BROWSER", self.home.path().join("browser"));
        })
        .await
    }

    /// The addresses that a browser was opened for.
    fn opened(&self) -> Vec<String> {
        let opened = fs::read_to_string(self.home.path().join("opened")).unwrap_or_default();
        opened.lines().map(str::to_owned).collect()
    }

    /// Waits for the next login page.
    async fn login_page(&self, proxy: &Proxy, number: usize) -> String {
        proxy.eventually("the browser is opened", async || self.opened().get(number).cloned()).await
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .map(|entry| entry.path())
        .flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] })
        .collect()
}

#[tokio::test]
async fn a_login_is_done_once_and_kept_for_the_next_start() {
    let scene = Scene::new().await;
    let proxy = scene.proxy().await;
    let page = scene.login_page(&proxy, 0).await;

    // While this one waits for a person, the other one serves.
    proxy.ready("/text/openapi.json").await;
    assert_eq!(proxy.post("/text/text_statistics", &json!({ "text": "a b" })).await.json()["words"], 2);
    let waiting = proxy.post("/notes/list_notes", &json!({})).await;
    assert_eq!(waiting.status, 503, "{}", waiting.text());

    let browser = Browser::new();
    let consent = browser.open(&page).await.expect("the consent page");
    let landed = browser.press(&consent, "Allow").await.expect("the page after it");
    assert!(landed.status.is_success(), "{} {}", landed.status, landed.text());
    proxy.ready("/notes/openapi.json").await;
    let reply = proxy.post("/notes/search_notes", &json!({ "query": "walk" })).await;
    assert_eq!(reply.status, 200, "{}", reply.text());

    let tokens = scene.home.path().join(".mcpo/tokens");
    let kept = files(&tokens);
    assert!(!kept.is_empty(), "nothing in {}", tokens.display());
    for file in &kept {
        let mode = fs::metadata(file).expect("its mode").permissions().mode();
        assert_eq!(mode & 0o077, 0, "{} can be read by others: {mode:o}", file.display());
    }
    let logged = proxy.log();
    assert_eq!(proxy.stop_by(rustix::process::Signal::TERM).await, Some(0));
    // Long words in the files are tokens, and the id of the client, which is no secret.
    let texts: Vec<String> = kept.iter().map(|file| fs::read_to_string(file).expect("a text file")).collect();
    let is_long = |text: &&str| text.len() > 30 && !text.contains(['/', ' ', '{']);
    let secrets: Vec<&str> = texts.iter().flat_map(|text| text.split('"')).filter(is_long).collect();
    assert!(secrets.len() >= 2, "an access token and a refresh token are kept");
    for secret in secrets {
        let shown = logged.lines().find(|line| line.contains(secret) && !line.contains("client_id"));
        assert_eq!(shown, None, "a secret is logged");
    }

    let again = scene.proxy().await;
    again.ready("/notes/openapi.json").await;
    assert_eq!(scene.opened().len(), 1, "nobody is asked twice");
}

#[tokio::test]
async fn a_refused_login_leaves_the_server_waiting_and_can_be_tried_again() {
    let scene = Scene::new().await;
    let proxy = scene.proxy().await;
    let page = scene.login_page(&proxy, 0).await;
    let browser = Browser::new();
    let consent = browser.open(&page).await.expect("the consent page");
    let landed = browser.press(&consent, "Deny").await.expect("the page after it");
    assert!(
        landed.text().to_lowercase().contains("access_denied") || landed.text().contains("denied"),
        "{}",
        landed.text()
    );
    proxy.logged("denied").await;
    assert!(proxy.get("/notes/openapi.json").await.text().contains("login_needed"));

    // The button on the proxy's page begins another one.
    let consent =
        browser.open(&format!("{}/_mcpo/login/notes", proxy.url())).await.expect("the consent page");
    browser.press(&consent, "Allow").await.expect("the page after it");
    proxy.ready("/notes/openapi.json").await;
}

#[tokio::test]
async fn a_tool_that_needs_more_asks_for_it_and_the_others_go_on() {
    let scene = Scene::new().await;
    let proxy = scene.proxy().await;
    let page = scene.login_page(&proxy, 0).await;
    let browser = Browser::new();
    let consent = browser.open(&page).await.expect("the consent page");
    browser.press(&consent, "Allow").await.expect("the page after it");
    proxy.ready("/notes/openapi.json").await;

    let note = json!({ "title": "Shoes", "text": "New laces" });
    let reply = proxy.post("/notes/add_note", &note).await;
    assert_eq!(reply.status, 503, "{}", reply.text());
    assert!(reply.text().contains("login"), "{}", reply.text());
    let page = scene.login_page(&proxy, 1).await;
    assert_eq!(proxy.post("/notes/search_notes", &json!({ "query": "walk" })).await.status, 200);

    let consent = browser.open(&page).await.expect("the consent page");
    assert!(consent.text().contains("notes:write"), "{}", consent.text());
    browser.press(&consent, "Allow").await.expect("the page after it");
    proxy
        .eventually("the note is added", async || {
            (proxy.post("/notes/add_note", &note).await.status == 200).then_some(())
        })
        .await;
    let found = proxy.post("/notes/search_notes", &json!({ "query": "laces" })).await;
    assert!(found.text().contains("laces"), "{}", found.text());
}

#[tokio::test]
async fn an_authorization_server_that_is_gone_is_said_to_be() {
    let scene = Scene::new().await;
    let Scene { demo, home } = scene;
    drop(demo);
    let proxy = Proxy::prepared(|command| {
        command.args(LOCAL).arg("--config").arg(home.path().join("config.json")).env("HOME", home.path());
    })
    .await;
    proxy.ready("/text/openapi.json").await;
    proxy.logged("notes: down").await;
    let reply = proxy.post("/notes/list_notes", &json!({})).await;
    assert_eq!(reply.status, 503, "{}", reply.text());
}
