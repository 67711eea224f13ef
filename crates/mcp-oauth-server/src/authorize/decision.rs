//! `POST /authorize/decision`: what the person pressed.

use std::sync::Arc;

use axum::extract::{Request, State as Extracted};
use axum::response::Response;
use http::request::Parts;
use http::{HeaderMap, StatusCode};
use mcp_oauth_core::{OAuthError, OAuthErrorCode};

use super::approve::{self, Approved};
use super::browser::BrowserSecret;
use super::page;
use super::reply::ReplyTo;
use super::users::Authentication;
use crate::form::{BodyError, Parameters, Repeated};
use crate::server::State;
use crate::store::{PendingAuthorization, SecretHash, StoreError};

/// Why a decision does not count. Told to the person: nothing says yet that the client is who it says.
#[derive(Debug, thiserror::Error)]
enum DecisionError {
    #[error(transparent)]
    Body(#[from] BodyError),
    #[error(transparent)]
    Repeated(#[from] Repeated),
    #[error("the decision does not come from this server's page")]
    CrossSite,
    #[error("this request was answered already, or it is too old; go back to the app and start again")]
    Gone,
    #[error(
        "the page was opened in another browser, or its cookie is gone; go back to the app and start again"
    )]
    Browser,
    #[error("somebody else has signed in since the page was opened; go back to the app and start again")]
    OtherPerson,
    #[error("neither Allow nor Deny was pressed")]
    NoDecision,
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl DecisionError {
    fn status(&self) -> StatusCode {
        match self {
            Self::Body(_) | Self::Repeated(_) | Self::NoDecision | Self::Gone => StatusCode::BAD_REQUEST,
            Self::CrossSite | Self::Browser | Self::OtherPerson => StatusCode::FORBIDDEN,
            Self::Store(_) => StatusCode::SERVICE_UNAVAILABLE,
        }
    }
}

pub(crate) async fn decide(Extracted(state): Extracted<Arc<State>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let decided = async {
        let parameters = Parameters::read(&parts.headers, body, state.limits.body_bytes).await?;
        answer(&state, &parts, &parameters).await
    };
    match decided.await {
        Ok(response) => response,
        Err(error) => {
            tracing::debug!(reason = %error, "decision refused");
            page::problem(&state, error.status(), &error.to_string())
        }
    }
}

async fn answer(state: &State, parts: &Parts, parameters: &Parameters) -> Result<Response, DecisionError> {
    if is_cross_site(&parts.headers) {
        return Err(DecisionError::CrossSite);
    }
    let allowed = match parameters.one("decision")? {
        Some("approve") => true,
        Some("deny") => false,
        _ => return Err(DecisionError::NoDecision),
    };
    let user = match state.users.authenticate(parts).await {
        Authentication::User(user) => user,
        Authentication::Respond(response) => return Ok(response),
    };
    let pending = take(state, parts, parameters).await?;
    if pending.subject != user.subject() {
        return Err(DecisionError::OtherPerson);
    }
    let reply_to = ReplyTo::new(pending.redirect_uri, pending.state, &state.issuer);
    if !allowed {
        tracing::info!(client = %pending.client_id, subject = %pending.subject, "authorization denied");
        let denied =
            OAuthError::new(OAuthErrorCode::AccessDenied).with_description("the person did not allow it");
        return Ok(reply_to.error(&denied));
    }
    let approved = Approved {
        client_id: pending.client_id,
        subject: pending.subject,
        challenge: pending.challenge,
        scopes: pending.scopes,
        resources: pending.resources,
    };
    Ok(approve::grant(state, &reply_to, approved).await)
}

/// Takes the request out, if the form is the page's and the browser is the one that was shown it.
async fn take(
    state: &State,
    parts: &Parts,
    parameters: &Parameters,
) -> Result<PendingAuthorization, DecisionError> {
    let handle = parameters.one("request")?.ok_or(DecisionError::CrossSite)?;
    let csrf_token = parameters.one("csrf_token")?.ok_or(DecisionError::CrossSite)?;
    let browser = BrowserSecret::of(&parts.headers, &state.issuer).ok_or(DecisionError::Browser)?;
    let pending = state.store.take_pending(&SecretHash::of(handle)).await?.ok_or(DecisionError::Gone)?;
    if pending.expires_at <= state.clock.now() {
        return Err(DecisionError::Gone);
    }
    if !pending.csrf_token.matches(csrf_token) {
        return Err(DecisionError::CrossSite);
    }
    if pending.browser != browser.hash() {
        return Err(DecisionError::Browser);
    }
    Ok(pending)
}

/// `Sec-Fetch-Site` is set by the browser and out of a page's reach; older browsers do not send it. `Origin` says nothing
/// here: a page without a referrer sends `null`.
fn is_cross_site(headers: &HeaderMap) -> bool {
    headers.get("sec-fetch-site").is_some_and(|site| site == "cross-site" || site == "same-site")
}
