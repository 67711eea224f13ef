//! What happens after a 401 or a 403 (RFC 6750 §3.1, MCP "Scope Challenge Handling").
//!
//! Each remedy is tried once per request, and the request is sent again after each:
//!
//! | answer | remedy | then |
//! |---|---|---|
//! | 401 that is about the nonce in the proof | the same token with a new proof, once per token | sent again |
//! | 401 that is about the proof otherwise | none: no token would help | the answer |
//! | 401 | another token without a person: renewed, or taken over | sent again |
//! | 401 after that, or without any | a login | sent again |
//! | 401 after that | none: the login is of no use, and is not tried again for a while | error |
//! | 403 with `insufficient_scope` | a login with more scopes, or a token request where no person is needed | sent again |
//! | 403 after that | none: the scopes stay denied, and are not asked for again for a while | error |
//!
//! So a request is sent five times at the very most, and with no token twice; with nonces, each of these twice.

use std::sync::Arc;

use http::{Request, Response, StatusCode};
use mcp_oauth_core::{Challenges, OAuthErrorCode};
use tower::Service;

use super::Authority;
use super::proof::{self, Sent, Verdict};
use crate::attendance::{Need, Operation};
use crate::error::LoginObstacle;
use crate::http::BoxError;
use crate::{AuthorizationReason, Error, Grant, RefreshError};

/// What it takes to send a request again.
pub(super) struct Spare<S, B> {
    pub(super) service: S,
    pub(super) authority: Arc<Authority>,
    /// Without any token.
    pub(super) request: Request<B>,
    /// The grant whose token was sent, and how.
    pub(super) sent: Option<Sent>,
}

/// Whether the answer may ask for something that can be done.
pub(super) fn concerns<R>(answer: &Response<R>) -> bool {
    matches!(answer.status(), StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN)
}

/// A request whose token has to be read or renewed first. `service` is ready.
pub(super) async fn begin<S, B, R>(
    mut service: S,
    authority: Arc<Authority>,
    request: Request<B>,
) -> Result<Response<R>, BoxError>
where
    S: Service<Request<B>, Response = Response<R>> + Send,
    S::Error: Into<BoxError>,
    S::Future: Send,
    B: Clone + Send,
    R: Send,
{
    let mut first = request.clone();
    let sent = match authority.manager.credential().await? {
        Some(grant) => Some(proof::attach(&mut first, grant, &authority.manager).await?),
        None => None,
    };
    let answer = service.call(first).await.map_err(Into::into)?;
    if !concerns(&answer) {
        // A nonce for the next request comes with a good answer, too.
        proof::judge(&request, sent.as_ref(), &answer, &authority.manager);
        return Ok(answer);
    }
    recover(Spare { service, authority, request, sent }, answer).await
}

/// Answers a challenge, and what comes after it.
pub(super) async fn recover<S, B, R>(
    spare: Spare<S, B>,
    mut answer: Response<R>,
) -> Result<Response<R>, BoxError>
where
    S: Service<Request<B>, Response = Response<R>> + Send,
    S::Error: Into<BoxError>,
    S::Future: Send,
    B: Clone + Send,
    R: Send,
{
    let Spare { mut service, authority, request, sent } = spare;
    let operation = Operation::of(&request);
    let mut recovery =
        Recovery { authority, operation, sent, renewed: false, logged_in: None, stepped_up: None };
    loop {
        let mut again = request.clone();
        match proof::judge(&request, recovery.sent.as_ref(), &answer, &recovery.authority.manager) {
            Verdict::Refused => return Ok(answer),
            Verdict::Retry(sent) => {
                drop(answer);
                recovery.sent = Some(proof::prove(&mut again, sent, &recovery.authority.manager).await?);
                answer = resend(&mut service, again).await?;
                continue;
            }
            Verdict::Silent => {}
        }
        let challenges = Challenges::from_headers(answer.headers());
        let Some(reason) = reason(answer.status(), &challenges) else { return Ok(answer) };
        // Frees its connection: what comes now may take as long as a person does.
        drop(answer);
        let grant = match reason {
            AuthorizationReason::Unauthorized => recovery.unauthorized(challenges).await?,
            AuthorizationReason::InsufficientScope => recovery.insufficient(challenges).await?,
        };
        recovery.sent = Some(proof::attach(&mut again, grant, &recovery.authority.manager).await?);
        answer = resend(&mut service, again).await?;
    }
}

async fn resend<S, B, R>(service: &mut S, request: Request<B>) -> Result<Response<R>, BoxError>
where
    S: Service<Request<B>, Response = Response<R>>,
    S::Error: Into<BoxError>,
{
    std::future::poll_fn(|context| service.poll_ready(context)).await.map_err(Into::into)?;
    service.call(request).await.map_err(Into::into)
}

/// What a status asks for. A 403 without `insufficient_scope` is an ordinary failure (C1.7).
fn reason(status: StatusCode, challenges: &Challenges) -> Option<AuthorizationReason> {
    match status {
        StatusCode::UNAUTHORIZED => Some(AuthorizationReason::Unauthorized),
        StatusCode::FORBIDDEN => (challenges.error() == Some(OAuthErrorCode::InsufficientScope))
            .then_some(AuthorizationReason::InsufficientScope),
        _ => None,
    }
}

/// What was tried for one request.
struct Recovery {
    authority: Arc<Authority>,
    operation: Operation,
    /// The grant whose token was refused last, and how it was sent.
    sent: Option<Sent>,
    renewed: bool,
    /// What the login of this request was for.
    logged_in: Option<Need>,
    stepped_up: Option<Need>,
}

impl Recovery {
    /// After a 401: another token, in whatever way.
    async fn unauthorized(&mut self, challenges: Challenges) -> Result<Arc<Grant>, BoxError> {
        if !std::mem::replace(&mut self.renewed, true)
            && let Some(grant) = self.renewal(&challenges).await?
        {
            return Ok(grant);
        }
        let need = self.need(AuthorizationReason::Unauthorized, challenges);
        if let Some(useless) = self.logged_in.replace(need.clone()) {
            return Err(self.give_up(&useless, need));
        }
        self.log_in(need).await
    }

    /// After a 403: more scopes. A refresh could not give them (C11.3).
    async fn insufficient(&mut self, challenges: Challenges) -> Result<Arc<Grant>, BoxError> {
        let need = self.need(AuthorizationReason::InsufficientScope, challenges);
        if let Some(useless) = self.stepped_up.replace(need.clone()) {
            return Err(self.give_up(&useless, need));
        }
        if self.authority.manager.is_unattended() {
            return self.step_up_alone(need).await;
        }
        self.log_in(need).await
    }

    /// More scopes without a person.
    async fn step_up_alone(&self, need: Need) -> Result<Arc<Grant>, BoxError> {
        match self.authority.manager.step_up_alone(&need).await {
            Ok(grant) => Ok(grant),
            Err(LoginObstacle::Failed(error)) => match &*error {
                // No login is missing.
                Error::Refresh(error) => Err(error.clone().into()),
                _ => Err(need.required.because(LoginObstacle::Failed(error)).into()),
            },
            Err(obstacle) => Err(need.required.because(obstacle).into()),
        }
    }

    /// Another token than the one that was refused, without a person. `None` when a person is needed.
    async fn renewal(&self, challenges: &Challenges) -> Result<Option<Arc<Grant>>, RefreshError> {
        let rejected = self.sent.as_ref().map(|sent| sent.grant.access_token());
        match self.authority.manager.recovered_grant(rejected, challenges).await {
            // A token that was refused is not sent again (C13.5).
            Ok(grant) if Some(grant.access_token()) == rejected => Ok(None),
            Ok(grant) => Ok(Some(grant)),
            Err(error) if error.needs_authorization() => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn log_in(&self, need: Need) -> Result<Arc<Grant>, BoxError> {
        let Authority { manager, attendant } = &*self.authority;
        if manager.is_unattended() {
            // No person could mend it: a token that was made for this request is refused.
            return Err(need.required.because(LoginObstacle::OfNoUse).into());
        }
        match attendant {
            None => Err(need.required.into()),
            Some(attendant) => match manager.log_in_for(attendant, &need).await {
                Ok(grant) => Ok(grant),
                Err(obstacle) => Err(need.required.because(obstacle).into()),
            },
        }
    }

    /// A login was made for this request and did not help.
    fn give_up(&self, useless: &Need, need: Need) -> BoxError {
        self.authority.manager.remember_useless(useless);
        need.required.because(LoginObstacle::OfNoUse).into()
    }

    fn need(&self, reason: AuthorizationReason, challenges: Challenges) -> Need {
        let refused = self.sent.as_ref().map(|sent| Arc::clone(&sent.grant));
        let required = self.authority.manager.required_after(reason, challenges, refused.as_deref());
        Need { required, operation: self.operation.clone(), refused }
    }
}
