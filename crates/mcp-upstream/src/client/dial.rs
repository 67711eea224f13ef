//! Opens connections: directly or through a proxy, with TLS where the address says so.
use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use http::{HeaderValue, Uri};
use hyper_util::{
    client::{
        legacy::connect::{
            HttpConnector,
            proxy::{SocksV5, Tunnel},
        },
        proxy::matcher::Intercept,
    },
    rt::TokioIo,
};
use rustls::{ClientConfig, pki_types::ServerName};
use tokio_rustls::TlsConnector;
use tower::{Service, ServiceExt as _};

use super::{ClientLimits, HttpClientError, Proxies, origin::Origin, proxies::Way, socket::Socket};
use crate::BoxError;

#[derive(Clone)]
pub(super) struct Dialer {
    tcp: HttpConnector,
    /// For servers: speaks HTTP/2 where they do.
    tls: TlsConnector,
    /// For proxies, with which HTTP/1.1 is spoken.
    proxy_tls: TlsConnector,
    proxies: Proxies,
}

/// An open connection.
pub(super) struct Dialed {
    pub(super) socket: Socket,
    pub(super) http2: bool,
    /// Requests go to a proxy that passes them on.
    pub(super) forward: Option<Forward>,
}

/// What a proxy that passes requests on wants to see.
#[derive(Debug, Clone)]
pub(super) struct Forward {
    pub(super) credentials: Option<HeaderValue>,
}

impl Dialer {
    pub(super) fn new(config: &ClientConfig, proxies: Proxies, limits: &ClientLimits) -> Self {
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        // A call is one small write each way: waiting for more costs 40 ms.
        tcp.set_nodelay(true);
        tcp.set_keepalive(Some(limits.tcp_keep_alive));
        let with = |protocols: &[&[u8]]| {
            let mut config = config.clone();
            config.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
            TlsConnector::from(Arc::new(config))
        };
        Self { tcp, tls: with(&[b"h2", b"http/1.1"]), proxy_tls: with(&[b"http/1.1"]), proxies }
    }

    /// Opens a connection. In a box: it happens seldom, and is much larger than a request on an open one.
    pub(super) fn dial(&self, origin: &Origin) -> Opening<Dialed, HttpClientError> {
        let (dialer, origin) = (self.clone(), origin.clone());
        Box::pin(async move {
            let uri = origin.uri()?;
            let (socket, forward) = match dialer.proxies.way(&origin, &uri) {
                Way::Direct => {
                    let connect = |source| HttpClientError::Connect { source };
                    (dialer.tcp(uri).await.map_err(connect)?, None)
                }
                Way::Forward(proxy) => {
                    let socket = dialer.proxy(proxy.uri().clone()).await.map_err(failed(&proxy))?;
                    (socket, Some(Forward { credentials: proxy.basic_auth().cloned() }))
                }
                Way::Tunnel(proxy) => (dialer.tunnel(&proxy, uri).await.map_err(failed(&proxy))?, None),
                Way::Socks(proxy) => (dialer.socks(&proxy, uri).await.map_err(failed(&proxy))?, None),
            };
            if !origin.secure {
                return Ok(Dialed { socket, http2: false, forward });
            }
            let tls = |source| HttpClientError::Tls { source };
            let socket = handshake(dialer.tls, origin.host().to_owned(), socket).await.map_err(tls)?;
            let http2 = match &socket {
                Socket::Tls(stream) => stream.get_ref().1.alpn_protocol() == Some(b"h2"),
                Socket::Plain(_) => false,
            };
            Ok(Dialed { socket, http2, forward: None })
        })
    }

    fn tcp(&self, uri: Uri) -> Opening<Socket, BoxError> {
        let tcp = self.tcp.clone();
        Box::pin(async move { Ok(Socket::Plain(tcp.oneshot(uri).await?.into_inner())) })
    }

    /// A connection to the proxy itself.
    fn proxy(&self, uri: Uri) -> Opening<Socket, BoxError> {
        let dialer = self.clone();
        Box::pin(async move {
            let secure = match uri.scheme_str() {
                Some("http") => false,
                Some("https") => true,
                _ => return Err("proxies of this kind are not supported".into()),
            };
            let host = uri.host().unwrap_or_default().trim_matches(['[', ']']).to_owned();
            let socket = dialer.tcp(uri).await?;
            if secure { Ok(handshake(dialer.proxy_tls, host, socket).await?) } else { Ok(socket) }
        })
    }

    fn tunnel(&self, proxy: &Intercept, server: Uri) -> Opening<Socket, BoxError> {
        let mut tunnel = Tunnel::new(proxy.uri().clone(), ToProxy(self.clone()));
        if let Some(credentials) = proxy.basic_auth() {
            tunnel = tunnel.with_auth(credentials.clone());
        }
        Box::pin(async move { Ok(tunnel.oneshot(server).await?.into_inner()) })
    }

    fn socks(&self, proxy: &Intercept, server: Uri) -> Opening<Socket, BoxError> {
        let mut socks = SocksV5::new(proxy.uri().clone(), ToProxy(self.clone()));
        if let Some((user, password)) = proxy.raw_auth() {
            socks = socks.with_auth(user.to_owned(), password.to_owned());
        }
        Box::pin(async move { Ok(socks.oneshot(server).await?.into_inner()) })
    }
}

/// What opens the connection to a proxy.
struct ToProxy(Dialer);

impl Service<Uri> for ToProxy {
    type Response = TokioIo<Socket>;
    type Error = BoxError;
    type Future = Opening<TokioIo<Socket>, BoxError>;

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let socks = uri.scheme_str().is_some_and(|scheme| scheme.starts_with("socks5"));
        let opening = if socks { self.0.tcp(with_socks_port(uri)) } else { self.0.proxy(uri) };
        Box::pin(async move { opening.await.map(TokioIo::new) })
    }
}

/// A SOCKS proxy is at 1080 unless its address says otherwise (RFC 1928 §3).
fn with_socks_port(uri: Uri) -> Uri {
    let named = uri
        .authority()
        .filter(|authority| authority.port().is_none())
        .map(|at| format!("{}:1080", at.host()));
    let Some(authority) = named.and_then(|named| named.parse().ok()) else { return uri };
    let mut parts = uri.clone().into_parts();
    parts.authority = Some(authority);
    Uri::from_parts(parts).unwrap_or(uri)
}

type Opening<T, E> = Pin<Box<dyn Future<Output = Result<T, E>> + Send>>;

fn handshake(tls: TlsConnector, host: String, socket: Socket) -> Opening<Socket, io::Error> {
    Box::pin(async move {
        let name = ServerName::try_from(host).map_err(io::Error::other)?;
        Ok(Socket::Tls(Box::new(tls.connect(name, socket).await?)))
    })
}

fn failed(proxy: &Intercept) -> impl Fn(BoxError) -> HttpClientError {
    // Without user and password, which the matcher has taken out.
    let uri = proxy.uri();
    let proxy: Box<str> =
        format!("{}://{}", uri.scheme_str().unwrap_or("http"), uri.authority().map_or("", |a| a.as_str()))
            .into();
    move |source| HttpClientError::Proxy { proxy: proxy.clone(), source }
}

#[cfg(test)]
mod tests;
