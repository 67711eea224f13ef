//! Logins on another device.

use std::sync::Arc;

use mcp_oauth_core::{
    DeviceAuthorizationResponse, DeviceCode, EndpointUrl, InvalidUrl, ResourceUri, ScopeSet,
};
use tokio::time::Instant;
use url::Url;

use super::Inner;
use super::client::is_unknown_client;
use super::discover::Discovered;
use super::opening::Wanted;
use crate::device::{DeviceError, DeviceFlow, Pace};
use crate::discovery::TokenServer;
use crate::dpop::{Binding, Signals};
use crate::interaction::{DeviceDisplay, DevicePrompt};
use crate::{Error, Grant, RegisteredClient};

/// What a person was asked to agree to, and where to ask whether they did.
struct DeviceGrant {
    client: RegisteredClient,
    resource: ResourceUri,
    token_endpoint: EndpointUrl,
    device_code: DeviceCode,
    scopes: ScopeSet,
    /// What the tokens are to be bound to.
    binding: Option<Binding>,
}

impl Inner {
    /// Shows a code and waits for the person to type it in elsewhere.
    pub(super) async fn login_by_device(
        self: &Arc<Self>,
        display: &dyn DeviceDisplay,
        wanted: &Wanted<'_>,
        asked: &mut bool,
    ) -> Result<Arc<Grant>, Error> {
        let outcome = self.converse_by_device(display, wanted, asked).await;
        self.last_words(display.conclude(outcome.as_deref())).await;
        outcome
    }

    async fn converse_by_device(
        self: &Arc<Self>,
        display: &dyn DeviceDisplay,
        wanted: &Wanted<'_>,
        asked: &mut bool,
    ) -> Result<Arc<Grant>, Error> {
        if self.registration.unattended.is_some() {
            return Err(Error::NoLogin);
        }
        self.load_once().await?;
        let Discovered { resource, server, challenges } =
            self.discover_token_server(wanted.challenges).await?;
        let wanted = &wanted.after(&challenges);
        let endpoint = self.device_endpoint(&server)?;
        let scopes = self.scopes_for(wanted, &resource, server.metadata())?;
        let signals = Signals {
            challenges: wanted.challenges,
            resource: &resource,
            server: server.metadata(),
            was_bound: self.was_bound(wanted, server.metadata()),
        };
        let binding = self.registration.keys.choose(&signals)?;
        let flow =
            DeviceFlow { tokens: &self.tokens, resource: resource.resource(), binding: binding.as_ref() };
        let (client, answer) = self.begin_by_device(&flow, &server, &endpoint, &scopes).await?;

        let limits = &self.policy.limits;
        let expires_in = answer.expires_in.min(limits.session_lifetime);
        let now = Instant::now();
        let pace = Pace {
            interval: answer.interval.max(limits.device_interval),
            until: now.checked_add(expires_in).unwrap_or(now),
        };
        let (verification_uri, verification_uri_complete) = self.verification_uris(&answer)?;
        let prompt = DevicePrompt {
            user_code: answer.user_code,
            verification_uri,
            verification_uri_complete,
            expires_in,
            resource: resource.resource().clone(),
            issuer: server.issuer().clone(),
            scopes: scopes.clone(),
        };
        *asked = true;
        tracing::info!(server = %self.server, issuer = %server.issuer(), %scopes, "a login on another device begins");
        self.before_long(display.show(&prompt)).await?;
        let DevicePrompt { resource, .. } = prompt;
        let token_endpoint = server.token_endpoint().clone();
        let device_code = answer.device_code;
        let login = DeviceGrant { client, resource, token_endpoint, device_code, scopes, binding };
        let login = Arc::new(login);
        let outcome = self.wait_for_consent(&login, pace).await;
        if let Err(error) = &outcome {
            self.forget_client(&login.client, error).await?;
        }
        outcome
    }

    /// Asks until the person has answered or the code has expired (RFC 8628 §3.4, §3.5).
    async fn wait_for_consent(
        self: &Arc<Self>,
        login: &Arc<DeviceGrant>,
        mut pace: Pace,
    ) -> Result<Arc<Grant>, Error> {
        loop {
            pace.next().await?;
            let (inner, login) = (Arc::clone(self), Arc::clone(login));
            // The answer with the token is given once.
            let outcome = self.to_its_end(async move { inner.ask_for_consent(&login).await }).await;
            let Err(Error::Device(DeviceError::Token(error))) = outcome else { return outcome };
            pace.after(error)?;
        }
    }

    async fn ask_for_consent(self: &Arc<Self>, login: &DeviceGrant) -> Result<Arc<Grant>, Error> {
        let DeviceGrant { client, resource, token_endpoint, device_code, scopes, binding } = login;
        let flow = DeviceFlow { tokens: &self.tokens, resource, binding: binding.as_ref() };
        let token = flow.ask(client, token_endpoint, device_code).await?;
        let (client, resource) = (client.clone(), resource.clone());
        let now = self.clock.now();
        let grant = Grant::new(client, resource, token_endpoint.clone(), scopes.clone(), token, now);
        self.take(grant.bound_by(binding.clone())).await
    }

    /// A server that forgot the client says so before anybody was asked for anything: then there is a new registration
    /// (C12.9).
    async fn begin_by_device(
        &self,
        flow: &DeviceFlow<'_>,
        server: &TokenServer,
        endpoint: &EndpointUrl,
        scopes: &ScopeSet,
    ) -> Result<(RegisteredClient, DeviceAuthorizationResponse), Error> {
        let mut once_more = true;
        loop {
            let (client, is_stored) = self.device_client(server).await?;
            let error = match flow.begin(&client, endpoint, scopes).await {
                Ok(answer) => return Ok((client, answer)),
                Err(error) => error.into(),
            };
            self.forget_client(&client, &error).await?;
            let forgotten = is_stored && is_unknown_client(&error);
            if !forgotten || !std::mem::take(&mut once_more) {
                return Err(error);
            }
        }
    }

    fn device_endpoint(&self, server: &TokenServer) -> Result<EndpointUrl, DeviceError> {
        let Some(endpoint) = server.metadata().device_authorization_endpoint.as_deref() else {
            return Err(DeviceError::NotOffered { issuer: server.issuer().clone() });
        };
        self.fetcher.endpoint(endpoint).map_err(DeviceError::Endpoint)
    }

    /// Only https, or http on loopback, is shown to anybody. The short form, which saves typing, must be on the same host
    /// as the other, or it is left out: a person cannot tell two of them apart.
    fn verification_uris(
        &self,
        answer: &DeviceAuthorizationResponse,
    ) -> Result<(Url, Option<Url>), DeviceError> {
        let read = |text: &str| -> Result<Url, InvalidUrl> { Ok(self.fetcher.endpoint(text)?.url().clone()) };
        let plain = read(&answer.verification_uri).map_err(DeviceError::VerificationUri)?;
        let complete = answer.verification_uri_complete.as_deref().map(read).transpose();
        let complete = complete.map_err(DeviceError::VerificationUri)?;
        let complete = complete.filter(|url| url.origin() == plain.origin());
        Ok((plain, complete))
    }
}
