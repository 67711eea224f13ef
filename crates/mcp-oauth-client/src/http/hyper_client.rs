//! The HTTP client on hyper and rustls.

use std::error::Error as StdError;
use std::fmt;
use std::net::IpAddr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::{Request, Response, Uri};
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use rustls::ClientConfig;
use tokio::task::JoinError;

use super::egress::{Egress, EgressProxies};
use super::guard::{AddressRefused, GuardedResolver};
use super::resolver::{Resolver, SystemResolver};
use super::tls::LazyTls;
use super::{AddressPolicy, BoxError, ConnectionRules, HttpClient, HttpError, StreamingClient};

/// How long a connection is kept for the next request. Requests come in bunches (a login), then for an hour none; a
/// connection that a router has long forgotten would cost the next one its time limit.
const IDLE_TIME: Duration = Duration::from_secs(30);

type Pool = Client<HttpsConnector<Egress>, Full<Bytes>>;

/// The [`HttpClient`] that is used unless another is given: hyper, rustls, the machine's certificate authorities.
///
/// Connections made under one [`AddressPolicy`] are not used under another. Nothing is loaded before the first request, and
/// then on a thread that may wait for files. A clone shares the connections.
#[derive(Clone)]
pub struct HyperClient {
    tls: Arc<LazyTls>,
    resolver: Arc<dyn Resolver>,
    proxies: EgressProxies,
    /// One pool per policy, in its order.
    pools: Arc<[OnceLock<Pool>; 4]>,
}

impl HyperClient {
    /// A client with [`tls_config`](super::tls_config).
    pub fn new() -> Self {
        Self::with(LazyTls::by(super::tls_config))
    }

    /// A client with a TLS configuration of your own: other authorities, a client certificate. Its ALPN protocols are
    /// replaced by those this client speaks.
    pub fn with_tls(mut tls: ClientConfig) -> Self {
        tls.alpn_protocols.clear();
        Self::with(LazyTls::made(tls))
    }

    fn with(tls: LazyTls) -> Self {
        Self {
            tls: Arc::new(tls),
            resolver: Arc::new(SystemResolver),
            proxies: EgressProxies::none(),
            pools: Arc::default(),
        }
    }

    /// With another way to find the addresses of names than the operating system's. Names that are addresses already
    /// are not asked about.
    #[must_use]
    pub fn with_resolver(self, resolver: impl Resolver) -> Self {
        // Connections that were found otherwise are not used on.
        Self { resolver: Arc::new(resolver), pools: Arc::default(), ..self }
    }

    /// With these proxies on the way out. What they connect to they resolve themselves: see [`EgressProxies`].
    #[must_use]
    pub fn with_proxies(self, proxies: EgressProxies) -> Self {
        Self { proxies, pools: Arc::default(), ..self }
    }

    async fn pool(&self, policy: AddressPolicy) -> Result<&Pool, JoinError> {
        let [public, loopback, private, any] = &*self.pools;
        let pool = match policy {
            AddressPolicy::Public => public,
            AddressPolicy::Loopback => loopback,
            AddressPolicy::Private => private,
            AddressPolicy::Any => any,
        };
        if let Some(pool) = pool.get() {
            return Ok(pool);
        }
        let tls = self.tls.config().await?.clone();
        Ok(pool.get_or_init(|| {
            let resolver = GuardedResolver::new(Arc::clone(&self.resolver), policy);
            let egress = Egress::new(resolver, &tls, self.proxies.clone());
            let connector = HttpsConnectorBuilder::new()
                .with_tls_config(tls)
                .https_or_http()
                .enable_all_versions()
                .wrap_connector(egress);
            Client::builder(TokioExecutor::new()).pool_idle_timeout(IDLE_TIME).build(connector)
        }))
    }

    /// The client itself, for answers that stream, to addresses that the program chose.
    pub(crate) fn stream(&self) -> StreamingClient {
        let client = self.clone();
        let send = move |request: Request<Full<Bytes>>| {
            let client = client.clone();
            async move {
                let answer = client.pool(AddressPolicy::Any).await?.request(request).await?;
                Ok(answer.map(|body| body.map_err(BoxError::from).boxed_unsync()))
            }
        };
        StreamingClient::new(tower::service_fn(send))
    }

    async fn exchange(
        &self,
        request: Request<Bytes>,
        rules: ConnectionRules,
    ) -> Result<Response<Bytes>, HttpError> {
        let host = named(request.uri());
        // The connector does not resolve what is an address already, so the resolver never sees it.
        if literal_address(request.uri().host().unwrap_or_default())
            .is_some_and(|address| !rules.addresses.permits(address))
        {
            return Err(HttpError::AddressRefused { host });
        }
        let pool = match self.pool(rules.addresses).await {
            Ok(pool) => pool,
            Err(ending) => return Err(HttpError::Connect { host, source: ending.into() }),
        };
        let answer = match pool.request(request.map(Full::new)).await {
            Ok(answer) => answer,
            Err(error) if caused_by_guard(&error) => return Err(HttpError::AddressRefused { host }),
            Err(error) if error.is_connect() => {
                return Err(HttpError::Connect { host, source: error.into() });
            }
            Err(error) => return Err(HttpError::Transport { host, source: error.into() }),
        };
        let (parts, body) = answer.into_parts();
        match Limited::new(body, rules.body_bytes).collect().await {
            Ok(body) => Ok(Response::from_parts(parts, body.to_bytes())),
            Err(error) => Err(body_error(host, rules.body_bytes, error)),
        }
    }
}

impl Default for HyperClient {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for HyperClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HyperClient")
    }
}

impl HttpClient for HyperClient {
    fn send(
        &self,
        request: Request<Bytes>,
        rules: ConnectionRules,
    ) -> BoxFuture<'_, Result<Response<Bytes>, HttpError>> {
        Box::pin(self.exchange(request, rules))
    }

    fn streaming(&self) -> Option<StreamingClient> {
        Some(self.stream())
    }
}

/// The host as it is told to a person: with its port, which tells the programs of one machine apart.
fn named(uri: &Uri) -> String {
    let host = uri.host().unwrap_or_default();
    uri.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

fn literal_address(host: &str) -> Option<IpAddr> {
    host.trim_start_matches('[').trim_end_matches(']').parse().ok()
}

fn body_error(host: String, limit_bytes: usize, source: BoxError) -> HttpError {
    if source.is::<LengthLimitError>() {
        HttpError::BodyTooLarge { host, limit_bytes }
    } else {
        HttpError::Transport { host, source }
    }
}

/// `io::Error` hides what it wraps from `source`, so it is asked directly.
fn caused_by_guard(error: &(dyn StdError + 'static)) -> bool {
    std::iter::successors(Some(error), |&error| error.source()).any(|error| {
        let wrapped = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        error.is::<AddressRefused>()
            || wrapped.is_some_and(<dyn StdError + Send + Sync>::is::<AddressRefused>)
    })
}
