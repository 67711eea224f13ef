//! Logins on another device.

use std::sync::Arc;

use mcp_oauth_core::{DeviceAuthorizationResponse, EndpointUrl, InvalidUrl, ScopeSet};
use tokio::time::Instant;
use url::Url;

use super::Inner;
use super::client::is_unknown_client;
use super::discover::Discovered;
use super::opening::Wanted;
use crate::device::{DeviceError, DeviceFlow, Pace};
use crate::discovery::TokenServer;
use crate::dpop::Signals;
use crate::interaction::{DeviceDisplay, DevicePrompt};
use crate::{Error, Grant, RegisteredClient};

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
        let token = match flow.wait(&client, server.token_endpoint(), &answer.device_code, pace).await {
            Ok(token) => token,
            Err(error) => {
                let error = error.into();
                self.forget_client(&client, &error).await?;
                return Err(error);
            }
        };
        let DevicePrompt { resource, .. } = prompt;
        let token_endpoint = server.token_endpoint().clone();
        let grant = Grant::new(client, resource, token_endpoint, scopes, token, self.clock.now());
        let inner = Arc::clone(self);
        self.to_its_end(async move { inner.take(grant.bound_by(binding)).await }).await
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
