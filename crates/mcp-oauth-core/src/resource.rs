//! The identifier of a protected resource (RFC 8707 §2, RFC 9728 §1.2).

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use url::Url;

use crate::endpoint::{InvalidUrl, is_loopback};
use crate::written_url::WrittenUrl;

/// What a token is for: the canonical URI of an MCP server, or the string its metadata publishes.
///
/// The text is kept byte for byte. An authorization server compares it with the string it was configured with, and a URL
/// type that writes `https://h.test` as `https://h.test/` would fail that comparison.
///
/// ```
/// use mcp_oauth_core::ResourceUri;
///
/// let server = url::Url::parse("HTTPS://H.test/public/mcp#x")?;
/// assert_eq!(ResourceUri::of_server(&server)?.as_str(), "https://h.test/public/mcp");
/// assert!(ResourceUri::parse("https://h.test/public")?.covers(&server));
/// assert!(!ResourceUri::parse("https://h.test/pub")?.covers(&server));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct ResourceUri(WrittenUrl);

impl ResourceUri {
    /// Reads an identifier that a peer or the configuration gave: an absolute http(s) URI without a fragment
    /// (RFC 8707 §2) and without user information.
    ///
    /// # Errors
    /// When it is something else.
    pub fn parse(text: &str) -> Result<Self, InvalidUrl> {
        let written = WrittenUrl::parse(text)?;
        let url = written.url();
        if !matches!(url.scheme(), "http" | "https") {
            return Err(InvalidUrl::Scheme(url.scheme().chars().take(32).collect()));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(InvalidUrl::UserInformation);
        }
        if url.fragment().is_some() {
            return Err(InvalidUrl::Fragment);
        }
        Ok(Self(written))
    }

    /// The canonical identifier of the MCP server at `server`: lower-case scheme and host, no fragment, no slash after
    /// a bare host, otherwise as specific as the address itself (MCP authorization, "Canonical Server URI").
    ///
    /// # Errors
    /// When the address is not http(s) or has user information.
    pub fn of_server(server: &Url) -> Result<Self, InvalidUrl> {
        let mut url = server.clone();
        url.set_fragment(None);
        let text = match url.as_str().strip_suffix('/') {
            Some(bare) if url.path() == "/" && url.query().is_none() => bare.to_owned(),
            _ => url.as_str().to_owned(),
        };
        Self::parse(&text)
    }

    /// As it was written: the value for the `resource` parameter.
    pub fn as_str(&self) -> &str {
        self.0.text()
    }

    /// As a parsed URL, to look at its parts.
    pub fn url(&self) -> &Url {
        self.0.url()
    }

    /// True when the host is this machine.
    pub fn is_loopback(&self) -> bool {
        is_loopback(self.0.url())
    }

    /// True when a document with this `resource` speaks for the server: the same URL, or the same origin with a path
    /// that is a prefix by whole segments. A document at the root of a host legitimately names the bare origin; one
    /// for a sibling path or another port does not speak for this server (RFC 9728 §3.3).
    pub fn covers(&self, server: &Url) -> bool {
        if self.0.url().origin() != server.origin() {
            return false;
        }
        if self.0.url().query().is_some() && self.0.url().query() != server.query() {
            return false;
        }
        let mine = self.0.url().path().trim_end_matches('/');
        let theirs = server.path().trim_end_matches('/');
        theirs.strip_prefix(mine).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }
}

impl fmt::Debug for ResourceUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ResourceUri({})", self.0.text())
    }
}

impl fmt::Display for ResourceUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.text())
    }
}

impl Serialize for ResourceUri {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.text())
    }
}

impl<'de> Deserialize<'de> for ResourceUri {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests;
