//! A channel: the application is handed the address, shows it in its own way, and hands the answer back.

use std::fmt;

use futures_util::future::BoxFuture;
use mcp_oauth_core::RedirectUri;
use tokio::sync::{mpsc, oneshot};

use super::{Interaction, InteractionError, Prompt, Rendezvous};
use crate::{CallbackError, Error, Grant};

/// Questions that may wait for the application; a login beyond them waits with its question.
const WAITING: usize = 16;

/// Reaches people through the application: each login sends a [`Question`] over a channel and waits for its answer.
///
/// For applications with a page, a window or a chat of their own, and an address of their own that answers come to. The
/// questions go to one place however many logins there are, and each carries what is needed to show it.
///
/// ```
/// use mcp_oauth_client::{AuthorizationManager, Channel};
/// use mcp_oauth_core::{Challenges, RedirectUri};
///
/// # async fn show(_: &url::Url) -> String { String::new() }
/// # async fn example(manager: AuthorizationManager) -> Result<(), Box<dyn std::error::Error>> {
/// let (channel, mut questions) = Channel::new(RedirectUri::parse("https://app.example/oauth/callback")?);
///
/// // Where the application talks to people:
/// tokio::spawn(async move {
///     while let Some(question) = questions.next().await {
///         // Send the browser there; `show` gives the whole address that it comes back with.
///         let answer = show(&question.prompt().url).await;
///         if let Err(refusal) = question.answer(answer).await {
///             eprintln!("{refusal}");
///         }
///     }
/// });
///
/// // Where a login is needed:
/// manager.authorize(&channel, &Challenges::default()).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Channel {
    redirect_uri: RedirectUri,
    questions: mpsc::Sender<Question>,
}

/// The questions of a [`Channel`]. Without it, logins end with [`InteractionError::Cancelled`].
pub struct Questions(mpsc::Receiver<Question>);

/// One address to be shown to a person. Dropping it ends the login.
pub struct Question {
    prompt: Prompt,
    mistake: Option<String>,
    answer: oneshot::Sender<String>,
    verdict: oneshot::Receiver<Result<(), NotAccepted>>,
}

/// An answer was not accepted. Where it was only mistaken, the same question is asked again.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the answer was not accepted: {reason}")]
#[non_exhaustive]
pub struct NotAccepted {
    /// Why, for a person. Without secrets.
    pub reason: String,
}

impl Channel {
    /// A channel whose answers come to `redirect_uri`, an address of the application: https, or http on loopback.
    pub fn new(redirect_uri: RedirectUri) -> (Self, Questions) {
        let (questions, receiver) = mpsc::channel(WAITING);
        (Self { redirect_uri, questions }, Questions(receiver))
    }
}

impl Questions {
    /// Waits for the next question. `None` when all channels are gone.
    pub async fn next(&mut self) -> Option<Question> {
        self.0.recv().await
    }
}

impl Question {
    /// What to show.
    pub fn prompt(&self) -> &Prompt {
        &self.prompt
    }

    /// Why the same question is asked again: what was wrong with the last answer.
    pub fn mistake(&self) -> Option<&str> {
        self.mistake.as_deref()
    }

    /// Gives the answer: the whole address that the browser came back with, its query, or a bare code. Waits until it is
    /// known what became of it.
    ///
    /// # Errors
    /// When it was not accepted. Where only the answer was wrong, the question comes again; otherwise the login has failed.
    pub async fn answer(self, answer: impl Into<String>) -> Result<(), NotAccepted> {
        let gone = || NotAccepted { reason: "nobody waits for this login any more".to_owned() };
        self.answer.send(answer.into()).map_err(|_| gone())?;
        self.verdict.await.unwrap_or_else(|_| Err(gone()))
    }
}

impl Interaction for Channel {
    fn prepare<'a>(
        &'a self,
        _registered: &'a [RedirectUri],
    ) -> BoxFuture<'a, Result<Box<dyn Rendezvous>, InteractionError>> {
        let asking = Asking { channel: self.clone(), mistake: None, verdict: None };
        Box::pin(async move { Ok(Box::new(asking) as Box<dyn Rendezvous>) })
    }
}

/// One login at the channel.
struct Asking {
    channel: Channel,
    mistake: Option<String>,
    /// Who waits to hear what became of the last answer.
    verdict: Option<oneshot::Sender<Result<(), NotAccepted>>>,
}

impl Rendezvous for Asking {
    fn redirect_uri(&self) -> RedirectUri {
        self.channel.redirect_uri.clone()
    }

    fn answer<'a>(&'a mut self, prompt: &'a Prompt) -> BoxFuture<'a, Result<String, InteractionError>> {
        Box::pin(async move {
            let (answer, answered) = oneshot::channel();
            let (verdict, told) = oneshot::channel();
            self.verdict = Some(verdict);
            let question =
                Question { prompt: prompt.clone(), mistake: self.mistake.take(), answer, verdict: told };
            self.channel.questions.send(question).await.map_err(|_| InteractionError::Cancelled)?;
            answered.await.map_err(|_| InteractionError::Cancelled)
        })
    }

    fn reject(&mut self, reason: &CallbackError) -> bool {
        self.mistake = Some(reason.to_string());
        tell(self.verdict.take(), Err(reason.to_string()));
        true
    }

    fn conclude<'a>(self: Box<Self>, outcome: Result<&'a Grant, &'a Error>) -> BoxFuture<'a, ()>
    where
        Self: 'a,
    {
        tell(self.verdict, outcome.map(drop).map_err(ToString::to_string));
        Box::pin(async {})
    }
}

fn tell(verdict: Option<oneshot::Sender<Result<(), NotAccepted>>>, outcome: Result<(), String>) {
    if let Some(verdict) = verdict {
        // Whoever does not wait does not want to know.
        let _ = verdict.send(outcome.map_err(|reason| NotAccepted { reason }));
    }
}

impl fmt::Debug for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Channel").field("redirect_uri", &self.redirect_uri).finish_non_exhaustive()
    }
}

impl fmt::Debug for Questions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Questions")
    }
}

impl fmt::Debug for Question {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Question").field("prompt", &self.prompt).finish_non_exhaustive()
    }
}
