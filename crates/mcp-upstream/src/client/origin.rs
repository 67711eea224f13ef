//! What connections are pooled by.
use http::{
    HeaderValue, Uri,
    uri::{Authority, Scheme},
};

use super::HttpClientError;

/// A scheme, a host and a port.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Origin {
    pub(super) secure: bool,
    authority: Authority,
}

impl Origin {
    pub(super) fn of(uri: &Uri) -> Result<Self, HttpClientError> {
        let secure = match uri.scheme() {
            Some(scheme) if *scheme == Scheme::HTTP => false,
            Some(scheme) if *scheme == Scheme::HTTPS => true,
            _ => return Err(HttpClientError::Address),
        };
        let authority = uri.authority().filter(|authority| !authority.host().is_empty());
        Ok(Self { secure, authority: authority.ok_or(HttpClientError::Address)?.clone() })
    }

    /// The host without the brackets of an IPv6 address.
    pub(super) fn host(&self) -> &str {
        self.authority.host().trim_matches(['[', ']'])
    }

    pub(super) fn port(&self) -> u16 {
        self.authority.port_u16().unwrap_or(if self.secure { 443 } else { 80 })
    }

    /// Its address without a path.
    pub(super) fn uri(&self) -> Result<Uri, HttpClientError> {
        // The port is always there: a proxy is asked for it (RFC 9110 §9.3.6).
        let (scheme, host) = (if self.secure { "https" } else { "http" }, self.authority.host());
        format!("{scheme}://{host}:{}/", self.port()).parse().map_err(|_| HttpClientError::Address)
    }

    /// The `Host` header: without user and password, and without the port if it is the scheme's own.
    pub(super) fn host_header(&self) -> Result<HeaderValue, HttpClientError> {
        let host = self.authority.host();
        let own = if self.secure { 443 } else { 80 };
        let value = if self.port() == own { host.to_owned() } else { format!("{host}:{}", self.port()) };
        HeaderValue::try_from(value).map_err(|_| HttpClientError::Address)
    }
}
