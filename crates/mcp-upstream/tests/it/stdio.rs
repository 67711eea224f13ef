//! Child processes: what they inherit, how they end, and that nothing of them is left.
#![cfg(target_os = "linux")]
use std::time::Duration;

use mcp_upstream::{CallError, Closed, Command, ProtocolVersion, Session, SessionOptions, StdioTransport};
use testkit::mcp::{Script, Step, reply};

use crate::kit::{self, ANY, Way, command, is_alive, limits, options, text, wait_until_gone};

/// The scripted server below a shell, as `npx` and `uvx` run theirs. The shell says its own and the server's process ids.
fn below_a_shell(script: &Script) -> Command {
    let (program, arguments) = script.stdio_command();
    let mut words = vec![
        "-c".into(),
        // A shell without job control gives background processes no input of their own.
        r#"exec 3<&0; "$@" <&3 & echo "shell $$ server $!" >&2; wait"#.into(),
        "sh".into(),
        program,
    ];
    words.extend(arguments);
    Command::new("sh").args(words)
}

async fn process_ids(session: &Session) -> (u32, u32) {
    let looking = async {
        loop {
            let tail = session.stderr();
            let line = tail.lines().find(|line| line.starts_with("shell "));
            if let Some([_, shell, _, server]) =
                line.map(|line| line.split(' ').collect::<Vec<_>>()).as_deref()
            {
                return (shell.parse().unwrap(), server.parse().unwrap());
            }
            tokio::task::yield_now().await;
        }
    };
    let found = tokio::time::timeout(Duration::from_secs(10), looking).await;
    found.unwrap_or_else(|_| panic!("the shell did not say its process ids: {}", session.stderr()))
}

async fn connect(command: Command) -> Session {
    Session::connect(StdioTransport::new(command), options(limits())).await.unwrap()
}

fn kill(signal: &str, pid: u32) {
    let status = std::process::Command::new("kill").args([signal, &pid.to_string()]).status().unwrap();
    assert!(status.success());
}

#[tokio::test]
async fn closing_ends_the_whole_tree() {
    let session = connect(below_a_shell(&Script::new())).await;
    let (shell, server) = process_ids(&session).await;
    assert!(is_alive(shell) && is_alive(server));
    session.close().await;
    wait_until_gone(shell).await;
    wait_until_gone(server).await;
}

#[tokio::test]
async fn closing_ends_a_tree_that_does_not_want_to() {
    let session = connect(below_a_shell(&Script::new().ignore_input_end())).await;
    let (shell, server) = process_ids(&session).await;
    session.close().await;
    wait_until_gone(shell).await;
    wait_until_gone(server).await;

    // Not even SIGTERM helps here.
    let script = Script::new();
    let (program, arguments) = script.stdio_command();
    let mut words = vec![
        "-c".into(),
        r#"trap "" TERM; exec 3<&0; "$@" <&3 & echo "shell $$ server $!" >&2; while :; do wait; sleep 0.01; done"#.into(),
        "sh".into(),
        program,
    ];
    words.extend(arguments);
    let session = connect(Command::new("sh").args(words)).await;
    let (shell, server) = process_ids(&session).await;
    session.close().await;
    wait_until_gone(shell).await;
    wait_until_gone(server).await;
}

#[tokio::test]
async fn a_well_behaved_server_leaves_when_its_input_ends() {
    let session = connect(command(&Script::new())).await;
    let started = tokio::time::Instant::now();
    session.close().await;
    assert!(started.elapsed() < limits().close_grace, "no signal was needed");
}

#[tokio::test]
async fn dropping_the_last_handle_kills_the_whole_tree() {
    let session = connect(below_a_shell(&Script::new().ignore_input_end())).await;
    let (shell, server) = process_ids(&session).await;
    let second = session.clone();
    drop(session);
    second.ping().await.unwrap();
    drop(second);
    wait_until_gone(shell).await;
    wait_until_gone(server).await;
}

#[test]
fn the_tree_goes_with_the_runtime() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let (shell, server) = runtime.block_on(async {
        let session = connect(below_a_shell(&Script::new().ignore_input_end())).await;
        let processes = process_ids(&session).await;
        std::mem::forget(session);
        processes
    });
    drop(runtime);
    while is_alive(shell) || is_alive(server) {
        std::thread::yield_now();
    }
}

#[tokio::test]
async fn a_connection_that_fails_leaves_no_process() {
    let script = Script::new().always("initialize", reply::hang()).ignore_input_end();
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("pid");
    let (program, arguments) = script.stdio_command();
    let mut words =
        vec!["-c".into(), r#"echo $$ >"$0"; exec "$@""#.into(), file.clone().into_os_string(), program];
    words.extend(arguments);
    let limits = mcp_upstream::Limits { connect_deadline: Duration::from_millis(300), ..limits() };
    let transport = StdioTransport::new(Command::new("sh").args(words));
    Session::connect(transport, options(limits)).await.unwrap_err();
    wait_until_gone(std::fs::read_to_string(file).unwrap().trim().parse().unwrap()).await;
}

#[tokio::test]
async fn kill_9_fails_every_call_at_once_with_the_reason() {
    let script = Script::new().before(Step::Stderr("ready".into())).tool("stuck", ANY, reply::hang()).tool(
        "echo",
        ANY,
        reply::echo(),
    );
    let session = connect(below_a_shell(&script)).await;
    let (shell, server) = process_ids(&session).await;
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..100 {
        let session = session.clone();
        calls.spawn(async move { text(&session, "stuck", "{}").await });
    }
    // What was sent before this was read before it.
    while session.outstanding_calls() < 100 {
        tokio::task::yield_now().await;
    }
    text(&session, "echo", "{}").await.unwrap();
    kill("-9", shell);
    while let Some(call) = calls.join_next().await {
        let error = call.unwrap().unwrap_err();
        let CallError::Closed { reason: Closed::Exited { status, stderr }, sent: true } = &error else {
            panic!("{error:?}")
        };
        assert_eq!(std::os::unix::process::ExitStatusExt::signal(status), Some(9));
        assert!(stderr.lines().any(|line| line == "ready"));
        assert!(kit::chain(&error).contains("SIGKILL"), "{}", kit::chain(&error));
    }
    wait_until_gone(server).await;
    assert!(matches!(session.closed().await, Closed::Exited { .. }));
    assert!(matches!(text(&session, "echo", "{}").await, Err(CallError::Closed { sent: false, .. })));
    session.close().await;
}

#[tokio::test]
async fn what_was_answered_before_the_end_arrives() {
    let steps = [reply::large(500_000), reply::die(7)].concat();
    let transport = StdioTransport::new(command(&Script::new().tool("last", ANY, steps)));
    // A busy machine may take its time to read half a megabyte.
    let limits = mcp_upstream::Limits { drain_deadline: Duration::from_secs(20), ..limits() };
    let session = Session::connect(transport, options(limits)).await.unwrap();
    assert_eq!(text(&session, "last", "{}").await.unwrap().len(), 500_000);
    match session.closed().await {
        Closed::Exited { status, .. } => assert_eq!(status.code(), Some(7)),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_server_that_closes_its_output_has_ended() {
    let reply = r#"{"jsonrpc":"2.0","id":1,"result":{"protocolVersion":"2025-11-25","capabilities":{},"serverInfo":{"name":"x","version":"1"}}}"#;
    let script = format!(r#"read line; echo '{reply}'; echo "bye" >&2; exec >&-; exec sleep 1000"#);
    let session = connect(Command::new("sh").args(["-c".to_owned(), script])).await;
    match session.closed().await {
        Closed::EndOfOutput { stderr } => assert_eq!(stderr.last_line(), Some("bye")),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_server_that_reads_nothing_holds_up_no_one_else() {
    let reply = r#"{"jsonrpc":"2.0","id":1,"result":{"protocolVersion":"2025-11-25","capabilities":{},"serverInfo":{"name":"x","version":"1"}}}"#;
    let script = format!("read line; echo '{reply}'; exec sleep 1000");
    let limits = mcp_upstream::Limits { outgoing_bytes: 100_000, ..limits() };
    let transport = StdioTransport::new(Command::new("sh").args(["-c".to_owned(), script]));
    // It knows one question only.
    let options = SessionOptions { revision: Some(ProtocolVersion::V2025_11_25), ..options(limits) };
    let session = Session::connect(transport, options).await.unwrap();
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..50 {
        let session = session.clone();
        calls.spawn(
            async move { kit::within(&session, &"x".repeat(10_000), Duration::from_millis(300)).await },
        );
    }
    while let Some(call) = calls.join_next().await {
        assert!(matches!(call.unwrap(), Err(CallError::Timeout { .. })));
    }
    // Cancellations for calls that wait behind a closed door are dropped rather than piled up.
    assert!(session.counters().dropped_messages <= 50);
    session.close().await;
}

#[tokio::test]
async fn a_child_inherits_little_unless_told_otherwise() {
    let environment = |command: Command| async move {
        let error = Session::connect(StdioTransport::new(command), options(limits())).await.unwrap_err();
        error.stderr().unwrap().to_string()
    };
    let print = || Command::new("sh").args(["-c", "env >&2; pwd >&2; exit 1"]);
    let minimal = environment(print().env("GIVEN", "yes").current_dir("/")).await;
    assert!(minimal.lines().any(|line| line == "GIVEN=yes"));
    assert!(minimal.lines().any(|line| line.starts_with("PATH=")));
    assert!(minimal.lines().any(|line| line == "/"));
    // Cargo and nextest give the tests many of these.
    assert!(!minimal.contains("CARGO_"), "{minimal}");
    let everything = environment(print().inherit_env(true)).await;
    assert!(everything.contains("CARGO_"));
}

#[tokio::test]
async fn standard_error_is_kept_to_its_end_only() {
    let chatter = (0..5000).map(|n| Step::Stderr(format!("line {n}")));
    let script = chatter
        .fold(Script::new(), Script::before)
        .before(Step::Stderr(format!("long {}", "x".repeat(10_000))));
    let limits = mcp_upstream::Limits { stderr_bytes: 20_000, ..limits() };
    let (session, _) = Way::Stdio.connect_with(&script, limits).await;
    let session = session.unwrap();
    let tail = loop {
        let tail = session.stderr();
        if tail.to_string().matches('x').count() == 10_000 {
            break tail;
        }
        tokio::task::yield_now().await;
    };
    assert!(tail.to_string().len() <= 20_000);
    assert!(tail.lines().any(|line| line == "line 4999"));
    assert!(!tail.lines().any(|line| line == "line 0"));
}

/// Not a scenario: the process that `kill_9_of_this_process_leaves_no_server` kills.
#[tokio::test]
#[ignore = "another test runs it as a process of its own"]
async fn a_process_with_a_server() {
    let session = connect(command(&Script::new().ignore_input_end())).await;
    session.closed().await;
}

#[tokio::test]
async fn kill_9_of_this_process_leaves_no_server() {
    let mut process = tokio::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "stdio::a_process_with_a_server", "--ignored", "--nocapture"])
        .stdout(std::process::Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let parent = process.id().unwrap();
    // The server is the only child of that process; it is there when it has the scripted program's name.
    let server = loop {
        if let Some(child) = child_named(parent, "scripted-mcp") {
            break child;
        }
        tokio::task::yield_now().await;
    };
    kill("-9", parent);
    process.wait().await.unwrap();
    wait_until_gone(server).await;
}

fn child_named(parent: u32, name: &str) -> Option<u32> {
    let processes = std::fs::read_dir("/proc").unwrap().filter_map(Result::ok);
    processes.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).find(|pid| {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        let (before, after) = stat.rsplit_once(") ").unwrap_or_default();
        before.ends_with(name) && after.split(' ').nth(1) == Some(&*parent.to_string())
    })
}
