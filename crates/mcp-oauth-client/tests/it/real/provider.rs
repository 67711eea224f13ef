//! npm oidc-provider with a small MCP server before it (`tests/servers/oidc_provider.mjs`), and our client as its visitor.

use std::process::Stdio;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use mcp_oauth_client::{
    AuthorizationLayer, AuthorizationManager, AuthorizationManagerBuilder, AuthorizationRequired, Authorized,
    BoxError, ConnectionRules, Grant, HttpClient, HttpError, HyperClient,
};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};
use tower::{Layer as _, ServiceExt as _};
use url::form_urlencoded;

use crate::support::{Person, policy};

/// The two servers. They end when this is dropped.
pub(super) struct Provider {
    _process: Child,
    _output: Lines<BufReader<ChildStdout>>,
    resource: u16,
    authority: u16,
}

impl Provider {
    /// Starts both with options of the script. `None` where nothing is installed, but not in CI.
    #[expect(
        clippy::disallowed_methods,
        reason = "the tests' set-up says in variables what it has installed"
    )]
    pub(super) async fn start(options: Value) -> Option<Self> {
        let Ok(line) = std::env::var("MCPO_TEST_OIDC_PROVIDER") else {
            let in_ci = std::env::var("CI").as_deref() == Ok("true");
            assert!(!in_ci, "MCPO_TEST_OIDC_PROVIDER is not set, and CI leaves nothing out");
            println!("left out: MCPO_TEST_OIDC_PROVIDER is not set (cargo xtask test sets it)");
            return None;
        };
        let words: Vec<String> = serde_json::from_str(&line).unwrap();
        let mut process = Command::new(&words[0])
            .args(&words[1..])
            .arg(options.to_string())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        loop {
            let line = lines.next_line().await.unwrap().expect("the provider ended before it listened");
            if let Some(ports) = line.strip_prefix("LISTENING ") {
                let (resource, authority) = ports.split_once(' ').unwrap();
                let (resource, authority) = (resource.parse().unwrap(), authority.parse().unwrap());
                return Some(Self { _process: process, _output: lines, resource, authority });
            }
        }
    }

    pub(super) fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.resource)
    }

    pub(super) fn issuer(&self) -> String {
        format!("http://127.0.0.1:{}", self.authority)
    }

    /// Changes options while it runs.
    pub(super) async fn control(&self, changes: Value) {
        let request = Request::post(self.url("/control")).body(Full::from(changes.to_string())).unwrap();
        let answer = http().request(request).await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
    }

    /// A client of the MCP server at this path.
    pub(super) fn visitor(&self, path: &str) -> Visitor {
        self.visitor_with(path, |builder| builder)
    }

    pub(super) fn visitor_with(
        &self,
        path: &str,
        change: impl FnOnce(AuthorizationManagerBuilder) -> AuthorizationManagerBuilder,
    ) -> Visitor {
        let recorder = Recorder::default();
        let builder = AuthorizationManager::builder(self.url(path))
            .client_name("a test")
            .http(recorder.clone())
            .policy(policy());
        let manager = change(builder).build().unwrap();
        let layer = AuthorizationLayer::new(manager.clone());
        Visitor {
            attended: layer.clone().interactive(Person::default().interaction()).layer(http()),
            alone: layer.layer(http()),
            manager,
            recorder,
            url: self.url(path),
        }
    }
}

pub(super) fn http() -> Client<HttpConnector, Full<Bytes>> {
    Client::builder(TokioExecutor::new()).build_http()
}

/// One client with one grant.
pub(super) struct Visitor {
    pub(super) manager: AuthorizationManager,
    pub(super) recorder: Recorder,
    /// Sends requests that log in by themselves.
    attended: Http,
    /// Sends requests that nobody logs in for.
    alone: Http,
    url: String,
}

type Http = Authorized<Client<HttpConnector, Full<Bytes>>>;

impl Visitor {
    async fn send(&self, http: &Http, tool: &str) -> Result<String, BoxError> {
        let message =
            json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": { "name": tool } });
        let request = Request::post(&self.url).body(Full::from(message.to_string()))?;
        let answer = http.clone().oneshot(request).await?;
        assert_eq!(answer.status(), StatusCode::OK);
        let answer: Value = serde_json::from_slice(&answer.into_body().collect().await?.to_bytes())?;
        Ok(answer["result"]["content"][0]["text"].as_str().unwrap().to_owned())
    }

    /// Calls a tool, with whatever login it needs.
    pub(super) async fn call(&self, tool: &str) -> Arc<Grant> {
        self.call_as(tool, "the-person").await
    }

    /// The same, as whom the MCP server takes us for.
    pub(super) async fn call_as(&self, tool: &str, who: &str) -> Arc<Grant> {
        match self.send(&self.attended, tool).await {
            Ok(answer) => assert_eq!(answer, format!("{tool} by {who}")),
            Err(error) => panic!("{tool}: {error:?}"),
        }
        self.manager.grant().expect("a grant")
    }

    /// Calls a tool that no login helps with.
    pub(super) async fn refused(&self, tool: &str) -> AuthorizationRequired {
        required(self.send(&self.attended, tool).await, tool)
    }

    /// Calls a tool that needs a login, which is not begun.
    pub(super) async fn required(&self, tool: &str) -> AuthorizationRequired {
        required(self.send(&self.alone, tool).await, tool)
    }

    /// How often a person logged in.
    pub(super) fn logins(&self) -> usize {
        let mut codes = self.recorder.values("authorization_code", "code");
        // With DPoP a code may be sent twice: first without the server's nonce.
        codes.dedup();
        codes.len()
    }

    /// Renews the token as after a 401.
    pub(super) async fn renew(&self) -> Arc<Grant> {
        let held = self.manager.grant().expect("a grant");
        self.manager.recover(Some(held.access_token())).await.unwrap();
        self.manager.grant().expect("a grant")
    }
}

fn required(outcome: Result<String, BoxError>, tool: &str) -> AuthorizationRequired {
    let error = outcome.unwrap_err();
    AuthorizationRequired::find(&*error).unwrap_or_else(|| panic!("{tool}: {error:?}")).clone()
}

/// Sends what the client sends, and remembers it: a thief would send it once more.
#[derive(Clone, Default)]
pub(super) struct Recorder {
    client: Arc<HyperClient>,
    sent: Arc<Mutex<Vec<Sent>>>,
}

type Sent = (Request<Bytes>, ConnectionRules);

impl HttpClient for Recorder {
    fn send(
        &self,
        request: Request<Bytes>,
        rules: ConnectionRules,
    ) -> BoxFuture<'_, Result<Response<Bytes>, HttpError>> {
        self.sent.lock().unwrap().push((request.clone(), rules));
        self.client.send(request, rules)
    }
}

impl Recorder {
    /// The values of a parameter in the forms of this grant type, in their order.
    pub(super) fn values(&self, grant_type: &str, name: &str) -> Vec<String> {
        self.forms()
            .into_iter()
            .filter(|form| value(form, "grant_type").as_deref() == Some(grant_type))
            .filter_map(|form| value(&form, name))
            .collect()
    }

    /// The values of a parameter in the forms that went to this path, in their order.
    pub(super) fn values_of(&self, path: &str, name: &str) -> Vec<String> {
        let sent = self.sent.lock().unwrap();
        let forms = sent.iter().filter(|(request, _)| request.uri().path() == path);
        forms.filter_map(|(request, _)| value(&form(request.body()), name)).collect()
    }

    /// The values of a header in the requests to this path, in their order.
    pub(super) fn headers(&self, path: &str, name: &str) -> Vec<String> {
        let sent = self.sent.lock().unwrap();
        let requests = sent.iter().filter(|(request, _)| request.uri().path() == path);
        requests
            .filter_map(|(request, _)| Some(request.headers().get(name)?.to_str().ok()?.to_owned()))
            .collect()
    }

    /// How many requests went to this path.
    pub(super) fn count(&self, path: &str) -> usize {
        self.sent.lock().unwrap().iter().filter(|(request, _)| request.uri().path() == path).count()
    }

    /// Sends the first request whose form holds this value once more, byte for byte.
    pub(super) async fn replay(&self, name: &str, wanted: &str) -> Response<Bytes> {
        self.replay_changed(name, wanted, |form| form).await
    }

    /// The same with another form.
    pub(super) async fn replay_changed(
        &self,
        name: &str,
        wanted: &str,
        change: impl FnOnce(Vec<(String, String)>) -> Vec<(String, String)>,
    ) -> Response<Bytes> {
        let holds = |body: &Bytes| value(&form(body), name).as_deref() == Some(wanted);
        let found = self.sent.lock().unwrap().iter().find(|(request, _)| holds(request.body())).cloned();
        let (request, rules) = found.expect("such a request");
        let changed = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(change(form(request.body())))
            .finish();
        self.client.send(request.map(|_| changed.into()), rules).await.unwrap()
    }

    fn forms(&self) -> Vec<Vec<(String, String)>> {
        self.sent.lock().unwrap().iter().map(|(request, _)| form(request.body())).collect()
    }
}

fn form(body: &Bytes) -> Vec<(String, String)> {
    form_urlencoded::parse(body).into_owned().collect()
}

fn value(form: &[(String, String)], name: &str) -> Option<String> {
    form.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone())
}

/// The error code of a refusal.
pub(super) fn error_code(answer: &Response<Bytes>) -> String {
    let body: Value = serde_json::from_slice(answer.body()).unwrap();
    body["error"].as_str().expect("an error").to_owned()
}
