//! A program that runs for the benchmark, and ends with it.

use std::ffi::OsStr;
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tokio::time::Instant;

use super::proc;

/// A program that is killed, with everything it started, when this is dropped.
#[derive(Debug)]
pub(super) struct Server {
    child: Child,
    first_line: Option<String>,
    /// When it was started.
    pub(super) started: Instant,
}

impl Server {
    /// Starts a program whose output nobody reads.
    pub(super) fn silent(program: &Path, arguments: &[String]) -> io::Result<Self> {
        let started = Instant::now();
        let child = command(program, arguments).stdout(Stdio::null()).spawn()?;
        Ok(Self { child, first_line: None, started })
    }

    /// Starts a program that asks something on its standard error and reads the answer from its standard input.
    pub(super) fn with_terminal(program: &Path, arguments: &[String]) -> io::Result<Self> {
        let started = Instant::now();
        let mut command = command(program, arguments);
        let child = command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn()?;
        Ok(Self { child, first_line: None, started })
    }

    /// Waits for a line with these words on the standard error of a program with a terminal. Nobody can wait for a second one.
    pub(super) fn wait_for(&mut self, words: &str) -> io::Result<String> {
        let stderr = self.child.stderr.take().ok_or_else(|| io::Error::other("no errors to read"))?;
        let mut lines = BufReader::new(stderr).lines();
        for line in lines.by_ref() {
            let line = line?;
            if line.contains(words) {
                // It may go on printing.
                std::thread::spawn(move || lines.for_each(drop));
                return Ok(line);
            }
        }
        Err(io::Error::other(format!("it ended before it said {words:?}")))
    }

    /// Types a line on the terminal.
    pub(super) fn type_line(&mut self, line: &str) -> io::Result<()> {
        let stdin = self.child.stdin.as_mut().ok_or_else(|| io::Error::other("no terminal"))?;
        stdin.write_all(format!("{line}\n").as_bytes())?;
        stdin.flush()
    }

    /// Starts a program that prints where it listens, and waits for the line with these words.
    pub(super) fn telling<A: AsRef<OsStr>>(
        program: &Path,
        arguments: impl IntoIterator<Item = A>,
        words: &str,
    ) -> io::Result<Self> {
        let started = Instant::now();
        let mut child = command(program, arguments).stdout(Stdio::piped()).spawn()?;
        let stdout = child.stdout.take().ok_or_else(|| io::Error::other("no output"))?;
        let mut server = Self { child, first_line: None, started };
        let mut lines = BufReader::new(stdout).lines();
        for line in lines.by_ref() {
            let line = line?;
            if line.contains(words) {
                server.first_line = Some(line);
                // It may go on printing.
                std::thread::spawn(move || lines.for_each(drop));
                return Ok(server);
            }
        }
        Err(io::Error::other(format!("{} ended before it listened", program.display())))
    }

    /// The address in the line that was waited for.
    pub(super) fn address(&self) -> io::Result<SocketAddr> {
        let line = self.first_line.as_deref().unwrap_or_default();
        let last = line.split_whitespace().next_back().unwrap_or_default();
        let address = last.trim_start_matches("http://").trim_end_matches('/');
        address.parse().map_err(|_| io::Error::other(format!("no address in {line:?}")))
    }

    /// Its process id.
    pub(super) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Whether it still runs.
    pub(super) fn is_running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let tree = proc::tree(self.pid());
        end(&[self.pid()], Ending::Asked);
        for _ in 0..100 {
            if !self.is_running() {
                break;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        // Whoever did not end by itself, and what it left behind.
        end(&tree, Ending::Killed);
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// An empty standard input, and errors to nowhere: both proxies log there.
fn command<A: AsRef<OsStr>>(program: &Path, arguments: impl IntoIterator<Item = A>) -> Command {
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).stderr(Stdio::null());
    command
}

#[derive(Debug, Clone, Copy)]
enum Ending {
    Asked,
    Killed,
}

#[cfg(unix)]
fn end(pids: &[u32], ending: Ending) {
    use rustix::process::{Pid, Signal, kill_process};
    let signal = match ending {
        Ending::Asked => Signal::TERM,
        Ending::Killed => Signal::KILL,
    };
    for pid in pids.iter().filter_map(|pid| Pid::from_raw(pid.cast_signed())) {
        // It may be gone already.
        let _ = kill_process(pid, signal);
    }
}

#[cfg(not(unix))]
fn end(_pids: &[u32], _ending: Ending) {}
