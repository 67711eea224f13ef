//! The HTTP client under remote servers: one for all, and others for servers with certificates of their own.

use std::io;
use std::path::{Path, PathBuf};

use mcp_upstream::{BuildError, HttpClient};
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
    if *certificates == Certificates::default() {
        return Ok(common.clone());
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
    Ok(builder.build()?)
}

fn read(file: &Path) -> Result<Vec<u8>, CertificateError> {
    std::fs::read(file).map_err(|source| CertificateError::Read { file: file.to_owned(), source })
}

fn unusable(file: &Path) -> impl Fn(BuildError) -> CertificateError {
    move |source| CertificateError::File { file: file.to_owned(), source }
}
