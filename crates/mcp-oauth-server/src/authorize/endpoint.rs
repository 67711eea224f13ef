//! `GET /authorize`, and `POST` for requests that are too long for an address.

use std::sync::Arc;

use axum::extract::{Request, State as Extracted};
use axum::response::Response;
use http::header::SET_COOKIE;
use http::request::Parts;

use super::browser::BrowserSecret;
use super::consent::Consent;
use super::page;
use super::request::{AuthorizationRequest, Refused, check};
use super::users::{Authentication, User};
use super::{approve, request::PageError};
use crate::form::Parameters;
use crate::server::{State, end_of};
use crate::store::{PendingAuthorization, SecretHash, random};

pub(crate) async fn from_query(Extracted(state): Extracted<Arc<State>>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let parameters = Parameters::parse(parts.uri.query().unwrap_or_default().as_bytes());
    answer(&state, &parts, &parameters).await
}

pub(crate) async fn from_body(Extracted(state): Extracted<Arc<State>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    match Parameters::read(&parts.headers, body, state.limits.body_bytes).await {
        Ok(parameters) => answer(&state, &parts, &parameters).await,
        Err(error) => page::problem(&state, http::StatusCode::BAD_REQUEST, &error.to_string()),
    }
}

async fn answer(state: &State, parts: &Parts, parameters: &Parameters) -> Response {
    let request = match check(state, parameters).await {
        Ok(request) => request,
        Err(Refused::ToClient(reply_to, error)) => return reply_to.error(&error),
        Err(Refused::OnPage(error)) => return page::refused(state, &error),
    };
    let user = match state.users.authenticate(parts).await {
        Authentication::User(user) => user,
        Authentication::Respond(response) => return response,
    };
    match state.consent {
        Consent::AutoApprove => {
            let AuthorizationRequest { client, reply_to, challenge, scopes, resources } = request;
            let approved = approve::Approved {
                client_id: client.id().clone(),
                subject: user.subject().to_owned(),
                challenge,
                scopes,
                resources,
            };
            approve::grant(state, &reply_to, approved).await
        }
        Consent::Page => match ask(state, parts, request, &user).await {
            Ok(page) => page,
            Err(error) => page::refused(state, &error.into()),
        },
    }
}

/// Keeps the request and shows the page.
async fn ask(
    state: &State,
    parts: &Parts,
    request: AuthorizationRequest,
    user: &User,
) -> Result<Response, crate::store::StoreError> {
    let browser = BrowserSecret::of_or_new(&parts.headers, &state.issuer, &*state.entropy);
    let handle = random(&*state.entropy);
    let csrf_token = random(&*state.entropy);
    let mut response = page::consent(state, &request, user, &handle, &csrf_token);
    let pending = PendingAuthorization {
        client_id: request.client.id().clone(),
        redirect_uri: request.reply_to.redirect_uri,
        state: request.reply_to.state,
        challenge: request.challenge,
        scopes: request.scopes,
        resources: request.resources,
        subject: user.subject().to_owned(),
        browser: browser.hash(),
        csrf_token: SecretHash::of(&csrf_token),
        expires_at: end_of(state.clock.now(), state.lifetimes.consent),
    };
    state.store.add_pending(SecretHash::of(&handle), pending).await?;
    if let Some(cookie) = browser.cookie() {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    Ok(response)
}

impl PageError {
    /// What a person sees, and what a program would.
    pub(super) fn status(&self) -> http::StatusCode {
        match self {
            Self::Store(_) => http::StatusCode::SERVICE_UNAVAILABLE,
            _ => http::StatusCode::BAD_REQUEST,
        }
    }
}
