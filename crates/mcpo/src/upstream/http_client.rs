//! The HTTP client under every remote server: pooled, without redirects, TLS by rustls.

use bytes::Bytes;
use http_body_util::Full;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls::ClientConfig;
use std::time::Duration;

/// The client; a clone shares its connections.
pub type UpstreamClient = Client<HttpsConnector<HttpConnector>, Full<Bytes>>;

/// A client with these authorities.
pub fn upstream_client(tls: ClientConfig) -> UpstreamClient {
    let mut connector = HttpConnector::new();
    // A call is one small write each way: waiting for more costs 40 ms.
    connector.set_nodelay(true);
    connector.enforce_http(false);
    connector.set_connect_timeout(Some(CONNECT_TIMEOUT));
    connector.set_keepalive(Some(TCP_KEEP_ALIVE));
    let connector = HttpsConnectorBuilder::new()
        .with_tls_config(tls)
        .https_or_http()
        .enable_all_versions()
        .wrap_connector(connector);
    Client::builder(TokioExecutor::new())
        .pool_timer(TokioTimer::new())
        .pool_idle_timeout(IDLE_TIMEOUT)
        .pool_max_idle_per_host(MAX_IDLE_PER_HOST)
        .build(connector)
}

/// How long opening one TCP connection may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(15);
/// How often an idle TCP connection is checked.
const TCP_KEEP_ALIVE: Duration = Duration::from_secs(60);
/// How long an idle connection is kept.
const IDLE_TIMEOUT: Duration = Duration::from_secs(90);
/// How many idle connections are kept to one server.
const MAX_IDLE_PER_HOST: usize = 256;
