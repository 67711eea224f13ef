//! `client_header_forwarding`: which of the caller's headers go on to an MCP server.

use axum::http::{HeaderMap, HeaderName, header};
use serde::Deserialize;

use super::server::EntryError;

/// The section as it is written.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct ForwardingSection {
    /// Whether anything is forwarded.
    pub enabled: bool,
    /// Names, or prefixes that end in `*`; empty: every header that may be forwarded at all.
    pub whitelist: Vec<String>,
    /// Names, or prefixes that end in `*`, that are never forwarded.
    pub blacklist: Vec<String>,
    /// Log the names (never the values) of the headers that are forwarded.
    pub debug_headers: bool,
}

/// Which headers go on, resolved. The default forwards nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HeaderForwarding {
    enabled: bool,
    allow: Vec<Pattern>,
    deny: Vec<Pattern>,
    log: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Pattern {
    Any,
    Prefix(String),
    Exact(String),
}

impl ForwardingSection {
    /// What the section comes to.
    ///
    /// # Errors
    /// When a pattern is no header name.
    pub fn resolve(self) -> Result<HeaderForwarding, EntryError> {
        let patterns =
            |list: &[String]| list.iter().map(|text| Pattern::parse(text)).collect::<Result<Vec<_>, _>>();
        Ok(HeaderForwarding {
            enabled: self.enabled,
            allow: patterns(&self.whitelist)?,
            deny: patterns(&self.blacklist)?,
            log: self.debug_headers,
        })
    }
}

impl HeaderForwarding {
    /// The headers of a caller's request that go on to the MCP server.
    ///
    /// Hop-by-hop headers (RFC 9110 §7.6.1), those that describe the caller's own body or connection, and those the MCP
    /// transport sets itself never go on. `Authorization` and `Cookie` go on only where the whitelist names them in full.
    pub fn select(&self, request: &HeaderMap) -> HeaderMap {
        let mut selected = HeaderMap::new();
        if !self.enabled {
            return selected;
        }
        let connection: Vec<HeaderName> = request
            .get_all(header::CONNECTION)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .filter_map(|name| name.trim().parse().ok())
            .collect();
        for (name, value) in request {
            if self.allows(name) && !connection.contains(name) {
                if self.log {
                    tracing::debug!(header = %name, "forwarding a header");
                }
                selected.append(name.clone(), value.clone());
            }
        }
        selected
    }

    /// Whether the whitelist has this name in full.
    pub(super) fn names(&self, name: &str) -> bool {
        self.allow.iter().any(|pattern| matches!(pattern, Pattern::Exact(exact) if exact == name))
    }

    fn allows(&self, name: &HeaderName) -> bool {
        let name = name.as_str();
        if NEVER.contains(&name)
            || name.starts_with("mcp-")
            || self.deny.iter().any(|pattern| pattern.matches(name))
        {
            return false;
        }
        if CREDENTIALS.contains(&name) {
            return self.names(name);
        }
        self.allow.is_empty() || self.allow.iter().any(|pattern| pattern.matches(name))
    }
}

impl Pattern {
    fn parse(text: &str) -> Result<Self, EntryError> {
        let name = text.strip_suffix('*').unwrap_or(text).to_ascii_lowercase();
        if text == "*" {
            return Ok(Self::Any);
        }
        if HeaderName::try_from(&name).is_err() {
            let message = format!("{text:?} is neither a header name nor a prefix that ends in *");
            return Err(EntryError::at("client_header_forwarding", message));
        }
        Ok(if text.ends_with('*') { Self::Prefix(name) } else { Self::Exact(name) })
    }

    fn matches(&self, name: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Prefix(prefix) => name.starts_with(prefix),
            Self::Exact(exact) => name == exact,
        }
    }
}

/// Hop-by-hop (RFC 9110 §7.6.1), and what describes the caller's own message.
const NEVER: [&str; 19] = [
    "connection",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "host",
    "expect",
    "content-length",
    "content-type",
    "content-encoding",
    "accept",
    "accept-encoding",
    "last-event-id",
    "origin",
    "dpop",
];

const CREDENTIALS: [&str; 2] = ["authorization", "cookie"];

#[cfg(test)]
mod tests;
