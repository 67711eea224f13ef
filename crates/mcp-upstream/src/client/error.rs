//! Why a request has no answer, and why there is no client.
use std::{io, time::Duration};

use crate::BoxError;

/// Why a request has no answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HttpClientError {
    /// The address is not one of HTTP: it needs `http` or `https`, and a host.
    #[error("the address has no scheme http or https, or no host")]
    Address,
    /// No connection could be opened: the host is not known, nobody listens, or the network does not lead there. Nothing
    /// was sent.
    #[error("cannot connect")]
    Connect {
        /// What the system said.
        #[source]
        source: BoxError,
    },
    /// No connection could be opened through the proxy that the settings name. Nothing was sent.
    #[error("cannot connect through the proxy {proxy}")]
    Proxy {
        /// The proxy, without credentials.
        proxy: Box<str>,
        /// What it, or the system, said.
        #[source]
        source: BoxError,
    },
    /// The TLS handshake failed: a certificate of an unknown authority, for another name, or expired; or no TLS at all.
    /// Nothing was sent.
    #[error("the TLS handshake failed")]
    Tls {
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Opening a connection took too long ([`ClientLimits::connect_timeout`](super::ClientLimits::connect_timeout)).
    /// Nothing was sent.
    #[error("no connection within {} s", .after.as_secs_f64())]
    ConnectTimeout {
        /// The limit.
        after: Duration,
    },
    /// The connection broke before the answer began.
    #[error("the connection broke")]
    Broken {
        /// What happened to it.
        #[source]
        source: Option<hyper::Error>,
    },
}

impl HttpClientError {
    /// Whether nothing of the request was sent.
    pub(crate) fn is_unsent(&self) -> bool {
        match self {
            Self::Address
            | Self::Connect { .. }
            | Self::Proxy { .. }
            | Self::Tls { .. }
            | Self::ConnectTimeout { .. } => true,
            Self::Broken { .. } => false,
        }
    }

    /// Whether the address has a clear no: nobody listens there, or no way leads there.
    pub(crate) fn is_refused(&self) -> bool {
        let Self::Connect { source } = self else { return false };
        let first: &(dyn std::error::Error + 'static) = &**source;
        std::iter::successors(Some(first), |error| error.source())
            .filter_map(|error| error.downcast_ref::<io::Error>())
            .any(crate::http_client::is_clear_no)
    }
}

/// Why there is no client.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// A certificate authority that was given is not one in PEM form.
    #[error("not a certificate authority in PEM form")]
    Authority {
        /// Why not.
        #[source]
        source: BoxError,
    },
    /// The client certificate is not one in PEM form.
    #[error("not a client certificate in PEM form")]
    Certificate {
        /// Why not.
        #[source]
        source: BoxError,
    },
    /// The key of the client certificate is not one in PEM form.
    #[error("not a private key in PEM form")]
    Key {
        /// Why not.
        #[source]
        source: BoxError,
    },
    /// The client certificate and its key do not go together.
    #[error("the client certificate and its key cannot be used together")]
    Pair {
        /// Why not.
        #[source]
        source: rustls::Error,
    },
}
