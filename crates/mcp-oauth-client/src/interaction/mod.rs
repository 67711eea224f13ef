//! How a person is reached, and how their answer comes back.
//!
//! An [`Interaction`] first gets ready, which fixes the redirect URI: a listener stands before anybody sees an address
//! that leads to it. What it gets ready is a [`Rendezvous`], which shows the address, waits for the answer and tells the
//! person how it ended.

mod browser;
mod channel;
mod console;
mod device;
mod lines;
mod loopback;
mod page;
mod sockets;
mod terminal;

use std::fmt;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use futures_util::future::BoxFuture;
use mcp_oauth_core::{Issuer, RedirectUri, ResourceUri, ScopeSet, State, is_loopback};
use url::{Host, Url};

use crate::{CallbackError, Error, Grant};

pub use browser::BrowserLoopback;
pub use channel::{Channel, NotAccepted, Question, Questions};
pub use console::Console;
pub use device::{DeviceDisplay, DeviceLogin, DevicePrompt};
pub use loopback::LoopbackOptions;

/// What a person is asked to do.
#[derive(Clone)]
#[non_exhaustive]
pub struct Prompt {
    /// The address to open: https, or http on loopback. It holds the state of the login, so show it to nobody else.
    pub url: Url,
    /// When it is too late to open it: a minute or so after a request that was pushed (RFC 9126).
    pub open_before: Option<SystemTime>,
    /// What the login is for.
    pub resource: ResourceUri,
    /// Who will ask for it.
    pub issuer: Issuer,
    /// What will be asked for. Empty: what the server sees fit.
    pub scopes: ScopeSet,
    /// Where the answer will come to.
    pub redirect_uri: RedirectUri,
    /// What the answer must carry.
    pub(crate) state: State,
}

impl fmt::Debug for Prompt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Prompt")
            .field("url", &mcp_oauth_core::RedactedUrl(&self.url))
            .field("resource", &self.resource)
            .field("issuer", &self.issuer)
            .field("redirect_uri", &self.redirect_uri)
            .finish_non_exhaustive()
    }
}

/// A way to reach a person.
pub trait Interaction: Send + Sync {
    /// Gets ready to receive an answer, before there is anything to show. `registered` are the redirect URIs that the client
    /// of the last login was registered with, by itself; none where there was none. With one of them, that registration is
    /// used again.
    fn prepare<'a>(
        &'a self,
        registered: &'a [RedirectUri],
    ) -> BoxFuture<'a, Result<Box<dyn Rendezvous>, InteractionError>>;

    /// For a person with another device at hand: where this gives something, the login goes by a code that they type in
    /// there (RFC 8628), and [`prepare`](Self::prepare) is not called. Default: `None`.
    fn device(&self) -> Option<&dyn DeviceDisplay> {
        None
    }
}

impl<I: Interaction + ?Sized> Interaction for Arc<I> {
    fn device(&self) -> Option<&dyn DeviceDisplay> {
        (**self).device()
    }

    fn prepare<'a>(
        &'a self,
        registered: &'a [RedirectUri],
    ) -> BoxFuture<'a, Result<Box<dyn Rendezvous>, InteractionError>> {
        (**self).prepare(registered)
    }
}

/// One login's way to a person and back.
pub trait Rendezvous: Send {
    /// Where the authorization server must send the answer.
    fn redirect_uri(&self) -> RedirectUri;

    /// Other redirect URIs that lead here just as well, for authorization servers that refuse the first one. Default: none.
    fn other_redirect_uris(&self) -> Vec<RedirectUri> {
        Vec::new()
    }

    /// Shows the address and waits for the answer: a whole redirect address, its query, or a bare code.
    fn answer<'a>(&'a mut self, prompt: &'a Prompt) -> BoxFuture<'a, Result<String, InteractionError>>;

    /// Says that the last answer was none. `true` to be asked for another one.
    fn reject(&mut self, reason: &CallbackError) -> bool {
        let _ = reason;
        false
    }

    /// Tells the person how it ended.
    fn conclude<'a>(self: Box<Self>, outcome: Result<&'a Grant, &'a Error>) -> BoxFuture<'a, ()>
    where
        Self: 'a;
}

/// Why a person could not be reached or did not answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InteractionError {
    /// Another program listens on the port that the answer must come to.
    #[error("port {} is in use: end the program that uses it or choose another callback port", address.port())]
    PortInUse {
        /// The address.
        address: SocketAddr,
    },
    /// The listener for the answer cannot be set up.
    #[error("cannot listen on {address} for the answer")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What failed.
        #[source]
        source: io::Error,
    },
    /// The redirect URI is not one that this interaction can receive.
    #[error(
        "{redirect_uri} is not an http address of this machine with a port, so that no answer can be received there"
    )]
    RedirectUri {
        /// The redirect URI.
        redirect_uri: RedirectUri,
    },
    /// The login was to go by a device code, and no redirect is received.
    #[error("no redirect can be received here")]
    NoRedirect,
    /// No browser could be opened.
    #[error("no browser could be opened")]
    Open(#[source] io::Error),
    /// The terminal cannot be read or written.
    #[error("the terminal cannot be used")]
    Console(#[source] io::Error),
    /// Nobody answered in time.
    #[error("nobody answered within {} s", limit.as_secs())]
    TimedOut {
        /// How long was waited.
        limit: Duration,
    },
    /// The person or the application ended the login.
    #[error("the login was cancelled")]
    Cancelled,
}

/// True for what may be opened in a browser: https, and http on this machine. Whatever else a server names as its
/// authorization endpoint could run or read something on the spot (MCP security best practices, "OAuth Authorization URL
/// Validation").
fn is_openable(url: &Url) -> bool {
    match url.scheme() {
        "https" => url.has_host(),
        "http" => is_loopback(url),
        _ => false,
    }
}

/// The same loopback address in its other spelling: `localhost` for `127.0.0.1` and the other way round. Authorization
/// servers differ in which of them they register.
fn respelled(uri: &RedirectUri) -> Option<RedirectUri> {
    let host = match uri.url().host()? {
        Host::Ipv4(Ipv4Addr::LOCALHOST) => "localhost",
        Host::Domain(name) if name.eq_ignore_ascii_case("localhost") => "127.0.0.1",
        _ => return None,
    };
    let mut url = uri.url().clone();
    url.set_host(Some(host)).ok()?;
    RedirectUri::parse(url.as_str()).ok()
}

/// Runs what may block for as long as a person takes. Not on the runtime's own threads: it would wait for them when the
/// program ends.
pub(crate) async fn on_own_thread<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    let (done, outcome) = tokio::sync::oneshot::channel();
    std::thread::Builder::new().name("interaction".to_owned()).spawn(move || done.send(work()))?;
    outcome.await.unwrap_or_else(|_| Err(io::ErrorKind::BrokenPipe.into()))
}

#[cfg(test)]
mod tests;
