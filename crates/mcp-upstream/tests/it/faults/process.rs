//! Child processes in trouble.
#![cfg(target_os = "linux")]
use std::time::Duration;

use mcp_upstream::{CallError, Closed, Command, Limits, Session, StdioTransport};
use testkit::mcp::{Script, Step, reply};
use tokio::time::Instant;

use crate::kit::{ANY, Way, chain, is_alive, limits, options, text, wait_until_gone, within};

/// Words of a shell that answer the handshake, whatever ids it has.
const HANDSHAKE: &str = r#"
while IFS= read -r line; do
  id=${line#*'"id":'}; id=${id%%[,\}]*}
  case $line in
    *'"initialize"'*) echo '{"jsonrpc":"2.0","id":'$id',"result":{"protocolVersion":"2025-11-25","capabilities":{},"serverInfo":{"name":"shell","version":"1"}}}';;
    *'"notifications/initialized"'*) break;;
    *) echo '{"jsonrpc":"2.0","id":'$id',"error":{"code":-32601,"message":"Method not found"}}';;
  esac
done
"#;

fn shell(words: &str) -> Command {
    Command::new("sh").args(["-c".to_owned(), format!("{HANDSHAKE}{words}")])
}

/// The scripted server, started by a shell that does something first.
fn after_shell(words: &str, script: &Script) -> Command {
    let (program, arguments) = script.stdio_command();
    let mut all = vec!["-c".into(), format!(r#"{words} exec "$@""#).into(), "sh".into(), program];
    all.extend(arguments);
    Command::new("sh").args(all)
}

async fn connect(command: Command, limits: Limits) -> Session {
    Session::connect(StdioTransport::new(command), options(limits)).await.unwrap()
}

/// The process id that the server says on standard error.
async fn pid(session: &Session, name: &str) -> u32 {
    let looking = async {
        loop {
            let tail = session.stderr();
            if let Some(pid) = tail.lines().find_map(|line| line.strip_prefix(name)) {
                return pid.trim().parse().unwrap();
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), looking).await.unwrap()
}

fn signal(signal: &str, pid: u32) {
    let status = std::process::Command::new("kill").args([signal, &pid.to_string()]).status().unwrap();
    assert!(status.success());
}

#[tokio::test]
async fn a_stopped_process_runs_calls_into_their_deadlines_and_answers_when_it_goes_on() {
    let script = Script::new().tool("echo", ANY, reply::echo());
    let session = connect(after_shell("echo pid $$ >&2;", &script), limits()).await;
    let server = pid(&session, "pid").await;
    signal("-STOP", server);
    let outcome = within(&session, "echo", Duration::from_millis(100)).await;
    assert!(matches!(outcome, Err(CallError::Timeout { .. })), "{outcome:?}");
    let waiting = tokio::spawn({
        let session = session.clone();
        async move { text(&session, "echo", "{}").await }
    });
    signal("-CONT", server);
    assert_eq!(waiting.await.unwrap().unwrap(), "{}", "a call that could wait");
    assert_eq!(session.counters().foreign_replies, 1, "the late reply to the one that could not");
    signal("-STOP", server);
    session.close().await;
    wait_until_gone(server).await;
}

#[tokio::test]
async fn a_process_that_never_reads_fills_its_pipe_and_nothing_else() {
    // A pipe holds 64 KiB; after that what is to be written waits, up to the limit, and then callers do.
    let limits = Limits { outgoing_bytes: 200_000, ..limits() };
    let session = connect(shell("exec sleep 1000"), limits).await;
    let after = Duration::from_millis(300);
    let long: &'static str = Box::leak(format!(r#"{{"x":"{}"}}"#, "x".repeat(50_000)).into_boxed_str());
    let started = Instant::now();
    let calls = (0..40).map(|_| {
        let options = mcp_upstream::CallOptions { deadline: Some(after), ..Default::default() };
        session.call_tool("any", bytes::Bytes::from_static(long.as_bytes()), options)
    });
    for outcome in futures_util::future::join_all(calls).await {
        assert!(matches!(outcome, Err(CallError::Timeout { .. })), "{outcome:?}");
    }
    assert!(started.elapsed() < Duration::from_secs(5));
    assert_eq!(session.outstanding_calls(), 0);
    session.close().await;
}

#[tokio::test]
async fn a_process_that_closes_its_input_ends_the_session() {
    let session =
        connect(shell("exec <&-; echo pid $$ >&2; echo gone deaf >&2; exec sleep 1000"), limits()).await;
    let server = pid(&session, "pid").await;
    // Nobody can know before something is written.
    let outcome = text(&session, "any", "{}").await;
    assert!(matches!(&outcome, Err(CallError::Closed { .. })), "{outcome:?}");
    let reason = session.closed().await;
    assert!(chain(&reason).contains("pipe") || reason.stderr().is_some(), "{reason:?}");
    wait_until_gone(server).await;
}

#[tokio::test]
async fn a_process_that_closes_its_output_ends_the_session_and_its_calls() {
    let words = "IFS= read -r call; echo pid $$ >&2; echo out of words >&2; exec >&-; exec sleep 1000";
    let session = connect(shell(words), limits()).await;
    let outcome = text(&session, "any", "{}").await;
    let Err(CallError::Closed { reason: Closed::EndOfOutput { stderr }, sent: true }) = &outcome else {
        panic!("{outcome:?}")
    };
    assert_eq!(stderr.last_line(), Some("out of words"));
    wait_until_gone(pid(&session, "pid").await).await;
    let later = text(&session, "any", "{}").await;
    assert!(matches!(later, Err(CallError::Closed { sent: false, .. })), "{later:?}");
}

#[tokio::test]
async fn a_gigabyte_of_standard_error_holds_up_nobody_and_is_not_kept() {
    let steps = [vec![Step::StderrFlood(1 << 30)], reply::text("done")].concat();
    let script = Script::new().tool("flood", ANY, steps).tool("echo", ANY, reply::echo());
    let before = memory();
    let (session, _) = Way::Stdio.session(&script).await;
    let call = mcp_upstream::CallOptions { deadline: Some(Duration::from_secs(500)), ..Default::default() };
    session.call_tool("flood", bytes::Bytes::from_static(b"{}"), call).await.unwrap();
    assert_eq!(text(&session, "echo", "{}").await.unwrap(), "{}");
    assert!(session.stderr().to_string().len() <= Limits::default().stderr_bytes);
    let grown = memory().saturating_sub(before);
    assert!(grown < 64 << 20, "{grown} bytes more than before");
}

/// The most memory this process ever had, in bytes.
fn memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
}

#[tokio::test]
async fn a_grandchild_that_holds_the_pipe_hides_no_end() {
    // The server leaves a process behind that has its output open: there is no end of file, only an exit.
    let script = Script::new().tool("die", ANY, reply::die(5)).tool("stuck", ANY, reply::hang());
    let session = connect(after_shell("sleep 1000 & echo left $! >&2;", &script), limits()).await;
    let left = pid(&session, "left").await;
    assert!(is_alive(left));
    let (stuck, die) = tokio::join!(text(&session, "stuck", "{}"), text(&session, "die", "{}"));
    for outcome in [stuck, die] {
        let Err(CallError::Closed { reason: Closed::Exited { status, .. }, sent: true }) = outcome else {
            panic!("{outcome:?}")
        };
        assert_eq!(status.code(), Some(5));
    }
    wait_until_gone(left).await;
}

#[tokio::test]
async fn a_line_in_two_writes_is_one_line() {
    let message = r#"{"jsonrpc":"2.0","id":$ID,"result":{"content":[{"type":"text","text":"zwölf"}]}}"#;
    // In the middle of a character, too.
    let at = message.find('ö').unwrap() + 1;
    let (first, second) = message.as_bytes().split_at(at);
    let id = message.find("$ID").unwrap() + 3;
    let steps = vec![
        Step::Bytes(first[..id].to_vec()),
        Step::Wait(20),
        Step::Bytes(first[id..].to_vec()),
        Step::Wait(20),
        Step::Bytes(second.to_vec()),
        Step::Wait(20),
        Step::Bytes(b"\r\n".to_vec()),
    ];
    let script = Script::new().tool("pieces", ANY, steps).tool("echo", ANY, reply::echo());
    let (session, _) = Way::Stdio.session(&script).await;
    assert_eq!(text(&session, "pieces", "{}").await.unwrap(), "zwölf");
    assert_eq!(text(&session, "echo", "{}").await.unwrap(), "{}");
    assert_eq!(session.counters().stray_messages, 0);
}

#[tokio::test]
async fn a_line_longer_than_the_limit_fails_its_call_alone() {
    let script = Script::new()
        .tool("large", ANY, reply::large(100_000))
        .tool("slow", ANY, reply::slow(100))
        .tool("echo", ANY, reply::echo());
    let (session, _) = Way::Stdio.connect_with(&script, Limits { message_bytes: 10_000, ..limits() }).await;
    let session = session.unwrap();
    let (large, slow) = tokio::join!(text(&session, "large", "{}"), text(&session, "slow", "{}"));
    assert!(matches!(large, Err(CallError::TooLarge { limit: 10_000 })), "{large:?}");
    assert_eq!(slow.unwrap(), "slow");
    assert_eq!(text(&session, "echo", "{}").await.unwrap(), "{}");
}

#[tokio::test]
async fn initialize_answered_twice_is_answered_once() {
    let once = r#"{"jsonrpc":"2.0","id":$ID,"result":{"protocolVersion":"2025-11-25","capabilities":{},"serverInfo":{"name":"NAME","version":"1"}}}"#;
    let answer = |name: &str| Step::Send(once.replace("NAME", name));
    let script = Script::new().always("initialize", vec![answer("first"), answer("second")]).tool(
        "echo",
        ANY,
        reply::echo(),
    );
    for way in [Way::Stdio, Way::Events, Way::Legacy] {
        let (session, _server) = way.session(&script).await;
        assert_eq!(session.server().name, "first", "{way:?}");
        assert_eq!(text(&session, "echo", "{}").await.unwrap(), "{}", "{way:?}");
    }
}

#[tokio::test]
async fn a_killed_process_ends_every_call_and_none_is_told_it_may_be_repeated() {
    let script = Script::new().tool("stuck", ANY, reply::hang()).tool("echo", ANY, reply::echo());
    let session = connect(after_shell("echo pid $$ >&2;", &script), limits()).await;
    let server = pid(&session, "pid").await;
    let stuck = (0..10).map(|_| text(&session, "stuck", "{}"));
    let killing = async {
        while session.outstanding_calls() < 10 {
            tokio::task::yield_now().await;
        }
        text(&session, "echo", "{}").await.unwrap();
        signal("-KILL", server);
    };
    let (outcomes, ()) = tokio::join!(futures_util::future::join_all(stuck), killing);
    for outcome in outcomes {
        let Err(CallError::Closed { reason: Closed::Exited { status, .. }, sent: true }) = outcome else {
            panic!("{outcome:?}")
        };
        assert_eq!(std::os::unix::process::ExitStatusExt::signal(&status), Some(9));
    }
    let later = text(&session, "echo", "{}").await;
    assert!(matches!(later, Err(CallError::Closed { sent: false, .. })), "{later:?}");
}
