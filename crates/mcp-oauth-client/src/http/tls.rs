//! Trust: the machine's own certificate authorities, or Mozilla's where the machine has none.

use std::sync::Arc;

use rustls::crypto::aws_lc_rs;
use rustls::{ClientConfig, RootCertStore};

/// A TLS configuration with the machine's certificate authorities. An image without any (`FROM scratch`) gets
/// Mozilla's. Certificates are always checked; there is no switch for it.
///
/// Reading the authorities takes some milliseconds: make one and share it.
///
/// # Panics
/// Never: the cryptography it is made with supports the protocol versions that rustls calls safe.
pub fn tls_config() -> ClientConfig {
    let mut roots = RootCertStore::empty();
    let native = rustls_native_certs::load_native_certs();
    for error in &native.errors {
        tracing::debug!(%error, "a certificate authority of this machine cannot be read");
    }
    roots.add_parsable_certificates(native.certs);
    if roots.is_empty() {
        tracing::debug!("this machine has no certificate authorities: Mozilla's are used");
        roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    }
    ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("aws-lc-rs supports the default protocol versions")
        .with_root_certificates(roots)
        .with_no_client_auth()
}
