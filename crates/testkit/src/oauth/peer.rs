//! The running servers.

use std::convert::Infallible;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;
use url::form_urlencoded;

use super::state::State;
use super::{Reply, Script, Seen, TestKey, authority, resource};

/// A scripted MCP server and its authorization server. They stop when this is dropped.
///
/// ```no_run
/// # async fn example() {
/// use testkit::oauth::OAuthPeer;
///
/// let peer = OAuthPeer::start(|script| script.challenge_scope = Some("mcp:read".into())).await;
/// println!("{} is protected by {}", peer.mcp_url(), peer.issuer());
/// assert_eq!(peer.count("/token"), 0);
/// # }
/// ```
pub struct OAuthPeer {
    shared: Arc<Shared>,
    tasks: Vec<JoinHandle<()>>,
}

pub(super) struct Shared {
    pub(super) resource_origin: String,
    pub(super) authority_origin: String,
    pub(super) state: Mutex<State>,
}

impl Shared {
    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn issuer(&self, script: &Script) -> String {
        format!("{}{}", self.authority_origin, script.issuer_path)
    }
}

impl OAuthPeer {
    /// Starts both with a changed script.
    ///
    /// # Panics
    /// When no port is free.
    pub async fn start(change: impl FnOnce(&mut Script)) -> Self {
        let mut script = Script::default();
        change(&mut script);
        let resource = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let authority = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let origin = |socket: &TcpListener| format!("http://{}", socket.local_addr().expect("an address"));
        let resource_origin = origin(&resource);
        let authority_origin = if script.same_origin { resource_origin.clone() } else { origin(&authority) };
        let name = resource.local_addr().expect("an address").port().to_string();
        let state = Mutex::new(State { script, name, ..State::default() });
        let shared = Arc::new(Shared { resource_origin, authority_origin, state });
        let tasks = vec![
            tokio::spawn(serve(resource, Arc::clone(&shared))),
            tokio::spawn(serve(authority, Arc::clone(&shared))),
        ];
        Self { shared, tasks }
    }

    /// The MCP server's address.
    pub fn mcp_url(&self) -> String {
        format!("{}{}", self.shared.resource_origin, self.shared.state().script.resource_path)
    }

    /// The MCP server's origin.
    pub fn resource_origin(&self) -> &str {
        &self.shared.resource_origin
    }

    /// The issuer.
    pub fn issuer(&self) -> String {
        self.shared.issuer(&self.shared.state().script)
    }

    /// Changes the script of the running servers.
    pub fn change(&self, change: impl FnOnce(&mut Script)) {
        change(&mut self.shared.state().script);
    }

    /// All requests so far.
    pub fn seen(&self) -> Vec<Seen> {
        self.shared.state().seen.clone()
    }

    /// The requests so far for this path.
    pub fn seen_at(&self, path: &str) -> Vec<Seen> {
        self.shared.state().seen.iter().filter(|seen| seen.path == path).cloned().collect()
    }

    /// How many requests there were for this path.
    pub fn count(&self, path: &str) -> usize {
        self.seen_at(path).len()
    }

    /// The paths of all requests so far, in their order.
    pub fn paths(&self) -> Vec<String> {
        self.shared.state().seen.iter().map(|seen| seen.path.clone()).collect()
    }

    /// Forgets the requests so far.
    pub fn clear(&self) {
        self.shared.state().seen.clear();
    }

    /// Every token, code and client secret given out so far.
    pub fn secrets(&self) -> Vec<String> {
        self.shared.state().secrets.clone()
    }

    /// From now on the MCP server takes none of the access tokens given out so far.
    pub fn expire_access_tokens(&self) {
        self.shared.state().access_tokens.values_mut().for_each(|token| token.valid = false);
    }

    /// From now on the MCP server takes this token, whoever gave it out.
    pub fn accept_token(&self, token: &str) {
        let mut state = self.shared.state();
        state.counter += 1;
        let access = super::state::Access { scope: None, family: state.counter, valid: true };
        state.access_tokens.insert(token.to_owned(), access);
    }

    /// Ends every login: no token given out so far works any more.
    pub fn revoke_everything(&self) {
        let mut state = self.shared.state();
        state.refresh_tokens.clear();
        state.access_tokens.clear();
    }

    /// Forgets every registered client.
    pub fn forget_clients(&self) {
        self.shared.state().clients.clear();
    }

    /// Knows a client that was registered by hand.
    pub fn add_client(&self, id: &str, secret: Option<&str>, method: &str) {
        let client = super::state::Client { secret: secret.map(str::to_owned), method: method.to_owned() };
        let mut state = self.shared.state();
        state.secrets.extend(client.secret.clone());
        state.clients.insert(id.to_owned(), client);
    }

    /// Knows a client by its public key (`private_key_jwt`).
    pub fn add_key_client(&self, id: &str, key: &TestKey) {
        let client = super::state::Client { secret: None, method: "private_key_jwt".to_owned() };
        let mut state = self.shared.state();
        state.clients.insert(id.to_owned(), client);
        state.keys.insert(id.to_owned(), key.clone());
    }

    /// Takes assertions that this key signed as grants.
    pub fn trust(&self, key: &TestKey) {
        self.shared.state().trusted.push(key.clone());
    }

    /// Makes this an identity provider that exchanges ID tokens and signs with this key.
    pub fn sign_with(&self, key: &TestKey) {
        self.shared.state().signing = Some(key.clone());
    }

    /// As an identity provider: a refresh token of a person for one of its clients.
    pub fn give_refresh_token(&self, client_id: &str) -> String {
        let mut state = self.shared.state();
        let token = state.secret("refresh");
        let client_id = client_id.to_owned();
        let record = super::state::Refresh {
            client_id,
            resource: None,
            scope: None,
            family: 0,
            used: false,
            issued: 0,
        };
        state.refresh_tokens.insert(token.clone(), record);
        token
    }

    /// True when a refresh token was used twice, so that all that came from its login was revoked.
    pub fn has_revoked(&self) -> bool {
        !self.shared.state().revoked_families.is_empty()
    }
}

impl Drop for OAuthPeer {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

async fn serve(socket: TcpListener, shared: Arc<Shared>) {
    let origin = format!("http://{}", socket.local_addr().expect("an address"));
    while let Ok((stream, _)) = socket.accept().await {
        tokio::spawn(connection(stream, origin.clone(), Arc::clone(&shared)));
    }
}

async fn connection(stream: TcpStream, origin: String, shared: Arc<Shared>) {
    let service = service_fn(|request| answer(request, &origin, &shared));
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

async fn answer(
    request: Request<Incoming>,
    origin: &str,
    shared: &Arc<Shared>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
    let query = parts.uri.query().unwrap_or_default();
    let seen = Seen {
        method: parts.method,
        origin: origin.to_owned(),
        path: parts.uri.path().to_owned(),
        query: form_urlencoded::parse(query.as_bytes()).into_owned().collect(),
        headers: parts.headers,
        body,
    };
    shared.state().seen.push(seen.clone());
    let gate = shared.state().script.gate(&seen);
    let for_task = Arc::clone(shared);
    // What came is done, even if whoever asked for it has gone away.
    let task = tokio::spawn(async move {
        if let Some(gate) = gate {
            wait(&gate).await;
        }
        reply(&for_task, &seen)
    });
    let mut reply = task.await.unwrap_or_else(|_| Reply::status(500));
    if shared.state().script.closes {
        reply = reply.with_header("connection", "close");
    }
    if reply.hangs {
        std::future::pending::<()>().await;
    }
    Ok(reply.into_response())
}

async fn wait(gate: &Semaphore) {
    if let Ok(permit) = gate.acquire().await {
        permit.forget();
    }
}

fn reply(shared: &Shared, seen: &Seen) -> Reply {
    let script = shared.state().script.clone();
    if let Some(reply) = script.intercepted(seen) {
        return reply;
    }
    let resource =
        (seen.origin == shared.resource_origin).then(|| resource::answer(shared, &script, seen)).flatten();
    let authority = || {
        (seen.origin == shared.authority_origin).then(|| authority::answer(shared, &script, seen)).flatten()
    };
    resource.or_else(authority).unwrap_or_else(|| Reply::status(404))
}
