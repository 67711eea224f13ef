//! A listener on this machine that receives one answer (RFC 8252 §7.3, §8.3).
//!
//! It listens on loopback addresses only, and answers nothing but its own path with its own state; whoever else asks
//! gets a 404. It takes one answer, tells the browser how the login ended, and is gone.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use mcp_oauth_core::{RedirectUri, State};
use url::{Host, Url};

use super::InteractionError;
use super::address::respelled;
use super::sockets::{Arrival, Sockets};

/// Where to listen, and for how long.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct LoopbackOptions {
    /// The redirect URI to receive: `http` on `127.0.0.1`, `[::1]` or `localhost`. Port 0, or none, takes a free one.
    /// Default: `http://127.0.0.1:0/callback`.
    pub redirect_uri: RedirectUri,
    /// How long to wait for the answer. Default: 5 minutes.
    pub time_limit: Duration,
    /// A page to lead back to after the login: a link, followed by itself after a moment.
    pub return_to: Option<Url>,
    /// How many connections are served at once on each address; more are closed. Default: 32.
    pub connections: usize,
    /// How long a connection may take to send its request. Default: 10 seconds.
    pub request_time: Duration,
}

impl LoopbackOptions {
    /// Receives at `redirect_uri`, the rest as by default.
    pub fn new(redirect_uri: RedirectUri) -> Self {
        Self {
            redirect_uri,
            time_limit: Duration::from_secs(300),
            return_to: None,
            connections: 32,
            request_time: Duration::from_secs(10),
        }
    }
}

/// One login's place at a listener.
pub(super) struct Listener {
    redirect_uri: RedirectUri,
    sockets: Sockets,
    options: LoopbackOptions,
}

impl Listener {
    /// Listens on every loopback address that the browser may try. Logins of this program that want the same addresses
    /// share them: each gets the answer with its own state.
    pub(super) async fn bind(options: LoopbackOptions) -> Result<Self, InteractionError> {
        let wanted = &options.redirect_uri;
        let refused = || InteractionError::RedirectUri { redirect_uri: wanted.clone() };
        let host = match wanted.url().host() {
            Some(host) if wanted.is_loopback() => host,
            _ => return Err(refused()),
        };
        // Without a port, RFC 8252 §7.3 has the program choose one. (Port 80 cannot be told from none, and needs
        // privileges.)
        let port = wanted.url().port().unwrap_or(0);
        let (first, second) = match host {
            Host::Ipv6(address) => (IpAddr::V6(address), None),
            Host::Ipv4(address) => (IpAddr::V4(address), Some((Ipv6Addr::LOCALHOST, false))),
            // A browser tries both addresses of "localhost", in an order of its own. Were the other one left to another
            // program, that program would get the code.
            Host::Domain(_) => (IpAddr::V4(Ipv4Addr::LOCALHOST), Some((Ipv6Addr::LOCALHOST, true))),
        };
        let sockets = Sockets::share(SocketAddr::new(first, port), second, &options).await?;
        let redirect_uri = match port {
            0 => sockets.port().and_then(|port| with_port(wanted, port)).ok_or_else(refused)?,
            _ => wanted.clone(),
        };
        tracing::debug!(%redirect_uri, "listening for the answer");
        Ok(Self { redirect_uri, sockets, options })
    }

    /// The same, at the first of these ports that is free, where any free one would do. `0`: none of them.
    pub(super) async fn bind_again(
        options: &LoopbackOptions,
        ports: impl Iterator<Item = u16>,
    ) -> Result<Self, InteractionError> {
        let wanted = &options.redirect_uri;
        let any = wanted.url().port().unwrap_or(0) == 0;
        for again in ports.filter(|port| any && *port != 0).filter_map(|port| with_port(wanted, port)) {
            match Self::bind(LoopbackOptions { redirect_uri: again, ..options.clone() }).await {
                Err(InteractionError::PortInUse { .. } | InteractionError::Listen { .. }) => {}
                outcome => return outcome,
            }
        }
        Self::bind(options.clone()).await
    }

    pub(super) fn redirect_uri(&self) -> &RedirectUri {
        &self.redirect_uri
    }

    /// The address in its other spelling, if the browser finds nobody else there: of the name `localhost` it may try either
    /// address.
    pub(super) fn other_redirect_uris(&self) -> Vec<RedirectUri> {
        if !self.sockets.hold_both() {
            return Vec::new();
        }
        respelled(&self.redirect_uri).into_iter().collect()
    }

    pub(super) fn options(&self) -> &LoopbackOptions {
        &self.options
    }

    /// Waits for the answer that carries `state`.
    pub(super) async fn receive(&self, state: &State) -> Result<Arrival, InteractionError> {
        let limit = self.options.time_limit;
        let (_seat, mut arrival) = self.sockets.take_seat(self.redirect_uri.url().path(), state);
        let wait = async {
            tokio::select! {
                arrival = arrival.recv() => arrival.ok_or(InteractionError::Cancelled),
                never = self.sockets.accept() => match never {},
            }
        };
        tokio::time::timeout(limit, wait).await.unwrap_or(Err(InteractionError::TimedOut { limit }))
    }
}

/// The same URI with the port that was found.
fn with_port(uri: &RedirectUri, port: u16) -> Option<RedirectUri> {
    let mut url = uri.url().clone();
    url.set_port(Some(port)).ok()?;
    RedirectUri::parse(url.as_str()).ok()
}
