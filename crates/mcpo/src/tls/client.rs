//! Whom we trust when we call: the machine's own authorities, or Mozilla's where the machine has none.

use std::sync::Arc;

use rustls::{ClientConfig, RootCertStore};

/// The TLS configuration of every connection that the proxy opens.
///
/// # Errors
/// When the cryptography library offers no usable protocol version; it never does.
pub fn client_config() -> Result<ClientConfig, rustls::Error> {
    let mut roots = RootCertStore::empty();
    let native = rustls_native_certs::load_native_certs();
    let (added, _) = roots.add_parsable_certificates(native.certs);
    if added == 0 {
        // An image FROM scratch has no certificate store.
        roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    Ok(ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth())
}
