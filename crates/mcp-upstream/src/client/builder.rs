//! What a client can be told.
use std::{fmt, time::Duration};

use rustls::ClientConfig;

use super::{
    BuildError, HttpClient, Proxies,
    dial::Dialer,
    tls::{self, TlsParts},
};

/// Sizes and times of a client's connections.
///
/// ```
/// use mcp_upstream::ClientLimits;
///
/// let limits = ClientLimits { idle_connections: 16, ..ClientLimits::default() };
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientLimits {
    /// How long opening a connection may take, with the proxy on the way and the TLS handshake. Default 15 s.
    pub connect_timeout: Duration,
    /// How long a connection that nobody uses is kept. Default 90 s.
    pub idle_timeout: Duration,
    /// How many connections that nobody uses are kept to one server, by each runtime. Default 256.
    pub idle_connections: usize,
    /// How often the system asks over an idle connection whether the other side is still there. Default 60 s.
    pub tcp_keep_alive: Duration,
    /// The same for HTTP/2, which asks itself. Default 60 s.
    pub http2_keep_alive: Duration,
    /// The longest head of an HTTP/1.1 answer, and what is read at once of its body. In bytes; default 400 KiB.
    pub http1_buffer: usize,
}

impl Default for ClientLimits {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(15),
            idle_timeout: Duration::from_secs(90),
            idle_connections: 256,
            tcp_keep_alive: Duration::from_secs(60),
            http2_keep_alive: Duration::from_secs(60),
            http1_buffer: 400 << 10,
        }
    }
}

/// Makes an [`HttpClient`].
#[derive(Default)]
#[must_use]
pub struct HttpClientBuilder {
    parts: TlsParts,
    config: Option<ClientConfig>,
    proxies: Option<Proxies>,
    limits: ClientLimits,
}

impl HttpClientBuilder {
    /// Trusts the certificate authorities in this PEM text too.
    ///
    /// # Errors
    /// When there is none in it.
    pub fn authorities(mut self, pem: &[u8]) -> Result<Self, BuildError> {
        self.parts.authorities.extend(tls::authorities(pem)?);
        Ok(self)
    }

    /// Trusts only the authorities that were given, not the machine's own.
    pub fn only_given_authorities(mut self) -> Self {
        self.parts.only_these = true;
        self
    }

    /// Shows this certificate (with the chain above it) to servers that ask for one; both in PEM form.
    ///
    /// # Errors
    /// When there is no certificate, or no key.
    pub fn client_certificate(mut self, chain: &[u8], key: &[u8]) -> Result<Self, BuildError> {
        self.parts.identity = Some(tls::identity(chain, key)?);
        Ok(self)
    }

    /// Uses this TLS configuration, which may be shared, instead of reading the machine's authorities.
    ///
    /// It counts only where nothing else is said about TLS: next to [`authorities`](Self::authorities),
    /// [`only_given_authorities`](Self::only_given_authorities) or [`client_certificate`](Self::client_certificate), called
    /// before or after, it is not used at all.
    pub fn tls_config(mut self, config: ClientConfig) -> Self {
        self.config = Some(config);
        self
    }

    /// The proxies; without this, those of the process's environment.
    pub fn proxies(mut self, proxies: Proxies) -> Self {
        self.proxies = Some(proxies);
        self
    }

    /// Sizes and times.
    pub fn limits(mut self, limits: ClientLimits) -> Self {
        self.limits = limits;
        self
    }

    /// The TLS configuration alone, for another client that is to trust and show the same.
    ///
    /// # Errors
    /// As [`build`](Self::build).
    pub fn build_tls(self) -> Result<ClientConfig, BuildError> {
        match self.config {
            Some(config) if self.parts.is_empty() => Ok(config),
            _ => self.parts.build(),
        }
    }

    /// The client.
    ///
    /// # Errors
    /// When an authority cannot be used, or certificate and key do not go together.
    pub fn build(mut self) -> Result<HttpClient, BuildError> {
        let proxies = self.proxies.take().unwrap_or_else(Proxies::from_environment);
        let limits = self.limits.clone();
        let config = self.build_tls()?;
        Ok(HttpClient::new(Dialer::new(&config, proxies, &limits), limits))
    }
}

// It may hold a private key.
impl fmt::Debug for HttpClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpClientBuilder").field("limits", &self.limits).finish_non_exhaustive()
    }
}
