//! What happens after a 401 or a 403 (RFC 6750 §3.1, MCP "Scope Challenge Handling").
//!
//! Each remedy is tried once per request, and the request is sent again after each:
//!
//! | answer | remedy | then |
//! |---|---|---|
//! | 401 | another token without a person: renewed, or taken over | sent again |
//! | 401 after that, or without any | a login | sent again |
//! | 401 after that | none: the login is of no use, and is not tried again for a while | error |
//! | 403 with `insufficient_scope` | a login with more scopes | sent again |
//! | 403 after that | none: the scopes stay denied, and are not asked for again for a while | error |
//!
//! So a request is sent five times at the very most, and with no token twice.

use std::sync::Arc;

use http::header::AUTHORIZATION;
use http::{Request, Response, StatusCode};
use mcp_oauth_core::{Challenges, OAuthErrorCode};
use tower::Service;

use super::Authority;
use crate::attendance::{Need, Operation};
use crate::error::LoginObstacle;
use crate::http::BoxError;
use crate::{AuthorizationReason, Grant, RefreshError};

/// What it takes to send a request again.
pub(super) struct Spare<S, B> {
    pub(super) service: S,
    pub(super) authority: Arc<Authority>,
    /// Without any token.
    pub(super) request: Request<B>,
    /// The grant whose token was sent.
    pub(super) sent: Option<Arc<Grant>>,
}

/// Puts the grant's token into the request: into its header, never into its address (C13.1, C13.2).
pub(super) fn attach<B>(request: &mut Request<B>, grant: &Grant) {
    request.headers_mut().insert(AUTHORIZATION, grant.header.clone());
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
    let sent = authority.manager.credential().await?;
    let mut first = request.clone();
    if let Some(grant) = &sent {
        attach(&mut first, grant);
    }
    let answer = service.call(first).await.map_err(Into::into)?;
    if !concerns(&answer) {
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
        let challenges = Challenges::from_headers(answer.headers());
        let Some(reason) = reason(answer.status(), &challenges) else { return Ok(answer) };
        // Frees its connection: what comes now may take as long as a person does.
        drop(answer);
        let grant = match reason {
            AuthorizationReason::Unauthorized => recovery.unauthorized(challenges).await?,
            AuthorizationReason::InsufficientScope => recovery.insufficient(challenges).await?,
        };
        let mut again = request.clone();
        attach(&mut again, &grant);
        recovery.sent = Some(grant);
        std::future::poll_fn(|context| service.poll_ready(context)).await.map_err(Into::into)?;
        answer = service.call(again).await.map_err(Into::into)?;
    }
}

/// What a status asks for. A 403 without `insufficient_scope` is an ordinary failure (C1.7).
fn reason(status: StatusCode, challenges: &Challenges) -> Option<AuthorizationReason> {
    match status {
        StatusCode::UNAUTHORIZED => Some(AuthorizationReason::Unauthorized),
        StatusCode::FORBIDDEN => {
            let error = challenges.bearer().and_then(|bearer| bearer.error);
            (error == Some(OAuthErrorCode::InsufficientScope))
                .then_some(AuthorizationReason::InsufficientScope)
        }
        _ => None,
    }
}

/// What was tried for one request.
struct Recovery {
    authority: Arc<Authority>,
    operation: Operation,
    /// The grant whose token was refused last.
    sent: Option<Arc<Grant>>,
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
        let refused = self.sent.as_ref().map(|grant| grant.access_token().clone());
        let need = self.need(AuthorizationReason::InsufficientScope, challenges);
        if let Some(useless) = self.stepped_up.replace(need.clone()) {
            return Err(self.give_up(&useless, need));
        }
        let challenges = &need.required.challenges;
        if let Some(outcome) = self.authority.manager.more_scopes(refused.as_ref(), challenges).await {
            return Ok(outcome?);
        }
        self.log_in(need).await
    }

    /// Another token than the one that was refused, without a person. `None` when a person is needed.
    async fn renewal(&self, challenges: &Challenges) -> Result<Option<Arc<Grant>>, RefreshError> {
        let rejected = self.sent.as_ref().map(|grant| grant.access_token());
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
        let required = self.authority.manager.required_after(reason, challenges, self.sent.as_deref());
        Need { required, operation: self.operation.clone(), refused: self.sent.clone() }
    }
}
