//! A terminal: the address is printed, the person opens it anywhere and pastes the address they end up at.

use std::fmt;
use std::io;
use std::sync::{Arc, LazyLock};

use futures_util::future::BoxFuture;
use mcp_oauth_core::RedirectUri;

use super::address::respelled;
use super::lines::Lines;
use super::terminal::Terminal;
use super::{Interaction, InteractionError, Prompt, Rendezvous};
use crate::{CallbackError, Error, Grant};

/// Standard input, of which there is one, with one reader.
static STANDARD_INPUT: LazyLock<Arc<Lines>> = LazyLock::new(|| {
    Lines::new(|| {
        let mut line = String::new();
        match io::stdin().read_line(&mut line)? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            _ => Ok(line),
        }
    })
});

/// For machines without a browser. The browser, wherever it is, cannot reach the redirect URI and shows an error, but its
/// address bar holds the answer.
///
/// A bare code is accepted too. Nothing but the person then ties it to this login: a code that someone else talked them
/// into pasting logs this client in as someone else. Servers that say who they are in their answer (RFC 9207) need the
/// whole address for that reason.
#[derive(Clone)]
pub struct Console {
    redirect_uri: RedirectUri,
    terminal: Terminal,
    lines: Arc<Lines>,
}

impl Console {
    /// Asks on standard error and reads from standard input. However many of these there are, one line at a time is read,
    /// and only while somebody waits for one: it goes to the login that waits now, not to one that has timed out.
    pub fn new() -> Self {
        Self::with(Terminal::standard_error(), Arc::clone(&STANDARD_INPUT))
    }

    /// Asks by `print` and waits for a line by `read`. Both may block: they are called on threads of their own. `read` is
    /// called once at a time for this value and its clones; the line of a call that began for a login that has ended since
    /// goes to the next.
    pub fn with_terminal(
        print: impl Fn(&str) -> io::Result<()> + Send + Sync + 'static,
        read: impl Fn() -> io::Result<String> + Send + Sync + 'static,
    ) -> Self {
        Self::with(Terminal::new(print), Lines::new(read))
    }

    fn with(terminal: Terminal, lines: Arc<Lines>) -> Self {
        Self { redirect_uri: RedirectUri::loopback(3030), terminal, lines }
    }

    /// Where the browser is sent. Nothing listens there. Default: `http://127.0.0.1:3030/callback`.
    #[must_use]
    pub fn redirect_uri(mut self, redirect_uri: RedirectUri) -> Self {
        self.redirect_uri = redirect_uri;
        self
    }
}

impl Default for Console {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Console {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Console").field("redirect_uri", &self.redirect_uri).finish_non_exhaustive()
    }
}

impl Interaction for Console {
    fn prepare<'a>(
        &'a self,
        _registered: &'a [RedirectUri],
    ) -> BoxFuture<'a, Result<Box<dyn Rendezvous>, InteractionError>> {
        let asking = Asking { console: self.clone(), asked: false, unsaid: String::new() };
        Box::pin(async move { Ok(Box::new(asking) as Box<dyn Rendezvous>) })
    }
}

struct Asking {
    console: Console,
    asked: bool,
    /// What is said with the next words.
    unsaid: String,
}

impl Rendezvous for Asking {
    fn redirect_uri(&self) -> RedirectUri {
        self.console.redirect_uri.clone()
    }

    fn other_redirect_uris(&self) -> Vec<RedirectUri> {
        respelled(&self.console.redirect_uri).into_iter().collect()
    }

    fn answer<'a>(&'a mut self, prompt: &'a Prompt) -> BoxFuture<'a, Result<String, InteractionError>> {
        Box::pin(async move {
            let mut text = std::mem::take(&mut self.unsaid);
            if !self.asked {
                self.asked = true;
                text = format!(
                    "Log in to {}: open this address in a browser\n\n  {}\n\nThe page after the login will not load. \
                     Copy its whole address from the address bar.\n",
                    prompt.resource, prompt.url
                );
            }
            // A line of its own: whatever else is printed in the meantime does not tear it apart.
            text.push_str("Paste it here:\n");
            let place = self.console.lines.queue();
            self.console.terminal.say(text).await?;
            place.line().await.map_err(InteractionError::Console)
        })
    }

    fn reject(&mut self, reason: &CallbackError) -> bool {
        self.unsaid = format!("That did not work: {reason}.\n");
        true
    }

    fn conclude<'a>(self: Box<Self>, outcome: Result<&'a Grant, &'a Error>) -> BoxFuture<'a, ()>
    where
        Self: 'a,
    {
        Box::pin(async move { self.console.terminal.conclude(&self.unsaid, outcome).await })
    }
}
