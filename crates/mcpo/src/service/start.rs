//! Takes the port, then starts everything else.

use std::path::PathBuf;
use std::sync::Arc;

use arc_swap::ArcSwap;
use mcp_oauth_core::{Clock, Entropy, SystemClock, SystemEntropy};
use mcp_upstream::BuildError;
use notify_debouncer_full::notify;

use super::fleet::Fleet;
use super::reload::{Watch, follow};
use super::summary::summary;
use crate::config::{Layout, Settings};
use crate::http::{self, ListenError, Proxy};
use crate::lifecycle::Lifecycle;
use crate::registry::Registry;
use crate::tls::{self, TlsError};
use crate::upstream::{
    BackoffError, Browser, CertificateError, LoginDesk, LoginDeskError, SystemBrowser, upstream_client,
};

/// What the proxy takes from the world, so that tests can give it another one.
#[derive(Clone)]
pub struct World {
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub entropy: Arc<dyn Entropy>,
    /// What opens login pages.
    pub browser: Arc<dyn Browser>,
}

impl World {
    /// The real one.
    pub fn real() -> Self {
        Self {
            clock: Arc::new(SystemClock),
            entropy: Arc::new(SystemEntropy),
            browser: Arc::new(SystemBrowser),
        }
    }
}

/// Why the proxy does not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// It cannot listen.
    #[error(transparent)]
    Listen(#[from] ListenError),
    /// It cannot serve HTTPS.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The HTTP client cannot be made.
    #[error(transparent)]
    Client(#[from] BuildError),
    /// A server's certificates cannot be used.
    #[error("the certificates for {server}")]
    Certificates {
        /// The server.
        server: String,
        /// Why not.
        #[source]
        source: CertificateError,
    },
    /// The limits contradict each other.
    #[error(transparent)]
    Backoff(#[from] BackoffError),
    /// A server's login cannot be prepared.
    #[error(transparent)]
    Login(#[from] LoginDeskError),
    /// The configuration file cannot be followed.
    #[error("--hot-reload: cannot watch the directory of {}", file.display())]
    Watch {
        /// The file.
        file: PathBuf,
        /// Why.
        #[source]
        source: notify::Error,
    },
}

/// A proxy that runs.
#[derive(Debug)]
pub struct Service {
    url: String,
    registry: Arc<ArcSwap<Registry>>,
}

impl Service {
    /// Takes the port, then starts everything else. What runs ends with `lifecycle`.
    ///
    /// # Errors
    /// When the port cannot be had, or the settings cannot be put to use. A server that is down is no error.
    pub async fn start(settings: Settings, world: World, lifecycle: &Lifecycle) -> Result<Self, StartError> {
        let server_tls = settings.listen.tls.as_ref().map(tls::server_config).transpose()?;
        let bound = http::bind(&settings.listen, server_tls).await?;
        let url = bound.url();
        let client_tls = mcp_oauth_client::tls_config();
        let page = format!("{url}{}/", settings.root_path);
        let desk = Arc::new(LoginDesk::new(&world, client_tls.clone(), &settings, &page)?);
        let (servers, single) = match &settings.layout {
            Layout::Single(server) => (vec![(**server).clone()], true),
            Layout::Named { servers, .. } => (servers.clone(), false),
        };
        let http = upstream_client(client_tls)?;
        let mut fleet = Fleet::new(&settings, single, http, desk, world.entropy, lifecycle.clone());
        fleet.apply(&servers)?;
        let registry = Arc::clone(&fleet.registry);

        let endpoint =
            http::Endpoint::new(Proxy::new(&settings, Arc::clone(&registry)), &settings.cors_origins);
        let (limits, serving) = (settings.limits.clone(), lifecycle.clone());
        let answer = move |request| endpoint.clone().answer(request);
        lifecycle.tasks.spawn(async move { http::serve(bound, answer, &limits, serving).await });

        let (started, soft, limit) =
            (registry.load_full(), lifecycle.soft.clone(), settings.limits.connect_timeout);
        lifecycle.tasks.spawn(async move {
            tokio::select! {
                () = summary(started.all(), limit) => {}
                () = soft.cancelled() => {}
            }
        });

        if let Layout::Named { reload: Some(reload), .. } = settings.layout {
            let file = reload.file().to_owned();
            let watch =
                Watch::start(&file).map_err(|source| StartError::Watch { file: file.clone(), source })?;
            let resolve = move |file: &_| reload.resolve(file);
            lifecycle.tasks.spawn(follow(file, watch, fleet, resolve, lifecycle.clone()));
        }
        Ok(Self { url, registry })
    }

    /// Where it listens, as a URL that a browser on this machine can open.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The servers of the moment.
    pub fn registry(&self) -> Arc<Registry> {
        self.registry.load_full()
    }
}
