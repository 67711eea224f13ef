//! The browser on this machine, and a listener for its answer.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use futures_util::future::BoxFuture;
use mcp_oauth_core::RedirectUri;
use url::Url;

use super::address::is_openable;
use super::loopback::{Listener, LoopbackOptions};
use super::sockets::Arrival;
use super::{Interaction, InteractionError, Prompt, Rendezvous, on_own_thread, page};
use crate::{Error, Grant};

type Announce = dyn Fn(&Prompt) + Send + Sync;
type Open = dyn Fn(&Url) -> io::Result<()> + Send + Sync;

/// Opens the person's browser, or hands the address to the application, and receives the answer on a loopback address.
///
/// ```
/// use mcp_oauth_client::BrowserLoopback;
/// use mcp_oauth_core::RedirectUri;
///
/// // Opens the browser; the answer comes to a free port of 127.0.0.1.
/// let interaction = BrowserLoopback::new();
///
/// // Hands the address to the application's own page; the answer comes to the port that was registered.
/// let (show, shown) = std::sync::mpsc::channel();
/// let interaction = BrowserLoopback::announced(move |prompt| drop(show.send(prompt.url.clone())))
///     .redirect_uri(RedirectUri::parse("http://localhost:3030/callback")?)
///     .return_to("http://127.0.0.1:8000/".parse()?);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct BrowserLoopback {
    options: LoopbackOptions,
    /// The free port that the last login found; 0 before.
    port: Arc<AtomicU16>,
    announce: Option<Arc<Announce>>,
    open: Option<Arc<Open>>,
}

impl BrowserLoopback {
    /// Opens the system's browser.
    pub fn new() -> Self {
        Self {
            options: LoopbackOptions::new(RedirectUri::loopback(0)),
            port: Arc::default(),
            announce: None,
            open: Some(Arc::new(open_system_browser)),
        }
    }

    /// Opens no browser: `announce` gets the address and shows it in its own way.
    pub fn announced(announce: impl Fn(&Prompt) + Send + Sync + 'static) -> Self {
        Self {
            options: LoopbackOptions::new(RedirectUri::loopback(0)),
            port: Arc::default(),
            announce: Some(Arc::new(announce)),
            open: None,
        }
    }

    /// Also hands the address to `announce`, before the browser is opened: for a line on the terminal. With it, a browser
    /// that cannot be opened is no error, since there is another way to the address.
    #[must_use]
    pub fn and_announce(mut self, announce: impl Fn(&Prompt) + Send + Sync + 'static) -> Self {
        self.announce = Some(Arc::new(announce));
        self
    }

    /// Opens the browser by `open` instead. It may block, and must not use a shell.
    #[must_use]
    pub fn opener(mut self, open: impl Fn(&Url) -> io::Result<()> + Send + Sync + 'static) -> Self {
        self.open = Some(Arc::new(open));
        self
    }

    /// The redirect URI to receive. Default: `http://127.0.0.1:0/callback`, where 0 takes a free port: the one of the
    /// last login as long as it is free.
    #[must_use]
    pub fn redirect_uri(mut self, redirect_uri: RedirectUri) -> Self {
        self.options.redirect_uri = redirect_uri;
        self
    }

    /// How long to wait for the answer. Default: 5 minutes.
    #[must_use]
    pub fn time_limit(mut self, limit: Duration) -> Self {
        self.options.time_limit = limit;
        self
    }

    /// A page to lead back to after the login.
    #[must_use]
    pub fn return_to(mut self, url: Url) -> Self {
        self.options.return_to = Some(url);
        self
    }

    /// All that can be set about the listener.
    #[must_use]
    pub fn options(mut self, options: LoopbackOptions) -> Self {
        self.options = options;
        self
    }
}

impl Default for BrowserLoopback {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for BrowserLoopback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BrowserLoopback").field("options", &self.options).finish_non_exhaustive()
    }
}

impl Interaction for BrowserLoopback {
    /// Most authorization servers register a redirect URI with its port, so another port would take another registration.
    fn prepare<'a>(
        &'a self,
        registered: &'a [RedirectUri],
    ) -> BoxFuture<'a, Result<Box<dyn Rendezvous>, InteractionError>> {
        Box::pin(async move {
            let before = registered.iter().filter(|uri| uri.is_loopback()).find_map(|uri| uri.url().port());
            let ports = before.into_iter().chain([self.port.load(Ordering::Relaxed)]);
            let listener = Listener::bind_again(&self.options, ports).await?;
            self.port.store(listener.redirect_uri().url().port().unwrap_or(0), Ordering::Relaxed);
            let waiting =
                Waiting { listener, announce: self.announce.clone(), open: self.open.clone(), arrival: None };
            Ok(Box::new(waiting) as Box<dyn Rendezvous>)
        })
    }
}

/// A login under way: the listener stands.
struct Waiting {
    listener: Listener,
    announce: Option<Arc<Announce>>,
    open: Option<Arc<Open>>,
    arrival: Option<Arrival>,
}

impl Waiting {
    async fn present(&self, prompt: &Prompt) -> Result<(), InteractionError> {
        if let Some(announce) = &self.announce {
            announce(prompt);
        }
        let Some(open) = self.open.clone() else { return Ok(()) };
        if !is_openable(&prompt.url) {
            let error =
                io::Error::new(io::ErrorKind::InvalidInput, "only https, or http on this machine, is opened");
            return Err(InteractionError::Open(error));
        }
        let url = prompt.url.clone();
        // Some openers return only when the browser ends.
        match on_own_thread(move || open(&url)).await {
            Ok(()) => Ok(()),
            Err(error) if self.announce.is_some() => {
                tracing::warn!(%error, "no browser could be opened");
                Ok(())
            }
            Err(error) => Err(InteractionError::Open(error)),
        }
    }
}

impl Rendezvous for Waiting {
    fn redirect_uri(&self) -> RedirectUri {
        self.listener.redirect_uri().clone()
    }

    fn other_redirect_uris(&self) -> Vec<RedirectUri> {
        self.listener.other_redirect_uris()
    }

    fn answer<'a>(&'a mut self, prompt: &'a Prompt) -> BoxFuture<'a, Result<String, InteractionError>> {
        Box::pin(async move {
            let arrival = {
                // The listener serves while the browser starts.
                let receive = self.listener.receive(&prompt.state);
                let present = self.present(prompt);
                tokio::pin!(receive, present);
                tokio::select! {
                    arrival = &mut receive => arrival?,
                    presented = &mut present => {
                        presented?;
                        receive.await?
                    }
                }
            };
            // Only the query: the rest of the address is ours.
            let answer = format!("?{}", arrival.query);
            self.arrival = Some(arrival);
            Ok(answer)
        })
    }

    fn conclude<'a>(self: Box<Self>, outcome: Result<&'a Grant, &'a Error>) -> BoxFuture<'a, ()>
    where
        Self: 'a,
    {
        let Self { listener, arrival, .. } = *self;
        let return_to = listener.options().return_to.clone();
        // No one else is served while the last page goes out.
        drop(listener);
        Box::pin(async move {
            let Some(arrival) = arrival else { return };
            let page = match outcome {
                Ok(grant) => page::success(grant, return_to.as_ref()),
                Err(error) => page::failure(error, return_to.as_ref()),
            };
            arrival.show(page).await;
        })
    }
}

/// By the system's own means, without a shell. The crate refuses anything but web addresses once more.
fn open_system_browser(url: &Url) -> io::Result<()> {
    webbrowser::open(url.as_str())
}

#[cfg(test)]
mod tests;
