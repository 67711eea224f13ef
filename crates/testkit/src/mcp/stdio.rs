//! A scripted server as a child process.
use std::{ffi::OsString, io::Write as _, sync::Arc, time::Duration};

use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader},
    sync::mpsc,
};

use super::{EarlyRequest, Script, Step, listen::Sink, play::Play};
use crate::programs::program;

impl Script {
    /// The program and the arguments that play this script over stdio.
    ///
    /// # Panics
    /// When the program cannot be built.
    pub fn stdio_command(&self) -> (OsString, Vec<OsString>) {
        let script = serde_json::to_string(self).expect("a script is plain data");
        (program("scripted-mcp").into(), vec![script.into()])
    }
}

/// Plays a script on this process's standard streams until the input ends.
pub async fn run_stdio(script: Script) {
    let (output, queue) = mpsc::unbounded_channel();
    let writer = tokio::spawn(write(queue));
    let play = Arc::new(Play::new(script));
    perform(play.script.before.clone(), &output, &play).await;
    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        let turn = play.turn(&line, None);
        match play.early(&turn) {
            None | Some(EarlyRequest::Answered) => {}
            Some(EarlyRequest::Ignored) => continue,
            Some(EarlyRequest::Exit(code)) => {
                let _ = std::io::stderr().write_all(b"expected an initialize request\n");
                std::process::exit(code)
            }
        }
        // Most answers are one message: no task for those.
        if let [Step::Send(message) | Step::Answer { message, .. }] = &turn.steps[..] {
            let _ = output.send(Said::Line(message.clone()));
        } else if !turn.steps.is_empty() {
            let (output, play) = (output.clone(), Arc::clone(&play));
            tokio::spawn(async move { perform(turn.steps, &output, &play).await });
        }
    }
    if play.script.ignore_input_end {
        std::future::pending::<()>().await;
    }
    drop(output);
    let _ = tokio::time::timeout(Duration::from_secs(1), writer).await;
    // A hung step must not keep the process.
    std::process::exit(0);
}

type Output = mpsc::UnboundedSender<Said>;

/// What goes to standard output.
#[derive(Debug)]
pub(super) enum Said {
    Line(String),
    Bytes(Vec<u8>),
    /// The end of the process, with this code, once everything before it is written.
    End(i32),
}

async fn perform(steps: Vec<Step>, output: &Output, play: &Play) {
    for step in steps {
        match step {
            Step::Send(text) | Step::Raw(text) | Step::Answer { message: text, .. } => {
                drop(output.send(Said::Line(text)));
            }
            Step::Push(text) => {
                play.listeners.push(&text);
                if play.is_legacy() {
                    let _ = output.send(Said::Line(text));
                }
            }
            Step::Listen(request) => {
                play.listeners.open(&request, &play.script.capabilities, Sink::Lines(output.clone()));
            }
            Step::EndListening => play.listeners.finish(),
            Step::CutListening => play.listeners.cut(),
            Step::Wait(milliseconds) => tokio::time::sleep(Duration::from_millis(milliseconds)).await,
            // In one write: others of the same tree may write to it, too.
            Step::Stderr(line) => _ = std::io::stderr().write_all(format!("{line}\n").as_bytes()),
            Step::StderrFlood(bytes) => flood(bytes),
            Step::Bytes(bytes) => drop(output.send(Said::Bytes(bytes))),
            Step::Hang => std::future::pending().await,
            Step::Break(code) => drop(output.send(Said::End(code))),
            Step::Padded(..) | Step::Repeat(..) | Step::Status { .. } | Step::Ask(_) => {}
        }
    }
}

/// Writes what is said, all that is ready at once, but bytes that are no line by themselves.
async fn write(mut queue: mpsc::UnboundedReceiver<Said>) {
    let mut stdout = tokio::io::stdout();
    let mut said = Vec::new();
    while queue.recv_many(&mut said, 1024).await > 0 {
        let mut batch = Vec::new();
        for said in said.drain(..) {
            let end = match said {
                Said::Line(line) => {
                    batch.extend_from_slice(line.as_bytes());
                    batch.push(b'\n');
                    continue;
                }
                Said::Bytes(bytes) => {
                    batch.extend_from_slice(&bytes);
                    None
                }
                Said::End(code) => Some(code),
            };
            let written = put(&mut stdout, &std::mem::take(&mut batch)).await;
            if let Some(code) = end {
                std::process::exit(code);
            }
            if written.is_err() {
                return;
            }
        }
        if put(&mut stdout, &batch).await.is_err() {
            return;
        }
    }
}

async fn put(stdout: &mut tokio::io::Stdout, bytes: &[u8]) -> std::io::Result<()> {
    stdout.write_all(bytes).await?;
    stdout.flush().await
}

/// Writes lines to standard error until they are so many bytes.
fn flood(bytes: u64) {
    let block = format!("{}\n", "x".repeat(99)).repeat(1000);
    let mut stderr = std::io::stderr().lock();
    for _ in 0..bytes.div_ceil(100_000) {
        if stderr.write_all(block.as_bytes()).is_err() {
            return;
        }
    }
}
