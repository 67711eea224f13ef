//! Whom we trust and who we are.
use std::sync::Arc;

use rustls::{
    ClientConfig, RootCertStore,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
};

use super::BuildError;

/// The TLS part of a client that is being built.
#[derive(Default)]
pub(super) struct TlsParts {
    pub(super) authorities: Vec<CertificateDer<'static>>,
    pub(super) only_these: bool,
    pub(super) identity: Option<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>)>,
}

impl TlsParts {
    pub(super) fn is_empty(&self) -> bool {
        self.authorities.is_empty() && !self.only_these && self.identity.is_none()
    }

    pub(super) fn build(self) -> Result<ClientConfig, BuildError> {
        let mut roots = RootCertStore::empty();
        if !self.only_these {
            roots = machine();
        }
        for authority in self.authorities {
            roots.add(authority).map_err(|source| BuildError::Authority { source: source.into() })?;
        }
        let builder = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|source| BuildError::Pair { source })?
            .with_root_certificates(roots);
        match self.identity {
            None => Ok(builder.with_no_client_auth()),
            Some((chain, key)) => {
                builder.with_client_auth_cert(chain, key).map_err(|source| BuildError::Pair { source })
            }
        }
    }
}

/// The machine's own authorities; Mozilla's where it has none, as in an image made from nothing. `SSL_CERT_FILE` and
/// `SSL_CERT_DIR` name others.
fn machine() -> RootCertStore {
    let mut roots = RootCertStore::empty();
    let native = rustls_native_certs::load_native_certs();
    for error in &native.errors {
        tracing::debug!(%error, "a certificate authority of this machine cannot be read");
    }
    roots.add_parsable_certificates(native.certs);
    if roots.is_empty() {
        roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    }
    roots
}

pub(super) fn authorities(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, BuildError> {
    certificates(pem).map_err(|source| BuildError::Authority { source: source.into() })
}

pub(super) fn identity(
    chain: &[u8],
    key: &[u8],
) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>), BuildError> {
    let chain = certificates(chain).map_err(|source| BuildError::Certificate { source: source.into() })?;
    let key =
        PrivateKeyDer::from_pem_slice(key).map_err(|source| BuildError::Key { source: source.into() })?;
    Ok((chain, key))
}

/// At least one.
fn certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, rustls::pki_types::pem::Error> {
    let certificates = CertificateDer::pem_slice_iter(pem).collect::<Result<Vec<_>, _>>()?;
    if certificates.is_empty() {
        return Err(rustls::pki_types::pem::Error::NoItemsFound);
    }
    Ok(certificates)
}
