//! The address that a person opens: with the whole request in it, or with a reference to one that was pushed.

use std::time::SystemTime;

use url::Url;

use super::Inner;
use crate::session::{Pending, PushError, authorization_url, parameters, push, push_endpoint};
use crate::{AuthorizationServer, Error};

/// An address for a person.
pub(super) struct Address {
    pub(super) url: Url,
    /// When it is too late to open it: servers keep pushed requests for a minute or so.
    pub(super) open_before: Option<SystemTime>,
}

impl Inner {
    pub(super) async fn address(
        &self,
        server: &AuthorizationServer,
        pending: &Pending,
    ) -> Result<Address, Error> {
        let request = parameters(pending, &self.policy);
        let endpoint = server.authorization_endpoint();
        let Some(push_to) = push_endpoint(server, self.policy.pushed_requests)? else {
            return Ok(Address { url: authorization_url(endpoint, &request), open_before: None });
        };
        let push_to = self.fetcher.endpoint(push_to).map_err(PushError::Endpoint)?;
        let pushed = push(&self.tokens, &push_to, &pending.client, &request).await?;
        tracing::debug!(issuer = %pending.issuer(), lifetime = ?pushed.lifetime, "the request was pushed");
        Ok(Address {
            url: authorization_url(endpoint, &pushed.parameters),
            open_before: self.clock.now().checked_add(pushed.lifetime),
        })
    }
}
