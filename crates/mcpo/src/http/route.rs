//! Which part of the proxy a path means. One function, read against the registry of the moment, so that nothing is ever
//! mounted or unmounted.

use std::borrow::Cow;
use std::sync::Arc;

use percent_encoding::percent_decode_str;

use crate::registry::{Registry, Server};

/// What a path means.
#[derive(Debug)]
pub(super) enum Route<'a> {
    /// The page that shows the servers.
    Index,
    /// A file of the pages.
    Asset(Cow<'a, str>),
    /// Starts, or leads to, the login of a server.
    Login(Cow<'a, str>),
    /// The OpenAPI document of the proxy as a whole.
    RootDocument,
    /// A documentation page of the proxy as a whole.
    RootPage(Page),
    /// A server's OpenAPI document.
    Document(Arc<Server>),
    /// A documentation page of a server.
    Page(Arc<Server>, Page),
    /// A tool of a server; also what no tool answers to.
    Tool(Arc<Server>, Cow<'a, str>),
    /// Nothing.
    Unknown,
}

/// Which documentation page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Page {
    /// Swagger UI.
    Docs,
    /// The reference page.
    Redoc,
}

/// The pages' own corner; no server can have this name.
pub(super) const OWN: &str = "_mcpo";

impl Page {
    fn named(name: &str) -> Option<Self> {
        match name {
            "docs" => Some(Self::Docs),
            "redoc" => Some(Self::Redoc),
            _ => None,
        }
    }
}

/// Reads a request's path. `get` tells whether it is read (GET, HEAD) or acted on: a tool may be called `docs`.
pub(super) fn route<'a>(
    path: &'a str,
    root_path: &str,
    prefix: &str,
    registry: &Registry,
    get: bool,
) -> Route<'a> {
    // A reverse proxy may strip the root path or leave it.
    let path = match path.strip_prefix(root_path) {
        Some(rest) if rest.is_empty() || rest.starts_with('/') => rest,
        _ => path,
    };
    let path = path.strip_prefix('/').unwrap_or(path);
    if let Some(own) = path.strip_prefix(OWN).and_then(|rest| rest.strip_prefix('/')) {
        return match own.split_once('/') {
            Some(("assets", name)) => decode(name).map_or(Route::Unknown, Route::Asset),
            Some(("login", name)) => decode(name).map_or(Route::Unknown, Route::Login),
            _ => Route::Unknown,
        };
    }
    if get && path.is_empty() {
        return Route::Index;
    }
    if let Some(server) = registry.root() {
        return inside(Arc::clone(server), path, get);
    }
    // Where servers have names, no tool lies at the root: these are meant whatever is asked of them.
    if path == "openapi.json" {
        return Route::RootDocument;
    }
    if let Some(page) = Page::named(path) {
        return Route::RootPage(page);
    }
    let prefix = prefix.trim_start_matches('/');
    let Some(path) = path.strip_prefix(prefix) else { return Route::Unknown };
    // Names may hold slashes: the longest that fits is meant.
    for (slash, _) in path.rmatch_indices('/') {
        let (name, rest) = path.split_at(slash);
        let Some(name) = decode(name) else { continue };
        if let Some(server) = registry.server(&name) {
            return inside(Arc::clone(server), rest.trim_start_matches('/'), get);
        }
    }
    Route::Unknown
}

fn inside(server: Arc<Server>, path: &str, get: bool) -> Route<'_> {
    if get {
        if path == "openapi.json" {
            return Route::Document(server);
        }
        if let Some(page) = Page::named(path) {
            return Route::Page(server, page);
        }
    }
    match decode(path) {
        Some(tool) if !tool.is_empty() => Route::Tool(server, tool),
        _ => Route::Unknown,
    }
}

fn decode(segment: &str) -> Option<Cow<'_, str>> {
    percent_decode_str(segment).decode_utf8().ok()
}

#[cfg(test)]
mod tests;
