//! The example programs, one against the other, as a person would run them.

use std::process::Stdio;
use std::time::Duration;

use testkit::browser::Browser;
use testkit::programs::example;
use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

fn start(program: &std::path::Path, arguments: &[&str]) -> (Child, Lines<BufReader<ChildStdout>>) {
    let mut command = Command::new(program);
    command.args(arguments).stdout(Stdio::piped()).kill_on_drop(true);
    let mut child = command.spawn().unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    (child, lines)
}

/// C1.6, C11.1: a login and a step-up, with a person who reads the address, opens it and agrees.
#[tokio::test]
async fn c11_1_the_examples_run() {
    let (server, client) = tokio::join!(
        tokio::task::spawn_blocking(|| example("mcp-oauth-server", "mcp_oauth_server", "")),
        tokio::task::spawn_blocking(|| example("mcp-oauth-client", "oauth-client", "rmcp")),
    );
    let (_server, mut said) = start(&server.unwrap(), &["0"]);
    let line = said.next_line().await.unwrap().unwrap();
    let url = line.strip_prefix("listening: ").unwrap();
    let (mut client, mut lines) = start(&client.unwrap(), &[url, "--print"]);
    let (browser, mut output, mut logins) = (Browser::new(), Vec::new(), 0);
    let conversation = async {
        while let Some(line) = lines.next_line().await.unwrap() {
            if let Some(address) = line.strip_prefix("open: ") {
                let consent = browser.open(address).await.unwrap();
                assert!(consent.text().contains("Example client"), "{}", consent.text());
                let done = browser.press(&consent, "Allow").await.unwrap();
                assert_eq!(done.status, 200, "{}", done.text());
                logins += 1;
            }
            output.push(line);
        }
    };
    tokio::time::timeout(Duration::from_secs(60), conversation).await.expect("an end");
    assert!(client.wait().await.unwrap().success(), "{output:?}");
    assert_eq!(logins, 2, "the login and the step-up");
    let said = output.join("\n");
    assert!(said.contains("tool: remember: ") && said.contains("the way here"), "{said}");
    assert!(said.contains("mcp:write"), "the second token has both scopes: {said}");
}
