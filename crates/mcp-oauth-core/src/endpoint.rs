//! Addresses that may be fetched or opened: https, or http on the machine itself.

use std::fmt;
use std::net::IpAddr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use url::{Host, Url};

use crate::written_url::WrittenUrl;

/// Why a text is not an address that OAuth may use.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidUrl {
    /// The text is not an absolute URL.
    #[error("not an absolute URL")]
    Syntax(#[from] url::ParseError),
    /// `javascript:`, `file:`, `ftp:` and the like.
    #[error("the scheme {0:?} is not https")]
    Scheme(String),
    /// Plain http to another machine (OAuth 2.1 §1.5).
    #[error("plain http is for loopback addresses only")]
    PlainHttp,
    /// An address of this machine where only others are expected.
    #[error("an address of this machine is not allowed here")]
    Loopback,
    /// `https://user:password@host/`.
    #[error("user information is not allowed in it")]
    UserInformation,
    /// `…#fragment`.
    #[error("a fragment is not allowed in it")]
    Fragment,
    /// `…?query`.
    #[error("a query is not allowed in it")]
    Query,
    /// A blank, a control character, or one that is not ASCII: in a URI these are percent-encoded (RFC 3986 §2).
    #[error("a character is not allowed in it")]
    Character,
}

/// Which schemes are acceptable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PlainHttp {
    /// https anywhere, http on loopback: what OAuth 2.1 §1.5 and the MCP specification ask for.
    #[default]
    LoopbackOnly,
    /// http anywhere: for closed test networks. Tokens and codes travel readable.
    Anywhere,
}

/// The address of an endpoint: https, or http on loopback; without user information and fragment.
/// The text is kept as it was written.
///
/// ```
/// use mcp_oauth_core::{EndpointUrl, InvalidUrl};
///
/// assert!(EndpointUrl::parse("https://as.test/token?tenant=1").is_ok());
/// assert!(EndpointUrl::parse("http://127.0.0.1:3000/token").is_ok());
/// assert_eq!(EndpointUrl::parse("http://as.test/token"), Err(InvalidUrl::PlainHttp));
/// assert!(EndpointUrl::parse("javascript:alert(1)").is_err());
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct EndpointUrl(WrittenUrl);

impl EndpointUrl {
    /// Reads an address that is https, or http on loopback.
    ///
    /// # Errors
    /// When it is anything else.
    pub fn parse(text: &str) -> Result<Self, InvalidUrl> {
        Self::parse_with(text, PlainHttp::LoopbackOnly)
    }

    /// Reads an address; `plain_http` says where http is acceptable.
    ///
    /// # Errors
    /// When it is no URL, of another scheme, or has user information or a fragment.
    pub fn parse_with(text: &str, plain_http: PlainHttp) -> Result<Self, InvalidUrl> {
        let url = Url::parse(text)?;
        check_scheme(&url, plain_http)?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(InvalidUrl::UserInformation);
        }
        if url.fragment().is_some() {
            return Err(InvalidUrl::Fragment);
        }
        Ok(Self(WrittenUrl::new(text, url)))
    }

    /// As it was written.
    pub fn as_str(&self) -> &str {
        self.0.text()
    }

    /// As a parsed URL.
    pub fn url(&self) -> &Url {
        self.0.url()
    }

    /// True when the host is this machine.
    pub fn is_loopback(&self) -> bool {
        is_loopback(self.0.url())
    }
}

impl fmt::Debug for EndpointUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EndpointUrl({self})")
    }
}

impl fmt::Display for EndpointUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        crate::RedactedUrl(self.0.url()).fmt(f)
    }
}

impl Serialize for EndpointUrl {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.text())
    }
}

impl<'de> Deserialize<'de> for EndpointUrl {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

/// True when the URL's host is `localhost` or an address of the loopback range.
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name.eq_ignore_ascii_case("localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => IpAddr::V6(address).to_canonical().is_loopback(),
        None => false,
    }
}

pub(crate) fn check_scheme(url: &Url, plain_http: PlainHttp) -> Result<(), InvalidUrl> {
    match url.scheme() {
        "https" => Ok(()),
        "http" if plain_http == PlainHttp::Anywhere || is_loopback(url) => Ok(()),
        "http" => Err(InvalidUrl::PlainHttp),
        other => Err(InvalidUrl::Scheme(other.chars().take(32).collect())),
    }
}

#[cfg(test)]
mod tests;
