//! Other processes: the test binary runs itself again, with an order on its standard input and answers on its standard
//! output. What they share with the test is what real processes share: a directory, and the servers.

use std::io::{BufRead as _, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::{Request, Response, StatusCode};
use http_body_util::Full;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use mcp_oauth_client::{
    AuthorizationManager, ConnectionRules, CredentialStore, FileStore, HttpClient, HttpError, HyperClient,
    Lease, SealedStore, SealingKeys, SecretBytes, StoreError, StoreKey, Version,
};
use mcp_oauth_core::AccessToken;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use testkit::oauth::OAuthPeer;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

use crate::support::policy;

/// What another process is to do, with which server and directory.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Order {
    server: String,
    pub(crate) directory: PathBuf,
    /// Whether values are sealed, with a key in a file beside the directory.
    sealed: bool,
    job: Job,
}

#[derive(Clone, Serialize, Deserialize)]
pub(crate) enum Job {
    /// Renews a grant once, and dies at this step of it.
    Renew { dies_at: Option<usize> },
    /// Uses the token that it finds, renews the grant, uses the new token.
    Use,
    /// Renews the grant until it has made this many token requests itself.
    Rotate { requests: usize },
    /// Takes the lease on a key, says so, and keeps it.
    Hold,
    /// Writes one value after the other and counts them, until it is killed.
    Write,
}

/// What a process with [`Job::Use`] found.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Found {
    /// What the MCP server answered to the stored token.
    pub(crate) stored: u16,
    /// What it answered to the renewed one. None when the grant could not be renewed without a person.
    pub(crate) renewed: Option<u16>,
}

impl Order {
    pub(crate) fn new(server: &str, directory: &Path, sealed: bool, job: Job) -> Self {
        Self { server: server.to_owned(), directory: directory.join("tokens"), sealed, job }
    }

    /// The manager that a process with this order has.
    pub(crate) fn manager(&self, steps: &Steps) -> AuthorizationManager {
        let files = Stepping { inner: FileStore::open(&self.directory).unwrap(), steps: steps.clone() };
        let builder = AuthorizationManager::builder(&self.server)
            .client_name("a test")
            .http(Stepping { inner: HyperClient::new(), steps: steps.clone() })
            .policy(policy());
        let builder = if self.sealed {
            let key = self.directory.with_file_name("key");
            builder.store(SealedStore::new(files, SealingKeys::from_file_or_new(key).unwrap()))
        } else {
            builder.store(files)
        };
        builder.build().unwrap()
    }

    /// Runs it in another process.
    pub(crate) async fn start(&self) -> Process {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "processes::child", "--ignored", "--nocapture"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut order = serde_json::to_vec(self).unwrap();
        order.push(b'\n');
        child.stdin.as_mut().unwrap().write_all(&order).await.unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Process { child, lines }
    }
}

/// A running process.
pub(crate) struct Process {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Process {
    /// The next thing it says. None when it ended.
    pub(crate) async fn next<T: DeserializeOwned>(&mut self) -> Option<T> {
        while let Some(line) = self.lines.next_line().await.unwrap() {
            if let Some((_, said)) = line.split_once(MARK) {
                return Some(serde_json::from_str(said).unwrap());
            }
        }
        None
    }

    /// Kills it, as `kill -9` does.
    pub(crate) async fn kill(mut self) {
        self.child.kill().await.unwrap();
    }

    pub(crate) async fn end(mut self) -> ExitStatus {
        self.child.wait().await.unwrap()
    }
}

/// Where a process is in its work; it dies where it is told to, without any goodbye.
#[derive(Clone, Default)]
pub(crate) struct Steps {
    taken: Arc<AtomicUsize>,
    dies_at: Option<usize>,
    silent: bool,
}

impl Steps {
    /// Steps that nobody looks at.
    pub(crate) fn unseen() -> Self {
        Self { silent: true, ..Self::default() }
    }

    fn step(&self, name: &str) {
        if self.silent {
            return;
        }
        say(&name);
        if Some(self.taken.fetch_add(1, Ordering::Relaxed)) == self.dies_at {
            std::process::abort();
        }
    }
}

/// Makes what passes through visible as steps.
struct Stepping<T> {
    inner: T,
    steps: Steps,
}

impl CredentialStore for Stepping<FileStore> {
    fn load<'a>(&'a self, key: &'a StoreKey) -> BoxFuture<'a, Result<Option<SecretBytes>, StoreError>> {
        Box::pin(async move {
            self.steps.step(&format!("load {}", key.kind()));
            let result = self.inner.load(key).await;
            self.steps.step(&format!("loaded {}", key.kind()));
            result
        })
    }

    fn replace<'a>(
        &'a self,
        key: &'a StoreKey,
        value: Option<SecretBytes>,
        expected: Option<Version>,
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(async move {
            self.steps.step(&format!("replace {}", key.kind()));
            let result = self.inner.replace(key, value, expected).await;
            self.steps.step(&format!("replaced {}", key.kind()));
            result
        })
    }

    fn lease<'a>(
        &'a self,
        key: &'a StoreKey,
        ttl: Duration,
        wait: Duration,
    ) -> BoxFuture<'a, Result<Lease, StoreError>> {
        Box::pin(async move {
            self.steps.step("lease");
            let result = self.inner.lease(key, ttl, wait).await;
            self.steps.step("leased");
            result
        })
    }
}

impl HttpClient for Stepping<HyperClient> {
    fn send(
        &self,
        request: Request<Bytes>,
        rules: ConnectionRules,
    ) -> BoxFuture<'_, Result<Response<Bytes>, HttpError>> {
        let path = request.uri().path().to_owned();
        Box::pin(async move {
            self.steps.step(&format!("ask {path}"));
            let result = self.inner.send(request, rules).await;
            self.steps.step(&format!("answered {path}"));
            result
        })
    }
}

/// The other side: carries out the order on its standard input, if there is one.
#[tokio::test]
#[ignore = "run by other tests, as a process of its own"]
async fn child() {
    let mut order = String::new();
    if std::io::stdin().is_terminal() || std::io::stdin().lock().read_line(&mut order).unwrap() == 0 {
        return;
    }
    let order: Order = serde_json::from_str(&order).unwrap();
    match order.job {
        Job::Renew { dies_at } => {
            let manager = order.manager(&Steps { dies_at, ..Steps::default() });
            let token = manager.access_token().await.unwrap();
            manager.recover(Some(&token)).await.unwrap();
        }
        Job::Use => {
            let manager = order.manager(&Steps::unseen());
            let token = manager.access_token().await.unwrap();
            let stored = call(&order.server, &token).await.as_u16();
            let renewed = match manager.recover(Some(&token)).await {
                Ok(token) => Some(call(&order.server, &token).await.as_u16()),
                Err(error) if error.needs_authorization() => None,
                Err(error) => panic!("{error:?}"),
            };
            say(&Found { stored, renewed });
        }
        Job::Rotate { requests } => {
            let counting = Counting { inner: HyperClient::new(), sent: Arc::default() };
            let sent = Arc::clone(&counting.sent);
            let manager = AuthorizationManager::builder(&order.server)
                .client_name("a test")
                .http(counting)
                .policy(policy())
                .store(FileStore::open(&order.directory).unwrap())
                .build()
                .unwrap();
            while sent.load(Ordering::Relaxed) < requests {
                let token = manager.access_token().await.unwrap();
                manager.recover(Some(&token)).await.unwrap();
            }
            say(&sent.load(Ordering::Relaxed));
        }
        Job::Hold => {
            let store = FileStore::open(&order.directory).unwrap();
            let _lease = store.lease(&any_key(), Duration::MAX, Duration::ZERO).await.unwrap();
            say(&"held");
            std::future::pending::<()>().await;
        }
        Job::Write => {
            let store = FileStore::open(&order.directory).unwrap();
            let mut before = store.load(&any_key()).await.unwrap();
            let mut count = before.as_ref().map_or(0, counted);
            loop {
                count += 1;
                let next = SecretBytes::new(format!("{count} {}.", "x".repeat(50_000)).into_bytes());
                let version = before.map(|before| before.version());
                store.replace(&any_key(), Some(next.clone()), version).await.unwrap();
                say(&count);
                before = Some(next);
            }
        }
    }
}

pub(crate) fn any_key() -> StoreKey {
    StoreKey::Server { server: "https://h.test".to_owned(), subject: "me".to_owned() }
}

/// The number of a value that [`Job::Write`] wrote.
pub(crate) fn counted(value: &SecretBytes) -> u64 {
    let text = std::str::from_utf8(value.expose()).unwrap();
    assert!(text.ends_with('.'), "a whole value");
    text.split(' ').next().unwrap().parse().unwrap()
}

/// An empty directory with a grant in it.
pub(crate) async fn logged_in(peer: &OAuthPeer, sealed: bool) -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    let order = Order::new(&peer.mcp_url(), directory.path(), sealed, Job::Use);
    crate::support::login(&order.manager(&Steps::unseen())).await.unwrap();
    peer.clear();
    directory
}

/// Counts token requests.
struct Counting {
    inner: HyperClient,
    sent: Arc<AtomicUsize>,
}

impl HttpClient for Counting {
    fn send(
        &self,
        request: Request<Bytes>,
        rules: ConnectionRules,
    ) -> BoxFuture<'_, Result<Response<Bytes>, HttpError>> {
        if request.uri().path() == "/token" {
            self.sent.fetch_add(1, Ordering::Relaxed);
        }
        self.inner.send(request, rules)
    }
}

/// What the MCP server says to a token.
async fn call(server: &str, token: &AccessToken) -> StatusCode {
    let client = Client::builder(TokioExecutor::new()).build_http::<Full<Bytes>>();
    let request = Request::post(server).header("authorization", format!("Bearer {}", token.expose()));
    client.request(request.body(Full::default()).unwrap()).await.unwrap().status()
}

fn say(what: &impl Serialize) {
    // One write, so that nothing of the test harness comes in between.
    let line = format!("\n{MARK}{}\n", serde_json::to_string(what).unwrap());
    std::io::stdout().write_all(line.as_bytes()).unwrap();
    std::io::stdout().flush().unwrap();
}

/// Tells what is said from what the test harness prints.
const MARK: &str = "child says: ";
