//! A plain HTTP client for one address.

use http_body_util::{BodyExt as _, Full};
use hyper::body::Bytes;
use hyper_util::client::legacy::Client as Pool;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;

use super::PATIENCE;

/// Asks one server. Every request has a deadline.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    base: String,
    headers: Vec<(String, String)>,
    pool: Pool<HttpConnector, Full<Bytes>>,
}

impl Client {
    /// A client for `http://HOST:PORT`.
    pub(crate) fn new(base: impl Into<String>) -> Self {
        Self {
            base: base.into(),
            headers: Vec::new(),
            pool: Pool::builder(TokioExecutor::new()).build_http(),
        }
    }

    /// The address it asks.
    pub(crate) fn base(&self) -> &str {
        &self.base
    }

    /// The same client with one more header in every request.
    pub(crate) fn with_header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// `GET path`.
    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.send("GET", path, Bytes::new()).await.expect("GET")
    }

    /// `POST path` with a JSON body.
    pub(crate) async fn post(&self, path: &str, body: &Value) -> Reply {
        self.send("POST", path, body.to_string().into()).await.expect("POST")
    }

    /// Any request; an error when no answer came.
    pub(crate) async fn send(
        &self,
        method: &str,
        path: &str,
        body: Bytes,
    ) -> Result<Reply, hyper_util::client::legacy::Error> {
        let mut request = http::Request::builder().method(method).uri(format!("{}{path}", self.base));
        if !body.is_empty() {
            request = request.header("content-type", "application/json");
        }
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        let request = request.body(Full::new(body)).expect("a legal request");
        let work = async {
            let (parts, body) = self.pool.request(request).await?.into_parts();
            let body = body.collect().await.expect("the whole body").to_bytes();
            Ok(Reply { status: parts.status.as_u16(), headers: parts.headers, body })
        };
        tokio::time::timeout(PATIENCE, work).await.unwrap_or_else(|_| panic!("no answer to {method} {path}"))
    }
}

/// A whole answer.
#[derive(Debug)]
pub(crate) struct Reply {
    /// The status code.
    pub(crate) status: u16,
    /// The headers.
    pub(crate) headers: http::HeaderMap,
    /// The body.
    pub(crate) body: Bytes,
}

impl Reply {
    /// The body as text.
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error} in {}", self.text()))
    }

    /// One header, or nothing.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}
