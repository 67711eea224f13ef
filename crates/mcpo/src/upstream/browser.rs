//! What opens a login page: the person's browser, nothing, or (for headless use) a client that only follows redirects.

use std::fmt::Debug;
use std::io;

use bytes::Bytes;
use http_body_util::Full;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use tokio::runtime::Handle;
use url::Url;

/// Opens pages for a person.
pub trait Browser: Debug + Send + Sync {
    /// Opens `url`; returns as soon as that is under way.
    ///
    /// # Errors
    /// When there is nothing to open it with. The URL is then to be shown instead.
    fn open(&self, url: &Url) -> io::Result<()>;
}

/// The default browser of the person's desktop.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemBrowser;

impl Browser for SystemBrowser {
    fn open(&self, url: &Url) -> io::Result<()> {
        if !matches!(url.scheme(), "http" | "https") {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "only http and https pages are opened"));
        }
        // The hardened build opens web pages only and never goes through a shell.
        webbrowser::open(url.as_str())
    }
}

/// Opens nothing: the URL is shown.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoBrowser;

impl Browser for NoBrowser {
    fn open(&self, _: &Url) -> io::Result<()> {
        Err(io::Error::new(io::ErrorKind::Unsupported, "no browser is to be opened"))
    }
}

/// Follows the redirects of an authorization server that asks nobody, down to the callback. For plain HTTP on this machine.
#[derive(Debug, Clone)]
pub struct RedirectFollower {
    /// A browser is opened on a thread of its own, which knows no runtime.
    runtime: Handle,
}

impl RedirectFollower {
    /// One that follows a few redirects, on the runtime that this is called on.
    ///
    /// # Panics
    /// Outside a runtime.
    #[expect(clippy::new_without_default, reason = "a default should not need a runtime around it")]
    pub fn new() -> Self {
        Self { runtime: Handle::current() }
    }
}

impl Browser for RedirectFollower {
    fn open(&self, url: &Url) -> io::Result<()> {
        let mut at = url.clone();
        self.runtime.spawn(async move {
            let client: Client<_, Full<Bytes>> = Client::builder(TokioExecutor::new()).build_http();
            for _ in 0..MOST_REDIRECTS {
                let Ok(uri) = at.as_str().parse() else { return };
                let response = match client.get(uri).await {
                    Ok(response) => response,
                    Err(error) => {
                        tracing::warn!(%error, "cannot follow the login by itself");
                        return;
                    }
                };
                let location = response
                    .headers()
                    .get(axum::http::header::LOCATION)
                    .and_then(|value| value.to_str().ok());
                match location.and_then(|location| at.join(location).ok()) {
                    Some(next) => at = next,
                    None => return,
                }
            }
        });
        Ok(())
    }
}

const MOST_REDIRECTS: usize = 5;
