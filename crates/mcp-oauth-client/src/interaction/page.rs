//! The pages that a browser sees after a login: self-contained, escaped, never stored.

use askama::Template;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderValue, Response, StatusCode};
use http_body_util::Full;
use sha2::{Digest as _, Sha256};
use url::Url;

use crate::{CallbackError, Error, Grant};

/// The login succeeded.
pub(super) fn success(grant: &Grant, return_to: Option<&Url>) -> Response<Full<Bytes>> {
    let resource = grant.resource().as_str();
    let scopes: Vec<_> = grant.scopes().iter().map(ToString::to_string).collect();
    Page {
        style: STYLE,
        kind: "ok",
        title: "You are logged in",
        message: "You can close this window.",
        resource,
        detail: None,
        scopes,
        return_to: followable(return_to),
    }
    .respond(StatusCode::OK)
}

/// The login failed. Of a peer's words only those are shown that came from where they had to come from.
pub(super) fn failure(error: &Error, return_to: Option<&Url>) -> Response<Full<Bytes>> {
    let detail = match error {
        Error::Callback(CallbackError::Refused(refusal)) => refusal.to_string(),
        other => other.to_string(),
    };
    Page {
        style: STYLE,
        kind: "bad",
        title: "The login failed",
        message: "You can close this window and try again.",
        resource: "",
        detail: Some(detail),
        scopes: Vec::new(),
        return_to: followable(return_to),
    }
    .respond(StatusCode::BAD_REQUEST)
}

/// Nobody waits for this login any more.
pub(super) fn cancelled() -> Response<Full<Bytes>> {
    plain(StatusCode::GONE, "The login has ended", "Nobody waits for this answer any more.")
}

/// Whatever else is asked for.
pub(super) fn not_found() -> Response<Full<Bytes>> {
    plain(StatusCode::NOT_FOUND, "Not found", "There is nothing here but the answer to a login.")
}

fn plain(status: StatusCode, title: &str, message: &str) -> Response<Full<Bytes>> {
    let page = Page {
        style: STYLE,
        kind: "bad",
        title,
        message,
        resource: "",
        detail: None,
        scopes: Vec::new(),
        return_to: None,
    };
    page.respond(status)
}

/// Only web pages are linked to.
fn followable(url: Option<&Url>) -> Option<&str> {
    url.filter(|url| matches!(url.scheme(), "http" | "https")).map(Url::as_str)
}

#[derive(Template)]
#[template(path = "login.html")]
struct Page<'a> {
    style: &'static str,
    kind: &'static str,
    title: &'a str,
    message: &'a str,
    resource: &'a str,
    detail: Option<String>,
    scopes: Vec<String>,
    return_to: Option<&'a str>,
}

impl Page<'_> {
    fn respond(&self, status: StatusCode) -> Response<Full<Bytes>> {
        // Rendering writes to a string, which does not fail; if it did, the title would say the most important part.
        let body = self.render().unwrap_or_else(|_| self.title.to_owned());
        let mut response = Response::new(Full::new(Bytes::from(body)));
        *response.status_mut() = status;
        let headers = response.headers_mut();
        let policy = HeaderValue::from_str(&content_security_policy())
            .unwrap_or_else(|_| HeaderValue::from_static("default-src 'none'"));
        headers.insert(CONTENT_SECURITY_POLICY, policy);
        for (name, value) in HEADERS {
            headers.insert(name, HeaderValue::from_static(value));
        }
        response
    }
}

const HEADERS: [(HeaderName, &str); 4] = [
    (CONTENT_TYPE, "text/html; charset=utf-8"),
    // The address of the page holds the code.
    (CACHE_CONTROL, "no-store"),
    (REFERRER_POLICY, "no-referrer"),
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
];

/// Nothing may be loaded or run; the one style sheet is named by its hash.
fn content_security_policy() -> String {
    let hash = STANDARD.encode(Sha256::digest(STYLE));
    format!(
        "default-src 'none'; style-src 'sha256-{hash}'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
    )
}

const STYLE: &str = include_str!("../../templates/login.css");

#[cfg(test)]
mod tests;
