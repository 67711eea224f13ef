//! A person's home directory: the configuration, the tokens, and a browser that only writes down what it is to open.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde_json::Value;
use tempfile::TempDir;
use testkit::browser::{Browser, Page};
use tokio::process::Command;
use url::Url;

use super::{LOCAL, Proxy};

/// A home that outlives the proxies started in it.
pub(crate) struct Home {
    folder: TempDir,
}

impl Home {
    /// A home with this configuration.
    pub(crate) fn with_config(config: &Value) -> Self {
        let home = Self { folder: tempfile::tempdir().expect("a temporary directory") };
        home.configure(config);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let script = format!("#!/bin/sh\necho \"$1\" >> '{}'\n", home.path("opened").display());
            fs::write(home.path("browser"), script).expect("a script");
            fs::set_permissions(home.path("browser"), fs::Permissions::from_mode(0o755))
                .expect("an executable");
        }
        home
    }

    /// Replaces the configuration.
    pub(crate) fn configure(&self, config: &Value) {
        fs::write(self.path("config.json"), config.to_string()).expect("a config file");
    }

    /// A file in it.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Makes a command one of this person's.
    pub(crate) fn settle(&self, command: &mut Command) {
        command.env("HOME", self.folder.path()).env("USERPROFILE", self.folder.path());
        command.env("BROWSER", self.path("browser"));
    }

    /// Starts the proxy with the configuration, telling all there is to tell.
    pub(crate) async fn start(&self) -> Proxy {
        self.start_with(&[]).await
    }

    /// Starts the proxy with the configuration and more arguments.
    pub(crate) async fn start_with(&self, arguments: &[&str]) -> Proxy {
        self.start_at("DEBUG", arguments).await
    }

    /// Starts the proxy with the configuration, a log level and more arguments.
    pub(crate) async fn start_at(&self, level: &str, arguments: &[&str]) -> Proxy {
        Proxy::prepared(|command| {
            command.args(LOCAL).args(["--log-level", level]).args(arguments);
            command.arg("--config").arg(self.path("config.json")).stdin(Stdio::piped());
            self.settle(command);
        })
        .await
    }

    /// Starts the proxy with the configuration and a variable of its environment.
    pub(crate) async fn start_in(&self, variable: &str, value: impl AsRef<OsStr>) -> Proxy {
        Proxy::prepared(|command| {
            command.args(LOCAL).args(["--log-level", "DEBUG"]).env(variable, value);
            command.arg("--config").arg(self.path("config.json")).stdin(Stdio::piped());
            self.settle(command);
        })
        .await
    }

    /// The addresses that the browser was opened for.
    pub(crate) fn opened(&self) -> Vec<String> {
        let opened = fs::read_to_string(self.path("opened")).unwrap_or_default();
        opened.lines().map(str::to_owned).collect()
    }

    /// Where tokens are kept.
    pub(crate) fn tokens(&self) -> PathBuf {
        self.path(".mcpo/tokens")
    }

    /// The files in which something is kept.
    pub(crate) fn token_files(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.tokens()).into_iter().flatten().flatten().map(|entry| entry.path());
        entries.filter(|path| has_extension(path, "json")).collect()
    }

    /// Forgets all logins.
    pub(crate) fn log_out(&self) {
        fs::remove_dir_all(self.tokens()).expect("tokens to remove");
    }
}

fn has_extension(path: &Path, wanted: &str) -> bool {
    path.extension().is_some_and(|extension| extension == wanted)
}

/// The addresses of the login pages for a server that were printed so far.
pub(crate) fn login_urls(proxy: &Proxy, server: &str) -> Vec<String> {
    let words = format!("Log in to {server}: ");
    proxy.output().lines().filter_map(|line| line.strip_prefix(&words).map(str::to_owned)).collect()
}

/// Waits for the login page number `number`, from 0, of a server.
pub(crate) async fn login_url(proxy: &Proxy, server: &str, number: usize) -> String {
    let what = format!("login {number} to {server} is offered");
    proxy.eventually(&what, async || login_urls(proxy, server).get(number).cloned()).await
}

/// A parameter of an address.
pub(crate) fn parameter(url: &str, name: &str) -> String {
    let url = Url::parse(url).expect("an address");
    let value = url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned());
    value.unwrap_or_else(|| panic!("no {name} in {url}"))
}

/// Opens the login page and presses a button there; where that ends.
pub(crate) async fn answer(url: &str, button: &str) -> Page {
    let browser = Browser::new();
    let consent = browser.open(url).await.expect("the consent page");
    browser.press(&consent, button).await.expect("the page after it")
}

/// Approves, and sees that it worked.
pub(crate) async fn approve(url: &str) -> Page {
    let page = answer(url, "Allow").await;
    assert!(page.status.is_success(), "{} {}", page.status, page.text());
    page
}
