//! A person with another device at hand: a code is shown here, they type it in there (RFC 8628).

use std::fmt;
use std::time::Duration;

use futures_util::future::BoxFuture;
use mcp_oauth_core::{Issuer, RedactedUrl, RedirectUri, ResourceUri, ScopeSet};
use url::Url;

use super::terminal::Terminal;
use super::{Interaction, InteractionError, Rendezvous};
use crate::{Error, Grant};

/// What a person is asked to do on another device.
#[derive(Clone)]
#[non_exhaustive]
pub struct DevicePrompt {
    /// What they type in, with the dashes that the server wrote for legibility.
    pub user_code: String,
    /// Where they type it in: https, or http on loopback.
    pub verification_uri: Url,
    /// The same with the code in it, for a link or a QR code. Show the code all the same, for the person to compare
    /// (RFC 8628 §3.3.1).
    pub verification_uri_complete: Option<Url>,
    /// How long the code is valid.
    pub expires_in: Duration,
    /// What the login is for.
    pub resource: ResourceUri,
    /// Who will ask for it.
    pub issuer: Issuer,
    /// What will be asked for. Empty: what the server sees fit.
    pub scopes: ScopeSet,
}

impl fmt::Debug for DevicePrompt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DevicePrompt")
            .field("verification_uri", &RedactedUrl(&self.verification_uri))
            .field("resource", &self.resource)
            .field("issuer", &self.issuer)
            .field("expires_in", &self.expires_in)
            .finish_non_exhaustive()
    }
}

/// Shows what a person has to do on another device.
pub trait DeviceDisplay: Send + Sync {
    /// Shows it. The login goes on once this returns, so it does not wait for the person.
    fn show<'a>(&'a self, prompt: &'a DevicePrompt) -> BoxFuture<'a, Result<(), InteractionError>>;

    /// Tells the person how it ended. Default: nothing.
    fn conclude<'a>(&'a self, outcome: Result<&'a Grant, &'a Error>) -> BoxFuture<'a, ()> {
        let _ = outcome;
        Box::pin(async {})
    }
}

/// A login on another device, for programs where no browser can be opened and no redirect comes back: a server reached by
/// ssh, a container, a television. The authorization server must offer it. The client is the configured one, or a
/// dynamic registration of its own, without redirect URIs.
///
/// It goes wherever an [`Interaction`] goes:
///
/// ```no_run
/// use mcp_oauth_client::{AuthorizationManager, DeviceLogin, PreregisteredClient};
/// use mcp_oauth_core::{Challenges, ClientId};
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let manager = AuthorizationManager::builder("https://mcp.example/mcp")
///     .preregistered(PreregisteredClient::new(ClientId::parse("my-tool")?))
///     .build()?;
/// let grant = manager.authorize(&DeviceLogin::on_terminal(), &Challenges::default()).await?;
/// println!("logged in at {}", grant.issuer());
/// # Ok(())
/// # }
/// ```
pub struct DeviceLogin {
    display: Box<dyn DeviceDisplay>,
}

impl DeviceLogin {
    /// Shows it by `display`.
    pub fn new(display: impl DeviceDisplay + 'static) -> Self {
        Self { display: Box::new(display) }
    }

    /// Calls a function with it, which must not block for long.
    pub fn announced(announce: impl Fn(&DevicePrompt) + Send + Sync + 'static) -> Self {
        Self::new(Announced(announce))
    }

    /// Prints it on standard error.
    pub fn on_terminal() -> Self {
        Self::new(Terminal::standard_error())
    }
}

impl Interaction for DeviceLogin {
    fn prepare<'a>(
        &'a self,
        _registered: &'a [RedirectUri],
    ) -> BoxFuture<'a, Result<Box<dyn Rendezvous>, InteractionError>> {
        Box::pin(async { Err(InteractionError::NoRedirect) })
    }

    fn device(&self) -> Option<&dyn DeviceDisplay> {
        Some(&*self.display)
    }
}

impl fmt::Debug for DeviceLogin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeviceLogin").finish_non_exhaustive()
    }
}

struct Announced<F>(F);

impl<F: Fn(&DevicePrompt) + Send + Sync> DeviceDisplay for Announced<F> {
    fn show<'a>(&'a self, prompt: &'a DevicePrompt) -> BoxFuture<'a, Result<(), InteractionError>> {
        (self.0)(prompt);
        Box::pin(async { Ok(()) })
    }
}

impl DeviceDisplay for Terminal {
    fn show<'a>(&'a self, prompt: &'a DevicePrompt) -> BoxFuture<'a, Result<(), InteractionError>> {
        let complete = prompt.verification_uri_complete.as_ref();
        let shortcut =
            complete.map(|url| format!("\nor open {url}\nand compare the code")).unwrap_or_default();
        let text = format!(
            "Log in to {}: on any device, open\n\n  {}\n\nand type in\n\n  {}\n{shortcut}\n",
            prompt.resource, prompt.verification_uri, prompt.user_code
        );
        Box::pin(self.say(text))
    }

    fn conclude<'a>(&'a self, outcome: Result<&'a Grant, &'a Error>) -> BoxFuture<'a, ()> {
        Box::pin(self.conclude("", outcome))
    }
}
