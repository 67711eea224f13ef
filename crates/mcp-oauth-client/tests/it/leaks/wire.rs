//! What passes between the client and its authorization servers, and what of it is secret.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::{HeaderMap, Request, Response};
use mcp_oauth_client::{ConnectionRules, HttpClient, HttpError, HyperClient};
use serde_json::Value;
use url::form_urlencoded;

/// Parameters and members whose values are nobody's business.
const SECRET: [&str; 17] = [
    "access_token",
    "actor_token",
    "assertion",
    "client_assertion",
    "client_secret",
    "code",
    "code_verifier",
    "device_code",
    "id_token",
    "password",
    "refresh_token",
    "registration_access_token",
    "request",
    "request_uri",
    "state",
    "subject_token",
    "token",
];
/// Shorter values are words, which may well stand in a log.
const SHORTEST: usize = 8;

/// Sends what the client sends, and keeps every secret that passes, with the name it passed by.
#[derive(Clone, Default)]
pub(super) struct Wire {
    client: Arc<HyperClient>,
    secrets: Arc<Mutex<BTreeSet<(String, String)>>>,
}

impl Wire {
    pub(super) fn over(client: HyperClient) -> Self {
        Self { client: Arc::new(client), secrets: Arc::default() }
    }

    pub(super) fn secrets(&self) -> Vec<(String, String)> {
        self.secrets.lock().unwrap().iter().cloned().collect()
    }

    /// One that does not pass here.
    pub(super) fn add(&self, kind: &str, secret: &str) {
        if secret.len() >= SHORTEST {
            self.secrets.lock().unwrap().insert((kind.to_owned(), secret.to_owned()));
        }
    }

    fn parameters(&self, text: &[u8]) {
        for (name, value) in form_urlencoded::parse(text) {
            if SECRET.contains(&&*name) {
                self.add(&name, &value);
            }
        }
    }

    fn json(&self, value: &Value) {
        match value {
            Value::Object(members) => {
                for (name, value) in members {
                    match value.as_str().filter(|_| SECRET.contains(&name.as_str())) {
                        Some(secret) => self.add(name, secret),
                        None => self.json(value),
                    }
                }
            }
            Value::Array(list) => list.iter().for_each(|value| self.json(value)),
            _ => {}
        }
    }

    fn headers(&self, headers: &HeaderMap) {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        self.add("DPoP proof", text("dpop"));
        let Some((scheme, credentials)) = text("authorization").split_once(' ') else { return };
        self.add(scheme, credentials);
        let pair = STANDARD.decode(credentials).ok().and_then(|bytes| String::from_utf8(bytes).ok());
        if let Some((_, secret)) = pair.as_deref().and_then(|pair| pair.split_once(':')) {
            self.parameters(format!("client_secret={secret}").as_bytes());
        }
    }
}

impl HttpClient for Wire {
    fn send(
        &self,
        request: Request<Bytes>,
        rules: ConnectionRules,
    ) -> BoxFuture<'_, Result<Response<Bytes>, HttpError>> {
        self.headers(request.headers());
        self.parameters(request.uri().query().unwrap_or_default().as_bytes());
        match serde_json::from_slice(request.body()) {
            Ok(json) => self.json(&json),
            Err(_) => self.parameters(request.body()),
        }
        Box::pin(async move {
            let answer = self.client.send(request, rules).await?;
            if let Ok(json) = serde_json::from_slice(answer.body()) {
                self.json(&json);
            }
            Ok(answer)
        })
    }
}
