//! What both HTTP transports share: requests with their headers, failures, and messages that nobody waits for.
use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use futures_util::{StreamExt as _, stream::FuturesUnordered};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, Uri, header};
use http_body_util::Full;
use percent_encoding::percent_decode_str;
use tokio::sync::mpsc;
use url::Url;

use crate::{
    BoxError, CallError, ConnectError, HttpService, Limits, ProtocolVersion,
    error::Failure,
    http_client::{Body, collect, excerpt},
    message::{self, Message},
    shared::failure,
};

pub(super) const PROTOCOL_VERSION: HeaderName = HeaderName::from_static("mcp-protocol-version");
pub(super) const SESSION_ID: HeaderName = HeaderName::from_static("mcp-session-id");
pub(super) const METHOD: HeaderName = HeaderName::from_static("mcp-method");
pub(super) const NAME: HeaderName = HeaderName::from_static("mcp-name");
/// How the headers begin that repeat arguments of a call.
const PARAMETER: &str = "mcp-param-";
pub(super) const EVENT_STREAM: &str = "text/event-stream";

/// The address as the HTTP client takes it: without user and password, which [`credentials`] takes.
pub(super) fn uri(url: &Url) -> Result<Uri, ConnectError> {
    let mut url = url.clone();
    // Impossible only for URLs without a host, which have none either.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.as_str()
        .parse()
        .map_err(|error: http::uri::InvalidUri| ConnectError::Transport { source: error.into() })
}

/// The user and password of a URL as what they are meant to be (RFC 7617), unless another header says who asks.
pub(super) fn credentials(url: &Url, headers: &mut HeaderMap) {
    let decoded = |text| percent_decode_str(text).decode_utf8_lossy();
    let password = url.password().unwrap_or_default();
    if (url.username().is_empty() && password.is_empty()) || headers.contains_key(header::AUTHORIZATION) {
        return;
    }
    let pair = format!("{}:{}", decoded(url.username()), decoded(password));
    if let Ok(mut value) = HeaderValue::try_from(format!("Basic {}", STANDARD.encode(pair))) {
        value.set_sensitive(true);
        headers.insert(header::AUTHORIZATION, value);
    }
}

/// A transport without what may be secret: the names of its headers, the URL without user, query and fragment.
pub(super) fn debug(
    f: &mut std::fmt::Formatter<'_>,
    transport: &str,
    url: &Url,
    headers: &HeaderMap,
) -> std::fmt::Result {
    let place = format!("{}{}", url.origin().ascii_serialization(), url.path());
    let names: Vec<&HeaderName> = headers.keys().collect();
    f.debug_struct(transport).field("url", &place).field("headers", &names).finish_non_exhaustive()
}

/// The headers of every POST.
pub(super) fn post_headers(fixed: &HeaderMap) -> HeaderMap {
    let mut headers = fixed.clone();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::ACCEPT, HeaderValue::from_static("application/json, text/event-stream"));
    headers
}

/// Adds what the negotiated revision demands of every later request.
pub(super) fn demand(headers: &mut HeaderMap, version: ProtocolVersion) {
    if version.demands_header() {
        headers.insert(PROTOCOL_VERSION, HeaderValue::from_static(version.as_str()));
    }
}

/// A request with a call's own headers, which replace fixed ones but not those that the protocol speaks with.
pub(super) fn request(
    method: Method,
    uri: &Uri,
    mut headers: HeaderMap,
    own: HeaderMap,
    body: Vec<u8>,
) -> Request<Full<Bytes>> {
    let mut replacing = None;
    for (name, value) in own {
        // A name comes once, then only its further values (`HeaderMap::into_iter`).
        let first = name.is_some();
        replacing = name.or(replacing);
        match &replacing {
            Some(name) if is_reserved(name) => {}
            Some(name) if first => drop(headers.insert(name, value)),
            Some(name) => drop(headers.append(name, value)),
            None => {}
        }
    }
    let mut request = Request::new(Full::new(Bytes::from(body)));
    *request.method_mut() = method;
    *request.uri_mut() = uri.clone();
    *request.headers_mut() = headers;
    request
}

pub(super) fn is_event_stream(response: &Response<Body>) -> bool {
    let kind = response.headers().get(header::CONTENT_TYPE).map(HeaderValue::as_bytes).unwrap_or_default();
    kind.get(..EVENT_STREAM.len()).is_some_and(|kind| kind.eq_ignore_ascii_case(EVENT_STREAM.as_bytes()))
}

/// What an HTTP status other than success means for the call `id`. Some servers put their JSON-RPC error under it.
pub(super) async fn refusal(response: Response<Body>, id: Option<u64>, limits: &Limits) -> CallError {
    let status = response.status();
    let (body, excerpt) = excerpt(response.into_body(), limits.excerpt_bytes, limits.drain_deadline).await;
    match message::parse(&body) {
        // A stateless server that cannot read a request does not know its id.
        Some(Message::Error { id: own, error: error @ Some(_) }) if own.is_none() || own == id => {
            match failure(error) {
                Failure::Server(error) if own.is_some() || error.is_modern() => CallError::Server(error),
                _ => CallError::Http { status, body: excerpt },
            }
        }
        _ => CallError::Http { status, body: excerpt },
    }
}

/// POSTs messages that nobody waits for, a few at a time, until no more can come.
pub(super) async fn post_all(
    mut queue: mpsc::Receiver<Vec<u8>>,
    http: &HttpService,
    patience: Duration,
    request: impl Fn(Vec<u8>) -> Option<Request<Full<Bytes>>>,
) {
    let mut posting = FuturesUnordered::new();
    loop {
        tokio::select! {
            message = queue.recv(), if posting.len() < AT_ONCE => match message {
                Some(message) => {
                    if let Some(request) = request(message) {
                        posting.push(tokio::time::timeout(patience, post(http.clone(), request)));
                    }
                }
                None => return,
            },
            Some(posted) = posting.next() => match posted {
                Ok(Ok(status)) if status.is_success() => {}
                Ok(Ok(status)) => tracing::debug!(%status, "the server did not take a message"),
                Ok(Err(error)) => tracing::debug!(error, "a message could not be posted"),
                Err(_elapsed) => tracing::debug!("the server did not take a message in time"),
            },
        }
    }
}

/// POSTs one message.
async fn post(http: HttpService, request: Request<Full<Bytes>>) -> Result<StatusCode, BoxError> {
    let response = http.call(request).await?;
    let status = response.status();
    discard(response, DISCARD_PATIENCE).await;
    Ok(status)
}

/// Reads an answer that says nothing to its end, so that the connection can be used again. A stream that a server opens
/// in answer to what is no request is not waited for.
pub(super) async fn discard(response: Response<Body>, patience: Duration) {
    if !is_event_stream(&response) {
        let _ = tokio::time::timeout(patience, collect(response.into_body(), MOST_IGNORED)).await;
    }
}

fn is_reserved(name: &HeaderName) -> bool {
    name.as_str().starts_with(PARAMETER)
        || [
            header::CONTENT_TYPE,
            header::ACCEPT,
            header::CONTENT_LENGTH,
            header::HOST,
            PROTOCOL_VERSION,
            SESSION_ID,
            METHOD,
            NAME,
        ]
        .contains(name)
}

const DISCARD_PATIENCE: Duration = Duration::from_secs(1);
const AT_ONCE: usize = 8;
const MOST_IGNORED: usize = 64 << 10;
