//! The server: reads a request, finds the path's misbehaviour, answers.

use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::AsyncReadExt as _;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use url::{Url, form_urlencoded};

use super::answer::Answer;
use super::honest;
use super::table::{Misbehaviour, misbehaviours};

/// The server. It stops when this is dropped.
///
/// ```no_run
/// # async fn example() {
/// use testkit::hostile::{HostilePeer, misbehaviours};
///
/// let peer = HostilePeer::start().await;
/// for misbehaviour in misbehaviours() {
///     println!("{}: {}", peer.url(misbehaviour.name), misbehaviour.what);
/// }
/// # }
/// ```
#[derive(Debug)]
pub struct HostilePeer {
    origin: String,
    visits: Arc<Mutex<HashMap<String, Visits>>>,
    task: JoinHandle<()>,
}

/// What one path was asked.
#[derive(Debug, Clone, Default)]
pub struct Visits {
    /// How often, by place: `mcp`, `prm`, `metadata`, `register`, `authorize`, `token`, `par`,
    /// `device`, `manage`, `revoke`, and whatever else was asked for.
    pub asked: HashMap<String, usize>,
    /// Bytes of answers that were taken.
    pub written: usize,
    /// The largest share of them that was one answer.
    pub largest: usize,
}

impl Visits {
    /// How often this place was asked.
    pub fn count(&self, place: &str) -> usize {
        self.asked.get(place).copied().unwrap_or_default()
    }

    /// All requests.
    pub fn total(&self) -> usize {
        self.asked.values().sum()
    }
}

impl HostilePeer {
    /// Starts it.
    ///
    /// # Panics
    /// When no port is free.
    pub async fn start() -> Self {
        let socket = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let origin = format!("http://{}", socket.local_addr().expect("an address"));
        let visits = Arc::<Mutex<HashMap<String, Visits>>>::default();
        let shared =
            Arc::new(Shared { origin: origin.clone(), visits: Arc::clone(&visits), table: by_name() });
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = socket.accept().await {
                let shared = Arc::clone(&shared);
                tokio::spawn(async move { shared.serve(stream).await });
            }
        });
        Self { origin, visits, task }
    }

    /// The MCP server that misbehaves in this way.
    pub fn url(&self, name: &str) -> String {
        format!("{}/{name}/mcp", self.origin)
    }

    /// What this path was asked so far.
    pub fn visits(&self, name: &str) -> Visits {
        self.visits.lock().unwrap_or_else(PoisonError::into_inner).get(name).cloned().unwrap_or_default()
    }
}

impl Drop for HostilePeer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Where a request went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Mcp,
    Resource,
    Server,
    Register,
    Authorize,
    Token,
    Push,
    Device,
    Manage,
    Revoke,
}

impl Place {
    const ALL: [(Self, &'static str); 10] = [
        (Self::Mcp, "mcp"),
        (Self::Resource, "prm"),
        (Self::Server, "metadata"),
        (Self::Register, "register"),
        (Self::Authorize, "authorize"),
        (Self::Token, "token"),
        (Self::Push, "par"),
        (Self::Device, "device"),
        (Self::Manage, "manage"),
        (Self::Revoke, "revoke"),
    ];
}

/// A request.
#[derive(Debug)]
pub(super) struct Asked {
    /// `GET`, `POST`, `PUT`, `DELETE`.
    pub(super) method: String,
    /// `http://127.0.0.1:PORT`.
    pub(super) origin: String,
    /// The origin and the path's name: the issuer.
    pub(super) base: String,
    /// The same question was asked this often before.
    pub(super) before: usize,
    /// The parameters of the query.
    pub(super) query: Vec<(String, String)>,
    /// `Authorization`.
    pub(super) authorization: Option<String>,
    /// The body.
    pub(super) body: Vec<u8>,
}

impl Asked {
    /// A parameter of the query, or of the request that it refers to.
    pub(super) fn parameter(&self, name: &str) -> String {
        let find = |all: &[(String, String)], name: &str| {
            all.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone())
        };
        let pushed = find(&self.query, "request_uri");
        let pushed =
            pushed.as_deref().and_then(|uri| uri.strip_prefix(PUSHED)).map(|text| form(text.as_bytes()));
        find(pushed.as_deref().unwrap_or(&self.query), name).unwrap_or_default()
    }
}

/// What the reference to a pushed request begins with; the request itself follows, since nobody here keeps anything.
pub(super) const PUSHED: &str = "urn:ietf:params:oauth:request_uri:";

struct Shared {
    origin: String,
    visits: Arc<Mutex<HashMap<String, Visits>>>,
    table: HashMap<&'static str, Misbehaviour>,
}

fn by_name() -> HashMap<&'static str, Misbehaviour> {
    misbehaviours().into_iter().map(|misbehaviour| (misbehaviour.name, misbehaviour)).collect()
}

impl Shared {
    async fn serve(&self, mut stream: TcpStream) {
        let Ok(Some(request)) = read(&mut stream).await else { return };
        let (name, place) = place(&request.target);
        let before = self.count(&name, &place);
        let answer = self.answer(&name, &place, before, &request);
        let mut this = 0;
        let written = |bytes| {
            this += bytes;
            self.visit(&name, |visits| {
                visits.written += bytes;
                visits.largest = visits.largest.max(this);
            });
        };
        // Who closes the connection under an answer has had enough of it.
        let _ = answer.write(&mut stream, written).await;
    }

    fn answer(&self, name: &str, place: &str, before: usize, request: &Request) -> Answer {
        let Some(misbehaviour) = self.table.get(name) else { return Answer::status(404) };
        let Some((place, _)) = Place::ALL.into_iter().find(|(_, known)| *known == place) else {
            return Answer::status(404);
        };
        let query = Url::parse(&self.origin).and_then(|origin| origin.join(&request.target));
        let query = query.map(|url| url.query_pairs().into_owned().collect()).unwrap_or_default();
        let asked = Asked {
            method: request.head.split(' ').next().unwrap_or_default().to_owned(),
            origin: self.origin.clone(),
            base: format!("{}/{name}", self.origin),
            before,
            query,
            authorization: request.header("authorization"),
            body: request.body.clone(),
        };
        let answer = honest::answer(name, place, &asked);
        if misbehaviour.place == place { (misbehaviour.act)(&asked, answer) } else { answer }
    }

    fn count(&self, name: &str, place: &str) -> usize {
        let mut before = 0;
        self.visit(name, |visits| {
            let count = visits.asked.entry(place.to_owned()).or_default();
            before = *count;
            *count += 1;
        });
        before
    }

    fn visit(&self, name: &str, change: impl FnOnce(&mut Visits)) {
        let mut visits = self.visits.lock().unwrap_or_else(PoisonError::into_inner);
        change(visits.entry(name.to_owned()).or_default());
    }
}

/// `/.well-known/oauth-authorization-server/NAME` is the metadata of a path, `/NAME/PLACE` everything else of it.
fn place(target: &str) -> (String, String) {
    let path = target.split('?').next().unwrap_or_default();
    if let Some(name) = path.strip_prefix("/.well-known/oauth-authorization-server/") {
        return (name.to_owned(), "metadata".to_owned());
    }
    let mut parts = path.trim_start_matches('/').splitn(2, '/');
    (parts.next().unwrap_or_default().to_owned(), parts.next().unwrap_or_default().to_owned())
}

struct Request {
    target: String,
    head: String,
    body: Vec<u8>,
}

impl Request {
    fn header(&self, name: &str) -> Option<String> {
        self.head.lines().skip(1).find_map(|line| {
            let (known, value) = line.split_once(':')?;
            known.eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
        })
    }

    fn length(&self) -> usize {
        self.header("content-length").and_then(|length| length.parse().ok()).unwrap_or_default()
    }
}

/// One request; our own clients send lengths, no chunks.
async fn read(stream: &mut TcpStream) -> io::Result<Option<Request>> {
    let mut bytes = Vec::new();
    loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
            let target = head.split(' ').nth(1).unwrap_or_default().to_owned();
            let mut request = Request { target, head, body: bytes[end + 4..].to_vec() };
            let missing = request.length().saturating_sub(request.body.len());
            let mut rest = vec![0; missing];
            stream.read_exact(&mut rest).await?;
            request.body.extend(rest);
            return Ok(Some(request));
        }
        if stream.read_buf(&mut bytes).await? == 0 {
            return Ok(None);
        }
    }
}

/// The parameters of a form.
pub(super) fn form(body: &[u8]) -> Vec<(String, String)> {
    form_urlencoded::parse(body).into_owned().collect()
}
