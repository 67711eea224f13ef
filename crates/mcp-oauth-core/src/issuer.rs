//! The identifier of an authorization server (RFC 8414 §2).

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use url::Url;

use crate::endpoint::{InvalidUrl, is_loopback};
use crate::written_url::WrittenUrl;

/// An issuer: an http(s) URL without user information, query and fragment, kept byte for byte.
///
/// Issuers are compared as strings (RFC 8414 §3.3, RFC 9207 §2.4): `https://as.test` and `https://as.test/` are two
/// issuers. Whether plain http is acceptable is the user's policy; [`is_secure`](Self::is_secure) tells.
///
/// ```
/// use mcp_oauth_core::Issuer;
///
/// let issuer = Issuer::parse("https://as.test/tenant/")?;
/// assert_eq!(issuer.as_str(), "https://as.test/tenant/");
/// assert_ne!(issuer, Issuer::parse("https://as.test/tenant")?);
/// # Ok::<(), mcp_oauth_core::InvalidUrl>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Issuer(WrittenUrl);

impl Issuer {
    /// Reads an issuer.
    ///
    /// # Errors
    /// When it is not http(s), or has user information, a query or a fragment.
    pub fn parse(text: &str) -> Result<Self, InvalidUrl> {
        let written = WrittenUrl::parse(text)?;
        let url = written.url();
        if !matches!(url.scheme(), "http" | "https") {
            return Err(InvalidUrl::Scheme(url.scheme().chars().take(32).collect()));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(InvalidUrl::UserInformation);
        }
        if url.query().is_some() {
            return Err(InvalidUrl::Query);
        }
        if url.fragment().is_some() {
            return Err(InvalidUrl::Fragment);
        }
        Ok(Self(written))
    }

    /// As it was written.
    pub fn as_str(&self) -> &str {
        self.0.text()
    }

    /// As a parsed URL, to look at its parts.
    pub fn url(&self) -> &Url {
        self.0.url()
    }

    /// True for https, and for http on this machine.
    pub fn is_secure(&self) -> bool {
        self.0.url().scheme() == "https" || is_loopback(self.0.url())
    }
}

impl PartialEq<str> for Issuer {
    fn eq(&self, other: &str) -> bool {
        self.0.text() == other
    }
}

impl fmt::Debug for Issuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Issuer({})", self.0.text())
    }
}

impl fmt::Display for Issuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.text())
    }
}

impl Serialize for Issuer {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.text())
    }
}

impl<'de> Deserialize<'de> for Issuer {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests;
