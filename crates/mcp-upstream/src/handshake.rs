//! How a session begins: with `server/discover` where the server is of a stateless revision, with `initialize` where it
//! is older, and with both where it does not say which.
//!
//! A server is asked `server/discover` first (2026-07-28, basic/versioning, "Backward Compatibility"). An old one
//! answers with an error of its own choice, or not at all; one that merely starts slowly does not answer either. So
//! silence decides nothing: after a while `initialize` is sent as well, and whatever the server then answers counts.
use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use tokio::time::timeout;

use crate::{
    CallError, ConnectError, Excerpt, ProtocolVersion, RpcError, ServerDescription, SessionOptions,
    calls::Listener,
    message::{self, Params, Request},
    shared::Shared,
    transport::Outgoing,
};

/// How to begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Opening {
    /// Find out.
    Probe,
    /// `initialize`, offering this revision.
    Initialize(ProtocolVersion),
    /// Stateless.
    Stateless,
}

impl Opening {
    /// What the caller chose, or what the transport allows: the HTTP+SSE transport is of the first revision alone.
    pub(crate) fn chosen(options: &SessionOptions, may_be_stateless: bool) -> Self {
        match options.revision {
            Some(version) if version.is_stateless() && may_be_stateless => Self::Stateless,
            Some(version) if !version.is_stateless() => Self::Initialize(version),
            _ if may_be_stateless => Self::Probe,
            _ => Self::Initialize(ProtocolVersion::LATEST_LEGACY),
        }
    }
}

/// Agrees on a revision with the server.
pub(crate) async fn open(
    shared: &Shared,
    options: &SessionOptions,
    opening: Opening,
) -> Result<ServerDescription, ConnectError> {
    let _ = shared.request_meta.set(request_meta(options));
    let server = match opening {
        Opening::Initialize(offered) => initialize(shared, options, offered).await?,
        Opening::Stateless => match conclude(discover(shared).await) {
            Found::Stateless { server, .. } => server,
            // It does not know the one method that says nothing, which is no reason not to try the others.
            Found::Older {
                error: CallError::Server(RpcError { code: RpcError::METHOD_NOT_FOUND, .. }),
                ..
            } => ServerDescription::unknown(ProtocolVersion::V2026_07_28),
            Found::Older { error, .. } | Found::Failed(error) => return Err(failed(shared, error)),
            Found::Other { named } => return Err(unsupported(ProtocolVersion::V2026_07_28, &named)),
        },
        Opening::Probe => probe(shared, options).await?,
    };
    let _ = shared.version.set(server.protocol_version);
    if server.protocol_version.is_stateless() {
        shared.wire.stateless();
    } else {
        let settled = shared.wire.negotiated(shared, server.protocol_version, message::initialized()).await;
        settled.map_err(|error| failed(shared, error))?;
    }
    Ok(server)
}

/// What the answer to `server/discover` says about the server.
enum Found {
    /// It is of a stateless revision. `bilingual`: and of an older one as well.
    Stateless { server: ServerDescription, bilingual: bool },
    /// It is of an older revision; the newest that it named, if it named any.
    Older { offer: ProtocolVersion, error: CallError },
    /// It is of a revision that we do not know.
    Other { named: Vec<String> },
    /// Nothing: the request failed.
    Failed(CallError),
}

async fn probe(shared: &Shared, options: &SessionOptions) -> Result<ServerDescription, ConnectError> {
    let mut discovering = std::pin::pin!(discover(shared));
    let patience = shared.limits.discover_patience;
    let found = match timeout(patience, &mut discovering).await {
        Ok(answer) => conclude(answer),
        Err(_elapsed) => return both(shared, options, discovering).await,
    };
    match found {
        Found::Stateless { server, .. } => Ok(server),
        Found::Older { offer, .. } => initialize(shared, options, offer).await,
        Found::Other { named } => Err(unsupported(ProtocolVersion::V2026_07_28, &named)),
        Found::Failed(error) => Err(failed(shared, error)),
    }
}

/// The server is silent: it is slow, or old and ignores what it does not know.
async fn both(
    shared: &Shared,
    options: &SessionOptions,
    discovering: impl Future<Output = Result<Answer, CallError>>,
) -> Result<ServerDescription, ConnectError> {
    let mut discovering = std::pin::pin!(discovering);
    let mut initializing = std::pin::pin!(initialize(shared, options, ProtocolVersion::LATEST_LEGACY));
    tokio::select! {
        biased;
        initialized = &mut initializing => {
            let Err(error) = initialized else { return initialized };
            // A stateless server refuses `initialize`, and may be faster with that than with the other.
            let patience = shared.limits.discover_patience;
            match timeout(patience, discovering).await.map(conclude) {
                Ok(Found::Stateless { server, .. }) => Ok(server),
                _ => Err(error),
            }
        }
        answer = &mut discovering => match conclude(answer) {
            Found::Stateless { server, bilingual: false } => Ok(server),
            // It got `initialize` as well by now, which "selects legacy semantics".
            Found::Stateless { server, bilingual: true } => Ok(initializing.await.unwrap_or(server)),
            Found::Failed(error) => Err(failed(shared, error)),
            Found::Older { .. } | Found::Other { .. } => initializing.await,
        },
    }
}

/// The text of the result of `server/discover`.
type Answer = bytes::Bytes;

async fn discover(shared: &Shared) -> Result<Answer, CallError> {
    let ask = || {
        let request = Request { method: "server/discover", params: Params::None };
        shared.wire.request(shared, Outgoing::new(request, true), Listener::default())
    };
    match ask().await {
        // It refuses the revision that it names itself, as one of several behind one address may do while they are
        // replaced. "The client SHOULD select a mutually supported version from the `supported` list and retry the
        // request" (basic/versioning, "Protocol Version Negotiation"), once.
        Err(CallError::Server(rpc)) if supports_ours(&rpc) => ask().await,
        answer => answer,
    }
}

fn supports_ours(error: &RpcError) -> bool {
    let ours = ProtocolVersion::V2026_07_28.as_str();
    error.code == RpcError::UNSUPPORTED_PROTOCOL_VERSION && named_in(error).iter().any(|named| named == ours)
}

fn conclude(answer: Result<Answer, CallError>) -> Found {
    let error = match answer {
        Ok(result) => match ServerDescription::discovered(&result, ProtocolVersion::V2026_07_28) {
            Some((server, named)) => return of_named(Some(server), named, None),
            // Some old servers answer anything with an empty result.
            None => CallError::NotMcp { body: Excerpt::of(&result, EXCERPT) },
        },
        Err(error) => error,
    };
    match &error {
        CallError::Server(rpc) if rpc.code == RpcError::UNSUPPORTED_PROTOCOL_VERSION => {
            of_named(None, named_in(rpc), Some(error))
        }
        CallError::Server(rpc) if rpc.is_modern() => Found::Failed(error),
        // A refusal to let us in, or the word of somebody before the server.
        CallError::Http { status, .. } if !says_nothing(status.as_u16()) => Found::Failed(error),
        CallError::Server(_)
        | CallError::Http { .. }
        | CallError::NotMcp { .. }
        | CallError::Truncated
        | CallError::Malformed { .. } => Found::Older { offer: ProtocolVersion::LATEST_LEGACY, error },
        _ => Found::Failed(error),
    }
}

/// The best of the revisions that a server named.
fn of_named(server: Option<ServerDescription>, named: Vec<String>, error: Option<CallError>) -> Found {
    let known: Vec<ProtocolVersion> = named.iter().filter_map(|name| name.parse().ok()).collect();
    let legacy = known.iter().copied().filter(|version| !version.is_stateless()).max();
    match (server, legacy) {
        (Some(server), _) if known.contains(&ProtocolVersion::V2026_07_28) => {
            Found::Stateless { server, bilingual: legacy.is_some() }
        }
        (_, Some(offer)) => Found::Older { offer, error: error.unwrap_or(CallError::Truncated) },
        _ => Found::Other { named },
    }
}

/// `data.supported` of an `UnsupportedProtocolVersionError`.
fn named_in(error: &RpcError) -> Vec<String> {
    #[derive(serde::Deserialize)]
    struct Data {
        supported: Vec<String>,
    }
    let data = error.data.as_ref().and_then(|data| serde_json::from_str::<Data>(data.get()).ok());
    data.map(|data| data.supported).unwrap_or_default()
}

/// Whether a status may be what an old server makes of a method that it does not know.
fn says_nothing(status: u16) -> bool {
    !matches!(status, 401 | 403 | 407 | 408 | 429 | 502..=504)
}

fn unsupported(offered: ProtocolVersion, named: &[String]) -> ConnectError {
    let answered = Excerpt::of(named.join(", ").as_bytes(), EXCERPT);
    ConnectError::UnsupportedVersion { offered, answered }
}

/// The handshake of the revisions with sessions (2025-11-25, basic/lifecycle, "Initialization").
async fn initialize(
    shared: &Shared,
    options: &SessionOptions,
    offered: ProtocolVersion,
) -> Result<ServerDescription, ConnectError> {
    let capabilities = capabilities(options);
    let params = InitializeParams {
        protocol_version: offered.as_str(),
        capabilities: &capabilities,
        client_info: ClientInfo::of(options),
    };
    let mut members = Vec::new();
    message::json(&mut members, &params);
    let members = members.strip_prefix(b"{").and_then(|rest| rest.strip_suffix(b"}")).unwrap_or_default();
    let request = Request { method: "initialize", params: Params::Members(members) };
    let result = shared.wire.request(shared, Outgoing::new(request, false), Listener::default()).await;
    ServerDescription::initialized(&result.map_err(|error| failed(shared, error))?, offered)
}

/// What every request of a stateless revision bears (2026-07-28, basic, "Per-request protocol fields").
fn request_meta(options: &SessionOptions) -> Vec<u8> {
    let mut out = br#""io.modelcontextprotocol/protocolVersion":"#.to_vec();
    message::json(&mut out, ProtocolVersion::V2026_07_28.as_str());
    out.extend_from_slice(br#","io.modelcontextprotocol/clientInfo":"#);
    message::json(&mut out, &ClientInfo::of(options));
    out.extend_from_slice(br#","io.modelcontextprotocol/clientCapabilities":"#);
    message::json(&mut out, &capabilities(options));
    out
}

fn capabilities(options: &SessionOptions) -> Box<RawValue> {
    let declared = options.requests.as_ref().map(|requests| requests.capabilities());
    let declared = declared.unwrap_or_else(|| RawValue::from_string("{}".to_owned()).unwrap_or_default());
    if options.extensions.is_empty() { declared } else { with_extensions(declared, &options.extensions) }
}

/// Beside what is declared already. What is no object stays as it is: it is the program's to mend.
fn with_extensions(declared: Box<RawValue>, extensions: &[String]) -> Box<RawValue> {
    let Ok(mut capabilities) = serde_json::from_str::<Map<String, Value>>(declared.get()) else {
        return declared;
    };
    let all = capabilities.entry("extensions").or_insert_with(|| Value::Object(Map::new()));
    if let Value::Object(all) = all {
        for extension in extensions {
            all.entry(extension).or_insert_with(|| Value::Object(Map::new()));
        }
    }
    serde_json::value::to_raw_value(&capabilities).unwrap_or(declared)
}

pub(crate) fn failed(shared: &Shared, error: CallError) -> ConnectError {
    ConnectError::from_call(error, shared.counting.first_stray(), shared.wire.stderr())
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct InitializeParams<'a> {
    protocol_version: &'static str,
    capabilities: &'a RawValue,
    client_info: ClientInfo<'a>,
}

#[derive(Serialize)]
struct ClientInfo<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<&'a str>,
    version: &'a str,
}

impl<'a> ClientInfo<'a> {
    fn of(options: &'a SessionOptions) -> Self {
        Self {
            name: &options.client_name,
            title: options.client_title.as_deref(),
            version: &options.client_version,
        }
    }
}

/// What is quoted of a server's revisions.
const EXCERPT: usize = 256;
