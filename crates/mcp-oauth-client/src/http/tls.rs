//! Trust: the machine's own certificate authorities, or Mozilla's where the machine has none.

use std::fmt;
use std::sync::Arc;

use rustls::crypto::aws_lc_rs;
use rustls::{ClientConfig, RootCertStore};
use tokio::sync::OnceCell;
use tokio::task::{JoinError, spawn_blocking};

/// A TLS configuration with the machine's certificate authorities. An image without any (`FROM scratch`) gets
/// Mozilla's. Certificates are always checked; there is no switch for it.
///
/// Reading the authorities takes some milliseconds, or as long as the disk does: make one and share it, and not on a thread
/// that runs futures.
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

type Make = dyn Fn() -> ClientConfig + Send + Sync;

/// A TLS configuration that is made when it is first needed, on a thread that may wait for files. Who needs it meanwhile
/// waits without holding up anything else.
#[derive(Clone)]
pub(super) struct LazyTls {
    made: OnceCell<ClientConfig>,
    make: Arc<Make>,
}

impl LazyTls {
    pub(super) fn by(make: impl Fn() -> ClientConfig + Send + Sync + 'static) -> Self {
        Self { made: OnceCell::new(), make: Arc::new(make) }
    }

    pub(super) fn made(config: ClientConfig) -> Self {
        Self { made: OnceCell::new_with(Some(config)), make: Arc::new(tls_config) }
    }

    /// # Errors
    /// When the runtime is ending.
    pub(super) async fn config(&self) -> Result<&ClientConfig, JoinError> {
        self.made
            .get_or_try_init(|| {
                let make = Arc::clone(&self.make);
                spawn_blocking(move || make())
            })
            .await
    }
}

impl fmt::Debug for LazyTls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LazyTls").field("made", &self.made.initialized()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
