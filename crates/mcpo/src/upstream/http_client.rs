//! The HTTP client under remote servers: one for all, and others for servers with certificates of their own.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use mcp_oauth_client::{EgressProxies, HyperClient};
use mcp_upstream::{BuildError, HttpClient, HttpClientBuilder};
use rustls::ClientConfig;

use crate::config::Certificates;

/// Why a server's certificates cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CertificateError {
    /// A file cannot be read.
    #[error("cannot read {}", file.display())]
    Read {
        /// The file.
        file: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A file does not hold what it should.
    #[error("{} cannot be used", file.display())]
    File {
        /// The file.
        file: PathBuf,
        /// Why.
        #[source]
        source: BuildError,
    },
    /// The client cannot be made with them.
    #[error(transparent)]
    Build(#[from] BuildError),
}

/// A client with these authorities, and the environment's proxies.
///
/// # Errors
/// When it cannot be made with them.
pub fn upstream_client(tls: ClientConfig) -> Result<HttpClient, BuildError> {
    HttpClient::builder().tls_config(tls).build()
}

/// The client for a server: `common`, unless the server has certificates of its own.
///
/// # Errors
/// When they cannot be used.
pub(super) fn client_for(
    certificates: &Certificates,
    common: &HttpClient,
) -> Result<HttpClient, CertificateError> {
    match builder_for(certificates)? {
        None => Ok(common.clone()),
        Some(builder) => Ok(builder.build()?),
    }
}

/// The client for requests to the authorization server of a server: `common`, unless the server has certificates of its
/// own. Whoever runs a server behind a company's authority runs its authorization server there too.
///
/// # Errors
/// When they cannot be used.
pub(super) fn oauth_client_for(
    certificates: &Certificates,
    common: &Arc<HyperClient>,
) -> Result<Arc<HyperClient>, CertificateError> {
    match builder_for(certificates)? {
        None => Ok(Arc::clone(common)),
        Some(builder) => Ok(Arc::new(oauth_client(builder.build_tls()?))),
    }
}

/// A client for authorization servers with these authorities, and the environment's proxies.
pub(super) fn oauth_client(tls: ClientConfig) -> HyperClient {
    HyperClient::with_tls(tls).with_proxies(EgressProxies::from_environment())
}

/// What the server's certificates come to; none where it has none of its own.
fn builder_for(certificates: &Certificates) -> Result<Option<HttpClientBuilder>, CertificateError> {
    if *certificates == Certificates::default() {
        return Ok(None);
    }
    let mut builder = HttpClient::builder();
    if let Some(file) = &certificates.authorities {
        builder = builder.authorities(&read(file)?).map_err(unusable(file))?;
    }
    if let Some((certificate, key)) = &certificates.client {
        let wrong = |source| {
            let file = if matches!(source, BuildError::Key { .. }) { key } else { certificate };
            unusable(file)(source)
        };
        builder = builder.client_certificate(&read(certificate)?, &read(key)?).map_err(wrong)?;
    }
    Ok(Some(builder))
}

fn read(file: &Path) -> Result<Vec<u8>, CertificateError> {
    std::fs::read(file).map_err(|source| CertificateError::Read { file: file.to_owned(), source })
}

fn unusable(file: &Path) -> impl Fn(BuildError) -> CertificateError {
    move |source| CertificateError::File { file: file.to_owned(), source }
}

#[cfg(test)]
mod tests;
