//! Nobody answers: the login ends, and the next one works. In this process, because the limit of the program is five minutes.

use std::time::Duration;

use clap::Parser as _;
use mcpo::cli::{Arguments, Environment};
use mcpo::lifecycle::{Lifecycle, Signals};
use mcpo::service::{Service, World};
use mcpo::upstream::Status;
use std::sync::Arc;

use super::{config, entry_with};
use crate::support::{Client, Home, Protected, approve};

struct Nowhere;

impl Environment for Nowhere {
    fn variable(&self, _: &str) -> Option<String> {
        None
    }
}

#[tokio::test]
async fn a_login_that_nobody_answers_ends_and_the_next_one_works() {
    let vault = Protected::start().await;
    let oauth = serde_json::json!({ "storage_type": "memory" });
    let home = Home::with_config(&config(&entry_with(&vault, oauth)));
    let file = home.path("config.json");
    let typed = ["mcpo", "--host", "127.0.0.1", "--port", "0", "--config"].map(std::ffi::OsString::from);
    let arguments = Arguments::parse_from(typed.into_iter().chain([file.into_os_string()]));
    let (mut settings, _) = mcpo::config::settings(&arguments, &Nowhere).expect("settings");
    settings.limits.login_timeout = Duration::from_millis(1500);
    let world = World { browser: Arc::new(mcpo::upstream::NoBrowser), ..World::real() };
    let lifecycle = Lifecycle::default();
    let service = Service::start(settings, world, &lifecycle).await.expect("it starts");
    let server = service.registry().server("vault").map(Arc::clone).expect("the server");

    let mut changes = server.subscribe();
    let expired = async {
        loop {
            if let Status::LoginNeeded(login) = &server.state().status
                && let Some(problem) = &login.problem
            {
                assert!(problem.contains("nobody answered"), "{problem}");
                assert!(login.authorization_url.is_none(), "an address that leads nowhere is still shown");
                return;
            }
            changes.changed().await.expect("the server is there");
        }
    };
    tokio::time::timeout(crate::support::PATIENCE, expired).await.expect("the login ends");

    let client = Client::new(service.url());
    let led = client.get("/_mcpo/login/vault").await;
    assert!(led.header("location").starts_with(vault.origin()), "{led:?}");
    approve(led.header("location")).await;
    let ready = async {
        while !matches!(server.state().status, Status::Ready { .. }) {
            changes.changed().await.expect("the server is there");
        }
    };
    tokio::time::timeout(crate::support::PATIENCE, ready).await.expect("the server is ready");
    lifecycle.soft.cancel();
    lifecycle.run(Signals::catch(), Duration::from_secs(5)).await;
}
