//! What holds for every request, whatever client sends it: time limits, schemes, redirects checked hop by hop.

use std::sync::Arc;

use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE, LOCATION, USER_AGENT};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, Uri};
use mcp_oauth_core::{EndpointUrl, InvalidUrl, PlainHttp};
use url::Url;

use super::{AddressPolicy, ConnectionRules, HttpClient, HttpError};
use crate::{Limits, Policy};

const PROTOCOL_VERSION: HeaderName = HeaderName::from_static("mcp-protocol-version");
const AGENT: HeaderValue = HeaderValue::from_static(concat!("mcp-oauth-client/", env!("CARGO_PKG_VERSION")));
const JSON: HeaderValue = HeaderValue::from_static("application/json");
const JSON_OR_EVENTS: HeaderValue = HeaderValue::from_static("application/json, text/event-stream");
const FORM: HeaderValue = HeaderValue::from_static("application/x-www-form-urlencoded");

/// Sends requests within the policy of one MCP server.
#[derive(Clone)]
pub(crate) struct Fetcher {
    client: Arc<dyn HttpClient>,
    addresses: AddressPolicy,
    plain_http: PlainHttp,
    protocol_version: Option<HeaderValue>,
    limits: Limits,
}

impl Fetcher {
    /// Addresses are judged by the policy, or by where the MCP server itself is.
    pub(crate) fn new(client: Arc<dyn HttpClient>, policy: &Policy, server: &EndpointUrl) -> Self {
        let by_server = if server.is_loopback() { AddressPolicy::Loopback } else { AddressPolicy::Public };
        Self {
            client,
            addresses: policy.addresses.unwrap_or(by_server),
            plain_http: policy.plain_http,
            protocol_version: HeaderValue::from_str(&policy.protocol_version).ok(),
            limits: policy.limits,
        }
    }

    /// What sends the requests.
    pub(crate) fn client(&self) -> Arc<dyn HttpClient> {
        Arc::clone(&self.client)
    }

    /// Parses the address of an endpoint within the policy. A server elsewhere has no business naming addresses of this
    /// machine: a browser sent there would carry its orders to programs that trust whoever is local.
    pub(crate) fn endpoint(&self, text: &str) -> Result<EndpointUrl, InvalidUrl> {
        let endpoint = EndpointUrl::parse_with(text, self.plain_http)?;
        let allowed = !endpoint.is_loopback() || self.addresses >= AddressPolicy::Loopback;
        if allowed { Ok(endpoint) } else { Err(InvalidUrl::Loopback) }
    }

    /// Fetches a document. Redirects are followed within limits, each to an address that could have been asked for in
    /// the first place and never from https to http.
    pub(crate) async fn get(&self, url: &EndpointUrl) -> Result<Response<Bytes>, HttpError> {
        let mut url = url.clone();
        for _ in 0..=self.limits.metadata_redirects {
            let mut headers = HeaderMap::new();
            headers.insert(ACCEPT, JSON);
            if let Some(version) = &self.protocol_version {
                headers.insert(PROTOCOL_VERSION, version.clone());
            }
            let answer =
                self.send(Method::GET, &url, headers, Bytes::new(), self.limits.metadata_bytes).await?;
            let location = match answer.status().as_u16() {
                301 | 302 | 303 | 307 | 308 => answer.headers().get(LOCATION),
                _ => None,
            };
            match location {
                Some(location) => url = self.next_hop(&url, location)?,
                None => return Ok(answer),
            }
        }
        Err(HttpError::TooManyRedirects { host: host(url.url()), limit: self.limits.metadata_redirects })
    }

    /// Asks an MCP server for a sign of life, which costs it nothing and changes nothing, without a token: for its 401.
    pub(crate) async fn ping(&self, server: &EndpointUrl) -> Result<Response<Bytes>, HttpError> {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, JSON);
        headers.insert(ACCEPT, JSON_OR_EVENTS);
        if let Some(version) = &self.protocol_version {
            headers.insert(PROTOCOL_VERSION, version.clone());
        }
        let body = Bytes::from_static(br#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#);
        self.send(Method::POST, server, headers, body, self.limits.answer_bytes).await
    }

    /// Posts a JSON body. A redirect is an answer like any other: it is not followed.
    pub(crate) async fn post_json(
        &self,
        url: &EndpointUrl,
        body: Vec<u8>,
    ) -> Result<Response<Bytes>, HttpError> {
        self.json(Method::POST, url, HeaderMap::new(), Some(body)).await
    }

    /// Sends a JSON body, or none, with extra headers. No redirect is followed: the headers may hold secrets.
    pub(crate) async fn json(
        &self,
        method: Method,
        url: &EndpointUrl,
        mut headers: HeaderMap,
        body: Option<Vec<u8>>,
    ) -> Result<Response<Bytes>, HttpError> {
        if body.is_some() {
            headers.insert(CONTENT_TYPE, JSON);
        }
        headers.insert(ACCEPT, JSON);
        self.send(method, url, headers, body.unwrap_or_default().into(), self.limits.answer_bytes).await
    }

    /// Posts a form with extra headers. A redirect is not followed: the form holds secrets (C12.5).
    pub(crate) async fn post_form(
        &self,
        url: &EndpointUrl,
        mut headers: HeaderMap,
        form: String,
    ) -> Result<Response<Bytes>, HttpError> {
        headers.insert(CONTENT_TYPE, FORM);
        headers.insert(ACCEPT, JSON);
        self.send(Method::POST, url, headers, form.into(), self.limits.answer_bytes).await
    }

    async fn send(
        &self,
        method: Method,
        url: &EndpointUrl,
        mut headers: HeaderMap,
        body: Bytes,
        body_bytes: usize,
    ) -> Result<Response<Bytes>, HttpError> {
        let host = host(url.url());
        let uri: Uri = match url.url().as_str().parse() {
            Ok(uri) => uri,
            Err(error) => return Err(HttpError::Connect { host, source: http::Error::from(error).into() }),
        };
        headers.insert(USER_AGENT, AGENT);
        tracing::debug!(%method, %url, "sending");
        let mut request = Request::new(body);
        *request.method_mut() = method;
        *request.uri_mut() = uri;
        *request.headers_mut() = headers;
        let rules = ConnectionRules { addresses: self.addresses, body_bytes };
        let limit = self.limits.request_time;
        match tokio::time::timeout(limit, self.client.send(request, rules)).await {
            Ok(answer) => {
                answer.inspect(|answer| tracing::debug!(%url, status = %answer.status(), "answered"))
            }
            Err(_) => Err(HttpError::TimedOut { host, limit }),
        }
    }

    fn next_hop(&self, from: &EndpointUrl, location: &HeaderValue) -> Result<EndpointUrl, HttpError> {
        let refused = |source| HttpError::RedirectRefused { host: host(from.url()), source };
        let target = std::str::from_utf8(location.as_bytes())
            .map_err(|_| refused(InvalidUrl::Syntax(url::ParseError::InvalidDomainCharacter)))?;
        let mut target = from.url().join(target).map_err(|error| refused(error.into()))?;
        target.set_fragment(None);
        let next = self.endpoint(target.as_str()).map_err(refused)?;
        if from.url().scheme() == "https" && next.url().scheme() != "https" {
            return Err(refused(InvalidUrl::PlainHttp));
        }
        Ok(next)
    }
}

/// The host as it is told to a person: with its port, which tells the programs of one machine apart.
fn host(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}
