//! What the browser shows.

use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use url::Url;

use super::csp::FormAction;
use super::html::{self, Form};

/// One answer that redirected the browser.
#[derive(Debug, Clone)]
pub struct Hop {
    /// What was asked for.
    pub url: Url,
    /// The answer's status.
    pub status: StatusCode,
    /// The answer's headers.
    pub headers: HeaderMap,
}

/// Where a visit ended.
#[derive(Debug, Clone)]
pub struct Page {
    /// The address in the address bar. When the browser [stopped](super::Browser::stop_at), the one that it did not open.
    pub url: Url,
    /// True when `url` was not opened; status, headers and body are then those of the redirect.
    pub stopped: bool,
    /// The last answer's status.
    pub status: StatusCode,
    /// The last answer's headers.
    pub headers: HeaderMap,
    /// The last answer's body.
    pub body: Bytes,
    /// The redirects on the way, in order.
    pub history: Vec<Hop>,
}

impl Page {
    /// The body as text.
    pub fn html(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// What a person reads.
    pub fn text(&self) -> String {
        html::text(&self.html())
    }

    /// The forms in their order.
    pub fn forms(&self) -> Vec<Form> {
        html::forms(&self.url, &self.html())
    }

    /// The values of a parameter in the address.
    pub fn queries(&self, name: &str) -> Vec<String> {
        self.url.query_pairs().filter(|(key, _)| key == name).map(|(_, value)| value.into_owned()).collect()
    }

    /// The value of a parameter in the address, when it is there once.
    pub fn query(&self, name: &str) -> Option<String> {
        let mut values = self.queries(name);
        (values.len() == 1).then(|| values.pop()).flatten()
    }

    /// A header's value as text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The body as JSON.
    ///
    /// # Errors
    /// When it is not JSON.
    pub fn json(&self) -> serde_json::Result<serde_json::Value> {
        serde_json::from_slice(&self.body)
    }

    pub(super) fn form_action(&self) -> Option<FormAction> {
        FormAction::of(&self.url, &self.headers)
    }
}
