//! What is said on a terminal, or wherever else an application has people read.

use std::io::{self, Write as _};
use std::sync::Arc;

use super::{InteractionError, on_own_thread};
use crate::{Error, Grant};

type Print = dyn Fn(&str) -> io::Result<()> + Send + Sync;

/// Prints. That may take as long as whoever reads the other end of a pipe takes, so it is done on a thread of its own.
#[derive(Clone)]
pub(super) struct Terminal(Arc<Print>);

impl Terminal {
    pub(super) fn new(print: impl Fn(&str) -> io::Result<()> + Send + Sync + 'static) -> Self {
        Self(Arc::new(print))
    }

    pub(super) fn standard_error() -> Self {
        Self::new(|text| {
            let mut out = io::stderr().lock();
            out.write_all(text.as_bytes())?;
            out.flush()
        })
    }

    pub(super) async fn say(&self, text: String) -> Result<(), InteractionError> {
        let Self(print) = self;
        let print = Arc::clone(print);
        on_own_thread(move || print(&text)).await.map_err(InteractionError::Console)
    }

    /// The last words of a login, after `before`.
    pub(super) async fn conclude(&self, before: &str, outcome: Result<&Grant, &Error>) {
        let text = match outcome {
            Ok(grant) => format!("{before}You are logged in to {}.\n", grant.resource()),
            Err(error) => format!("{before}The login failed: {error}.\n"),
        };
        // The person sees the outcome elsewhere too.
        let _ = self.say(text).await;
    }
}
