//! The page at the root. No script: while something is under way it reloads itself.

use std::sync::LazyLock;

use askama::Template;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

use crate::config::ApiFacts;
use crate::openapi;
use crate::registry::{Registry, Server};

#[derive(Template)]
#[template(path = "index.html")]
struct IndexPage<'a> {
    title: &'a str,
    description: &'a str,
    style: &'static str,
    /// What all links begin with: nothing, or the root path. A reverse proxy may serve this page without a slash at its end.
    base: String,
    servers: Vec<Row>,
    /// Seconds until the page reloads itself.
    reload: Option<u32>,
    version: &'static str,
}

struct Row {
    name: String,
    /// Its path below the root, with a slash at the end; empty for the single server.
    path: String,
    word: &'static str,
    sentence: String,
    /// Where to log in, when it waits for that.
    login: Option<String>,
    /// It waits for a login that cannot be made from here.
    elsewhere: bool,
    /// Why the last login did not succeed.
    login_problem: Option<String>,
    tools: Vec<ToolRow>,
    left_out: Vec<(String, String)>,
}

struct ToolRow {
    name: String,
    description: String,
}

/// The page. `root_path` is the path under which a reverse proxy serves it, `prefix` the path before the servers' names;
/// `local`, whether the person is at this machine and so can log in.
pub fn index(api: &ApiFacts, registry: &Registry, root_path: &str, prefix: &str, local: bool) -> Response {
    let single = registry.root().is_some();
    let servers: Vec<_> = registry.all().iter().map(|server| row(server, single, prefix, local)).collect();
    let settled = servers.iter().all(|row| row.word == "ready" && row.login.is_none() && !row.elsewhere);
    let page = IndexPage {
        title: &api.title,
        description: &api.description,
        style: STYLE,
        base: if root_path.is_empty() { String::new() } else { format!("{root_path}/") },
        servers,
        reload: (!settled).then_some(RELOAD_SECONDS),
        version: env!("CARGO_PKG_VERSION"),
    };
    match page.render() {
        Ok(html) => {
            let headers = [
                (header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
                (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
                (header::CONTENT_SECURITY_POLICY, POLICY.clone()),
                (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
                (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
            ];
            (headers, html).into_response()
        }
        Err(error) => {
            tracing::error!(%error, "cannot write the page");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

fn row(server: &Server, single: bool, prefix: &str, local: bool) -> Row {
    let state = server.state();
    let name = &server.settings.name;
    let mut tools: Vec<_> = state
        .exposed
        .iter()
        .flat_map(|exposed| exposed.tools.values())
        .map(|tool| ToolRow {
            name: tool.name.clone(),
            description: first_line(tool.description.as_deref().unwrap_or_default()),
        })
        .collect();
    tools.sort_by(|a, b| a.name.cmp(&b.name));
    let waits = state.status.login().is_some();
    let by_page = waits && server.settings.logs_in_by_page();
    let left_out = state.exposed.iter().flat_map(|exposed| &exposed.left_out);
    Row {
        name: state
            .exposed
            .as_ref()
            .filter(|_| single)
            .map_or_else(|| name.clone(), |exposed| exposed.title.clone()),
        path: if single {
            String::new()
        } else {
            format!("{}{}/", prefix.trim_start_matches('/'), openapi::server_path(name))
        },
        word: state.status.word(),
        // Where to log in is said below it.
        sentence: match state.status.login() {
            Some(_) if state.exposed.is_none() => "This server is waiting for a login.".into(),
            _ => state.status.sentence(),
        },
        login: (by_page && local).then(|| format!("_mcpo/login/{}", openapi::path_segment(name))),
        elsewhere: waits && !(by_page && local),
        // It may hold an authorization server's words and address.
        login_problem: state.status.login().filter(|_| local).and_then(|login| login.problem.clone()),
        tools,
        left_out: left_out.map(|tool| (tool.tool.clone(), tool.reason.clone())).collect(),
    }
}

/// Enough of a description for a list.
fn first_line(text: &str) -> String {
    let line = text.trim().lines().next().unwrap_or_default();
    if line.chars().count() <= LONGEST_DESCRIPTION {
        return line.to_owned();
    }
    line.chars().take(LONGEST_DESCRIPTION).chain("…".chars()).collect()
}

/// Only our own style, by its hash; nothing else is loaded, nothing runs.
static POLICY: LazyLock<HeaderValue> = LazyLock::new(|| {
    let hash = STANDARD.encode(Sha256::digest(STYLE.as_bytes()));
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    );
    HeaderValue::try_from(policy).unwrap_or(HeaderValue::from_static("default-src 'none'"))
});

const STYLE: &str = include_str!("../../templates/index.css");
const RELOAD_SECONDS: u32 = 2;
const LONGEST_DESCRIPTION: usize = 160;
