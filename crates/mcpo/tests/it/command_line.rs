//! What the program says of a command line, and what its exit codes are.

use std::net::TcpListener;

use crate::support::{Proxy, run};

/// The demo's MCP server: the one real server that every build has at hand.
const DEMO_SERVER: [&str; 3] = ["--", env!("CARGO_BIN_EXE_mcpo"), "demo-server"];

#[tokio::test]
async fn no_server_is_a_usage_line_and_exit_code_1() {
    let finished = run::<&str>([]).await;
    assert_eq!(finished.code, Some(1));
    assert!(finished.stdout.contains("Usage: mcpo"), "{finished:?}");
    assert!(finished.stderr.contains("mcpo --help"), "{finished:?}");
}

#[tokio::test]
async fn dashes_without_a_command_ask_for_it() {
    let finished = run(["--port", "8000", "--"]).await;
    assert_eq!(finished.code, Some(1));
    assert!(finished.stdout.contains("specify the MCP server command after '--'"), "{finished:?}");
}

#[tokio::test]
async fn an_unknown_flag_is_named() {
    let finished = run(["--no-such-flag", "--", "server"]).await;
    assert_eq!(finished.code, Some(2));
    assert!(finished.stderr.contains("'--no-such-flag'"), "{finished:?}");
}

#[tokio::test]
async fn a_command_without_dashes_is_told_where_it_belongs() {
    let finished = run(["uvx", "mcp-server-time"]).await;
    assert_eq!(finished.code, Some(2));
    assert!(finished.stderr.contains("after `--`"), "{finished:?}");
}

#[tokio::test]
async fn help_is_for_a_person() {
    let finished = run(["--help"]).await;
    assert_eq!(finished.code, Some(0));
    for flag in ["--port", "--config", "--api-key", "--type", "demo"] {
        assert!(finished.stdout.contains(flag), "{flag} is missing in {}", finished.stdout);
    }
}

#[tokio::test]
async fn a_port_that_is_taken_is_named_with_the_flag_to_change_it() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = taken.local_addr().expect("its number").port().to_string();
    let finished = run(["--host", "127.0.0.1", "--port", &port].into_iter().chain(DEMO_SERVER)).await;
    assert_eq!(finished.code, Some(1));
    assert!(finished.stderr.contains(&format!("port {port}")), "{finished:?}");
    assert!(finished.stderr.contains("--port"), "{finished:?}");
}

#[tokio::test]
async fn a_flag_with_a_wrong_value_is_named_and_its_value_is_not_repeated() {
    let finished =
        run(["--type", "streamable-http", "--header", "s3cret", "--", "http://127.0.0.1:1/mcp"]).await;
    assert_eq!(finished.code, Some(1));
    assert!(finished.stderr.contains("--header"), "{finished:?}");
    assert!(!finished.stderr.contains("s3cret"), "{finished:?}");

    let finished = run(["--env", "s3cret", "--", "server"]).await;
    assert_eq!(finished.code, Some(1));
    assert!(finished.stderr.contains("--env"), "{finished:?}");
    assert!(!finished.stderr.contains("s3cret"), "{finished:?}");
}

#[tokio::test]
async fn the_first_line_says_what_starts() {
    let mut proxy = Proxy::start(DEMO_SERVER).await;
    proxy.printed("Listening on").await;
    let first = proxy.output().lines().next().unwrap_or_default().to_owned();
    assert!(first.starts_with("Starting MCP OpenAPI Proxy on 127.0.0.1:0 with command: "), "{first}");
    assert!(first.ends_with(" demo-server"), "{first}");
}
