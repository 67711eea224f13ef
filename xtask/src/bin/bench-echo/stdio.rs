//! The server on stdin and stdout.

use std::io::{self, Read as _, Write as _};
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;
use std::time::Duration;

use super::Arguments;
use super::answer::Answers;

/// Reads what is there, answers every whole line, writes the answers in one go.
pub(crate) fn run(arguments: &Arguments) -> io::Result<()> {
    thread::sleep(Duration::from_millis(arguments.start_ms));
    let answers = Answers::new(arguments.tools);
    let later = (!arguments.delay().is_zero()).then(|| later(arguments.delay()));
    let mut input = io::stdin().lock();
    let (mut buffer, mut chunk, mut now) = (Vec::new(), vec![0; CHUNK], Vec::new());
    loop {
        let count = input.read(&mut chunk)?;
        if count == 0 {
            return Ok(());
        }
        buffer.extend_from_slice(chunk.get(..count).unwrap_or_default());
        let (mut done, mut slow) = (0, Vec::new());
        for line in buffer.split_inclusive(|byte| *byte == b'\n').filter(|line| line.ends_with(b"\n")) {
            done += line.len();
            let Some(answer) = answers.to(line) else { continue };
            let to = if answer.is_call && later.is_some() { &mut slow } else { &mut now };
            to.extend_from_slice(&answer.message);
            to.push(b'\n');
        }
        buffer.drain(..done);
        write(&now)?;
        now.clear();
        if let (Some(later), false) = (&later, slow.is_empty()) {
            let due = now_plus(arguments.delay());
            later.send((due, slow)).map_err(|_| io::Error::from(io::ErrorKind::BrokenPipe))?;
        }
    }
}

/// All wait equally long, so the first to come is the first to go: one thread is enough.
fn later(delay: Duration) -> Sender<(Due, Vec<u8>)> {
    let (sender, receiver): (_, Receiver<(Due, Vec<u8>)>) = mpsc::channel();
    thread::spawn(move || {
        for (due, answers) in receiver {
            thread::sleep(due.saturating_duration_since(now_plus(Duration::ZERO)).min(delay));
            if write(&answers).is_err() {
                return;
            }
        }
    });
    sender
}

type Due = std::time::Instant;

#[expect(clippy::disallowed_methods, reason = "a server of the benchmark: real time is what it is about")]
fn now_plus(delay: Duration) -> Due {
    Due::now() + delay
}

fn write(answers: &[u8]) -> io::Result<()> {
    if answers.is_empty() {
        return Ok(());
    }
    let mut output = io::stdout().lock();
    output.write_all(answers)?;
    output.flush()
}

/// How much is read at once, in bytes.
const CHUNK: usize = 256 * 1024;
