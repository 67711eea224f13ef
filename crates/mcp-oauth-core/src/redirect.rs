//! Redirect URIs: where a browser brings the answer of an authorization server.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use url::{Host, Url};

use crate::endpoint::{InvalidUrl, is_loopback};
use crate::written_url::WrittenUrl;

/// A redirect URI: https, http on loopback, or a private-use scheme with a dot in it such as `com.example.app:/cb`
/// (RFC 8252 §7.1). Without fragment and user information. Kept as it was written, since servers compare strings.
///
/// ```
/// use mcp_oauth_core::RedirectUri;
///
/// let registered = RedirectUri::parse("http://127.0.0.1/callback")?;
/// let used = RedirectUri::parse("http://127.0.0.1:53124/callback")?;
/// assert!(registered.permits(&used), "a native app picks its port at run time (RFC 8252 §7.3)");
/// assert!(RedirectUri::parse("javascript:alert(1)").is_err());
/// # Ok::<(), mcp_oauth_core::InvalidUrl>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct RedirectUri(WrittenUrl);

impl RedirectUri {
    /// Reads a redirect URI.
    ///
    /// # Errors
    /// When it is relative, plain http to another machine, of a scheme that runs or reads something on the spot
    /// (`javascript:`, `data:`, `file:` …), or has a fragment or user information.
    pub fn parse(text: &str) -> Result<Self, InvalidUrl> {
        let written = WrittenUrl::parse(text)?;
        let url = written.url();
        match url.scheme() {
            "https" => {}
            "http" if is_loopback(url) => {}
            "http" => return Err(InvalidUrl::PlainHttp),
            // RFC 8252 §7.1: private-use schemes are reverse domain names, so they hold a dot.
            private if private.contains('.') => {}
            other => return Err(InvalidUrl::Scheme(other.chars().take(32).collect())),
        }
        if url.fragment().is_some() {
            return Err(InvalidUrl::Fragment);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(InvalidUrl::UserInformation);
        }
        Ok(Self(written))
    }

    /// `http://127.0.0.1:PORT/callback`, for a program on a person's machine. Port 0 means: to be chosen.
    ///
    /// # Panics
    /// Never: every port makes a valid address.
    pub fn loopback(port: u16) -> Self {
        Self::parse(&format!("http://127.0.0.1:{port}/callback"))
            .expect("a loopback address is a redirect URI")
    }

    /// As it was written.
    pub fn as_str(&self) -> &str {
        self.0.text()
    }

    /// As a parsed URL.
    pub fn url(&self) -> &Url {
        self.0.url()
    }

    /// True for http on this machine.
    pub fn is_loopback(&self) -> bool {
        self.0.url().scheme() == "http" && is_loopback(self.0.url())
    }

    /// True when `used` may stand in a request of a client that registered `self`: the same string, or, for a loopback
    /// IP address, the same but for the port (OAuth 2.1 §2.3.1, RFC 8252 §7.3). `localhost` is a name and gets no
    /// exception.
    pub fn permits(&self, used: &Self) -> bool {
        self == used
            || (self.is_loopback_ip() && used.is_loopback_ip() && self.without_port() == used.without_port())
    }

    fn is_loopback_ip(&self) -> bool {
        self.is_loopback() && matches!(self.0.url().host(), Some(Host::Ipv4(_) | Host::Ipv6(_)))
    }

    fn without_port(&self) -> Url {
        let mut url = self.0.url().clone();
        // Fails only for URLs without a host, which a loopback address has.
        let _ = url.set_port(None);
        url
    }
}

impl fmt::Debug for RedirectUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RedirectUri({})", self.0.text())
    }
}

impl fmt::Display for RedirectUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.text())
    }
}

impl Serialize for RedirectUri {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.text())
    }
}

impl<'de> Deserialize<'de> for RedirectUri {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests;
