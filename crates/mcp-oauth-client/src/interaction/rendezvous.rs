//! The seam: a way to a person and back.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use mcp_oauth_core::RedirectUri;

use super::{DeviceDisplay, InteractionError, Prompt};
use crate::{CallbackError, Error, Grant};

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
