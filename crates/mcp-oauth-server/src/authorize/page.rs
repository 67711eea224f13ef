//! The pages for people: consent, and what went wrong.

use askama::Template;
use axum::response::{Html, IntoResponse as _, Response};
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use http::{HeaderName, HeaderValue, StatusCode};
use mcp_oauth_core::{RedirectUri, is_loopback};

use super::request::{AuthorizationRequest, PageError};
use super::users::User;
use crate::server::State;
use crate::store::random;

#[derive(Template)]
#[template(path = "consent.html")]
struct ConsentPage<'a> {
    nonce: &'a str,
    server: &'a str,
    client: &'a str,
    initial: String,
    client_id: &'a str,
    redirect_uri: &'a str,
    user: &'a str,
    scopes: Vec<ScopeLine<'a>>,
    resources: Vec<&'a str>,
    destination: Destination,
    action: String,
    handle: &'a str,
    csrf_token: &'a str,
}

struct ScopeLine<'a> {
    name: &'a str,
    description: &'a str,
}

#[derive(Template)]
#[template(path = "problem.html")]
struct ProblemPage<'a> {
    nonce: &'a str,
    server: &'a str,
    problem: &'a str,
}

/// Where the answer goes, in words.
enum Destination {
    /// A site.
    Site(String),
    /// A program on the person's own machine: the name is only a claim, since any program can listen there.
    ThisMachine(String),
    /// A program that registered a scheme.
    App(String),
}

impl Destination {
    fn of(redirect_uri: &RedirectUri) -> Self {
        let url = redirect_uri.url();
        let host = url.host_str().unwrap_or_default();
        let host = url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
        match url.scheme() {
            "http" | "https" if is_loopback(url) => Self::ThisMachine(host),
            "http" | "https" => Self::Site(host),
            scheme => Self::App(scheme.to_owned()),
        }
    }
}

/// The consent page.
pub(super) fn consent(
    state: &State,
    request: &AuthorizationRequest,
    user: &User,
    handle: &str,
    csrf_token: &str,
) -> Response {
    let nonce = random(&*state.entropy);
    let client = request.client.name().unwrap_or("An app without a name");
    let page = ConsentPage {
        nonce: &nonce,
        server: &state.name,
        client,
        initial: client
            .chars()
            .find(|c| c.is_alphanumeric())
            .map_or_else(|| "?".to_owned(), |c| c.to_uppercase().to_string()),
        client_id: request.client.id().as_str(),
        redirect_uri: request.reply_to.redirect_uri.as_str(),
        user: user.name(),
        scopes: request
            .scopes
            .iter()
            .map(|scope| ScopeLine {
                name: scope.as_str(),
                description: state.scopes.description(scope).unwrap_or_default(),
            })
            .collect(),
        resources: request.resources.iter().map(mcp_oauth_core::ResourceUri::as_str).collect(),
        destination: Destination::of(&request.reply_to.redirect_uri),
        action: state.endpoints.decision_path(),
        handle,
        csrf_token,
    };
    render(StatusCode::OK, &page, &nonce, &form_action(&request.reply_to.redirect_uri))
}

/// A page for a request that must not be answered by redirect.
pub(super) fn refused(state: &State, error: &PageError) -> Response {
    if error.status().is_server_error() {
        tracing::error!(error = error as &dyn std::error::Error, "the authorization endpoint failed");
    } else {
        tracing::debug!(reason = %error, "authorization request refused on a page");
    }
    problem(state, error.status(), &error.to_string())
}

/// A page that says what is wrong.
pub(super) fn problem(state: &State, status: StatusCode, problem: &str) -> Response {
    let nonce = random(&*state.entropy);
    let page = ProblemPage { nonce: &nonce, server: &state.name, problem };
    render(status, &page, &nonce, "'none'")
}

/// Where the consent form may go. Browsers apply `form-action` to the redirects after the form too: to the client's
/// address, and to wherever the client redirects next, which is https if it is another site. What stays forbidden is
/// plain http to other machines and every scheme but the client's own.
fn form_action(redirect_uri: &RedirectUri) -> String {
    let url = redirect_uri.url();
    match (url.scheme(), url.host()) {
        ("https", _) => "'self' https:".to_owned(),
        // A source cannot name an IPv6 address (CSP Level 3 §2.3.1).
        ("http", Some(url::Host::Ipv6(_))) => "'self' http: https:".to_owned(),
        // Of the other addresses it can name 127.0.0.1 only (§6.7.2.8).
        ("http", Some(url::Host::Ipv4(address))) if address != std::net::Ipv4Addr::LOCALHOST => {
            "'self' http: https:".to_owned()
        }
        ("http", _) => format!("'self' {} https:", url.origin().ascii_serialization()),
        (scheme, _) => format!("'self' {scheme}: https:"),
    }
}

fn render(status: StatusCode, page: &impl Template, nonce: &str, form_action: &str) -> Response {
    let html = match page.render() {
        Ok(html) => html,
        Err(error) => {
            tracing::error!(error = &error as &dyn std::error::Error, "a page could not be rendered");
            return StatusCode::INTERNAL_SERVER_ERROR.into_response();
        }
    };
    let policy = format!(
        "default-src 'none'; style-src 'nonce-{nonce}'; form-action {form_action}; frame-ancestors 'none'; base-uri 'none'"
    );
    let Ok(policy) = HeaderValue::try_from(policy) else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let fixed = HeaderValue::from_static;
    let headers: [(HeaderName, HeaderValue); 5] = [
        (CONTENT_SECURITY_POLICY, policy),
        // For browsers that do not know frame-ancestors.
        (X_FRAME_OPTIONS, fixed("DENY")),
        (CACHE_CONTROL, fixed("no-store")),
        (REFERRER_POLICY, fixed("no-referrer")),
        (X_CONTENT_TYPE_OPTIONS, fixed("nosniff")),
    ];
    (status, headers, Html(html)).into_response()
}

#[cfg(test)]
mod tests;
