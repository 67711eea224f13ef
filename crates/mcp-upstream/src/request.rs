//! One request of a session, within its time, with as many rounds as the server wants.
use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderName, HeaderValue};
use tokio::{
    sync::Notify,
    time::{sleep, timeout},
};

use crate::{
    CallError, CallOptions, Session,
    calls::Listener,
    message::{Params, Request},
    rounds::InputRequired,
    transport::Outgoing,
};

/// What a request is about, which a stateless server sees in headers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Subject<'a> {
    /// The name of a tool or prompt, or the URI of a resource.
    pub(crate) name: &'a str,
    /// The arguments that a tool wants in headers.
    pub(crate) parameters: &'a [(HeaderName, HeaderValue)],
}

impl Session {
    /// Makes a request and waits for the text of its result.
    pub(crate) async fn request(
        &self,
        request: Request<'_>,
        options: CallOptions,
    ) -> Result<Bytes, CallError> {
        let after = options.deadline.unwrap_or(self.shared().limits.call_deadline);
        // When the time is up the future is dropped, and with it the server is told.
        timeout(after, self.exchange(request, None, &options))
            .await
            .unwrap_or(Err(CallError::Timeout { after }))
    }

    /// Makes a request that is about something: `tools/call`, `prompts/get` or `resources/read`. The server may ask for
    /// more before it answers.
    pub(crate) async fn request_about(
        &self,
        request: Request<'_>,
        subject: Subject<'_>,
        options: &CallOptions,
    ) -> Result<Bytes, CallError> {
        let after = options.deadline.unwrap_or(self.shared().limits.call_deadline);
        timeout(after, self.rounds(request, subject, options))
            .await
            .unwrap_or(Err(CallError::Timeout { after }))
    }

    /// The same without a limit on the time of the whole.
    pub(crate) async fn rounds(
        &self,
        request: Request<'_>,
        subject: Subject<'_>,
        options: &CallOptions,
    ) -> Result<Bytes, CallError> {
        let mut result = self.exchange(request, Some(subject), options).await?;
        if !self.is_stateless() {
            return Ok(result);
        }
        let limits = &self.shared().limits;
        for _ in 0..limits.rounds {
            let members = match InputRequired::read(&result, limits.excerpt_bytes)? {
                None => return Ok(result),
                Some(input) => input.answered(self.shared(), self.requests(), &request).await?,
            };
            let again = Request { method: request.method, params: Params::Members(&members) };
            let answer = self.exchange(again, Some(subject), options).await;
            result = answer.map_err(CallError::of_later_round)?;
        }
        match InputRequired::read(&result, limits.excerpt_bytes)? {
            None => Ok(result),
            Some(_) => Err(CallError::TooManyRounds { limit: limits.rounds }),
        }
    }

    async fn exchange(
        &self,
        request: Request<'_>,
        subject: Option<Subject<'_>>,
        options: &CallOptions,
    ) -> Result<Bytes, CallError> {
        let shared = self.shared();
        shared.subscriptions.asked(request.method);
        let outgoing = Outgoing {
            name: subject.map(|subject| subject.name),
            parameters: subject.map(|subject| subject.parameters.to_vec()).unwrap_or_default(),
            headers: options.headers.clone(),
            meta: Some(&options.meta),
            ..Outgoing::new(request, self.is_stateless())
        };
        let sender = options.progress.clone();
        let Some(idle) = options.idle else {
            let listener = Listener { sender, activity: None };
            return shared.wire.request(shared, outgoing, listener).await;
        };
        let activity = Arc::new(Notify::new());
        let listener = Listener { sender, activity: Some(Arc::clone(&activity)) };
        let mut reply = std::pin::pin!(shared.wire.request(shared, outgoing, listener));
        loop {
            tokio::select! {
                biased;
                reply = &mut reply => return reply,
                () = activity.notified() => {}
                () = sleep(idle) => return Err(CallError::Silent { after: idle }),
            }
        }
    }
}
