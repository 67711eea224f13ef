//! The program serving.

use std::ffi::OsStr;
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, AsyncRead, BufReader};
use tokio::process::{Child, ChildStdin, Command};
use tokio::sync::watch;

use super::{Client, PATIENCE, Reply, mcpo};
#[cfg(unix)]
use super::{children, signal};

/// A proxy that runs, on a port of its own. Dropping it ends it, with its servers.
#[derive(Debug)]
pub(crate) struct Proxy {
    child: Child,
    /// Kept apart, because waiting for the child would close it.
    stdin: Option<ChildStdin>,
    client: Client,
    stdout: Printed,
    stderr: Printed,
    /// Its home directory, kept until it has ended.
    _home: TempDir,
}

impl Proxy {
    /// Starts it with these arguments and waits until it listens.
    pub(crate) async fn start<A: AsRef<OsStr>>(arguments: impl IntoIterator<Item = A>) -> Self {
        Self::prepared(|command| {
            command.args(LOCAL).args(arguments);
        })
        .await
    }

    /// Starts it in front of servers from a configuration, and waits until it listens.
    pub(crate) async fn with_config(config: &Value) -> Self {
        let folder = tempfile::tempdir().expect("a temporary directory");
        let file = folder.path().join("config.json");
        std::fs::write(&file, config.to_string()).expect("a config file");
        Self::start(["--config".as_ref(), file.as_os_str()]).await
    }

    /// Starts it as `prepare` says, with no other arguments, and waits until it listens.
    pub(crate) async fn prepared(prepare: impl FnOnce(&mut Command)) -> Self {
        Self::saying("Listening on ", prepare).await.0
    }

    /// Starts the demo, and waits until it tells the address of its page.
    pub(crate) async fn demo(arguments: &[&str]) -> (Self, String) {
        Self::saying("The proxy's page ", |command| {
            command.args(["demo", "--port", "0"]).args(arguments);
        })
        .await
    }

    /// Starts it and waits for the line in which these words stand before its address.
    async fn saying(words: &str, prepare: impl FnOnce(&mut Command)) -> (Self, String) {
        let home = tempfile::tempdir().expect("a temporary directory");
        let mut command = mcpo(home.path());
        prepare(&mut command);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        // Its own group, so that nothing of ours that it starts can outlive a test that fails.
        #[cfg(unix)]
        command.process_group(0);
        let mut child = command.spawn().expect("the program starts");
        let stdout = Printed::collect(child.stdout.take().expect("stdout is piped"));
        let stderr = Printed::collect(child.stderr.take().expect("stderr is piped"));
        let stdin = child.stdin.take();
        let mut proxy = Self { child, stdin, client: Client::new(""), stdout, stderr, _home: home };
        let line = proxy.printed(words).await;
        let (_, url) = line.split_once(words).expect("it was just found");
        proxy.client = Client::new(url.trim().trim_end_matches('/'));
        (proxy, url.trim().to_owned())
    }

    /// A client for it.
    pub(crate) fn client(&self) -> Client {
        self.client.clone()
    }

    /// Its address.
    pub(crate) fn url(&self) -> &str {
        self.client.base()
    }

    /// `GET path`.
    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.client.get(path).await
    }

    /// `POST path` with a JSON body.
    pub(crate) async fn post(&self, path: &str, body: &Value) -> Reply {
        self.client.post(path, body).await
    }

    /// Waits until the document at `path` offers tools, and returns the document.
    pub(crate) async fn ready(&self, path: &str) -> Value {
        self.eventually(&format!("{path} offers tools"), async || {
            let reply = self.get(path).await;
            let document = (reply.status == 200).then(|| reply.json())?;
            document["paths"].as_object().is_some_and(|paths| !paths.is_empty()).then_some(document)
        })
        .await
    }

    /// Asks again and again until there is an answer, within [`PATIENCE`].
    pub(crate) async fn eventually<T>(&self, what: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
        let deadline = tokio::time::Instant::now() + PATIENCE;
        loop {
            if let Some(answer) = ask().await {
                return answer;
            }
            assert!(tokio::time::Instant::now() < deadline, "never happened: {what}\n{}", self.stderr.all());
            tokio::time::sleep(POLL).await;
        }
    }

    /// Waits for a line on stdout that holds these words, and returns it.
    pub(crate) async fn printed(&mut self, words: &str) -> String {
        let mut stdout = self.stdout.clone();
        tokio::select! {
            line = stdout.line_with(words) => line.unwrap_or_else(|| {
                panic!("{words:?} was not printed\nstdout: {}\nstderr: {}", self.stdout.all(), self.stderr.all())
            }),
            status = self.child.wait() => {
                panic!("the program ended with {status:?}\nstdout: {}\nstderr: {}", self.stdout.all(), self.stderr.all())
            }
        }
    }

    /// Waits for a log line that holds these words, and returns it.
    pub(crate) async fn logged(&self, words: &str) -> String {
        let line = self.stderr.clone().line_with(words).await;
        line.unwrap_or_else(|| panic!("{words:?} was not logged: {}", self.stderr.all()))
    }

    /// Everything it has logged so far.
    pub(crate) fn log(&self) -> String {
        self.stderr.all()
    }

    /// Everything it has printed so far.
    pub(crate) fn output(&self) -> String {
        self.stdout.all()
    }

    /// Types a line; its stdin must be a pipe.
    pub(crate) async fn type_line(&mut self, text: &str) {
        use tokio::io::AsyncWriteExt as _;
        let stdin = self.stdin.as_mut().expect("stdin is piped");
        stdin.write_all(format!("{text}\n").as_bytes()).await.expect("it reads");
        stdin.flush().await.expect("it reads");
    }

    /// Its process id.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id().expect("it runs")
    }

    /// Asks it to end with a signal, and returns its exit code.
    #[cfg(unix)]
    pub(crate) async fn stop_by(mut self, asked: rustix::process::Signal) -> Option<i32> {
        signal(self.pid(), asked);
        let status = tokio::time::timeout(PATIENCE, self.child.wait()).await.expect("it ends when asked to");
        status.expect("its exit code").code()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        // Not asked to end: a scripted server on this very thread could not answer its farewell. So its servers, each a group
        // of its own, have to be ended as well.
        #[cfg(unix)]
        let servers = self.child.id().map(children).unwrap_or_default();
        let _ = self.child.start_kill();
        #[cfg(unix)]
        for server in servers.into_iter().filter_map(|pid| rustix::process::Pid::from_raw(pid.cast_signed()))
        {
            let _ = rustix::process::kill_process_group(server, rustix::process::Signal::KILL);
        }
    }
}

/// The lines that a process has printed so far; a clone sees the same lines.
#[derive(Debug, Clone)]
struct Printed {
    lines: Arc<Mutex<Vec<String>>>,
    /// How many lines there are; closed when there will be no more.
    count: watch::Receiver<usize>,
}

impl Printed {
    fn collect(stream: impl AsyncRead + Unpin + Send + 'static) -> Self {
        let lines = Arc::new(Mutex::new(Vec::new()));
        let (sender, count) = watch::channel(0);
        let kept = Arc::clone(&lines);
        tokio::spawn(async move {
            let mut reader = BufReader::new(stream).lines();
            while let Ok(Some(line)) = reader.next_line().await {
                let mut kept = kept.lock().expect("no panic while locked");
                kept.push(line);
                sender.send_replace(kept.len());
            }
        });
        Self { lines, count }
    }

    fn all(&self) -> String {
        self.lines.lock().expect("no panic while locked").join("\n")
    }

    /// The first line with these words; `None` when it never comes.
    async fn line_with(&mut self, words: &str) -> Option<String> {
        let search = async {
            loop {
                let found = self
                    .lines
                    .lock()
                    .expect("no panic while locked")
                    .iter()
                    .find(|l| l.contains(words))
                    .cloned();
                if found.is_some() {
                    return found;
                }
                // Once no more lines can come, the lines that are there have all been looked at after the close.
                if self.count.changed().await.is_err() {
                    return self
                        .lines
                        .lock()
                        .expect("no panic while locked")
                        .iter()
                        .find(|l| l.contains(words))
                        .cloned();
                }
            }
        };
        tokio::time::timeout(PATIENCE, search).await.unwrap_or(None)
    }
}

/// A free port of the loopback interface.
pub(crate) const LOCAL: [&str; 4] = ["--host", "127.0.0.1", "--port", "0"];
/// How often something that has to happen is looked for.
const POLL: Duration = Duration::from_millis(20);
