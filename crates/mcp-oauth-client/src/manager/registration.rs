//! The client's own registration: to be looked at, changed and ended (RFC 7592).

use std::fmt;
use std::sync::Arc;

use mcp_oauth_core::{ClientInformation, ClientMetadata};

use super::{AuthorizationManager, Logout};
use crate::registration::{ClientOrigin, Management, ManagementError, Reading};
use crate::{Error, RegisteredClient};

/// A dynamic registration that its authorization server lets its client manage.
///
/// ```no_run
/// # async fn example(manager: mcp_oauth_client::AuthorizationManager) -> Result<(), mcp_oauth_client::Error> {
/// if let Some(mut registration) = manager.client_registration().await? {
///     let mut metadata = registration.read().await?.metadata;
///     metadata.client_name = Some("a better name".to_owned());
///     registration.update(&metadata).await?;
/// }
/// # Ok(())
/// # }
/// ```
pub struct ClientRegistration {
    manager: AuthorizationManager,
    client: RegisteredClient,
    management: Management,
}

/// What [`AuthorizationManager::forget`] did.
#[derive(Debug)]
#[non_exhaustive]
pub struct Forgotten {
    /// What became of the tokens.
    pub logout: Logout,
    /// What became of the registration at the authorization server: `None` when it cannot be managed.
    pub registration: Option<Result<(), ManagementError>>,
}

impl AuthorizationManager {
    /// The registration of the client that is logged in, or was the last time, if it is a dynamic one that can be managed.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn client_registration(&self) -> Result<Option<ClientRegistration>, Error> {
        Ok(self.registered_client().await?.and_then(|client| self.managed(client)))
    }

    fn managed(&self, client: RegisteredClient) -> Option<ClientRegistration> {
        let management = client.management()?.clone();
        Some(ClientRegistration { manager: self.clone(), client, management })
    }

    /// The dynamic registration of the login, or of the last one, as it is stored.
    async fn registered_client(&self) -> Result<Option<RegisteredClient>, Error> {
        let grant = self.load().await?;
        let Self { inner } = self;
        let Some(grant) = grant else {
            // A logout, and whatever else ends a grant, leaves the registration.
            return Ok(inner.records.last_client(&inner.registration).await?);
        };
        let client = grant.client();
        if client.origin() != ClientOrigin::Dynamic {
            return Ok(None);
        }
        let stored =
            inner.records.load_client(client.issuer(), client.kept_under(), &inner.registration).await?;
        // The store may hold a newer registration than the one that the grant was made with.
        Ok(stored.filter(|stored| stored.client_id() == client.client_id()))
    }

    /// Logs out, and ends the client's registration too: at the authorization server where it lets clients do that, and
    /// here in any case. As [`logout`](Self::logout), it does its part here whether the server answers or not. If nobody
    /// is logged in any more, the registration of the last login ends.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn forget(&self) -> Result<Forgotten, Error> {
        let client = self.registered_client().await?;
        let logout = self.logout().await?;
        let outcome = match client.as_ref().and_then(RegisteredClient::management) {
            Some(management) => {
                let outcome = management.delete(&self.inner.fetcher).await;
                if let Err(error) = &outcome {
                    tracing::warn!(server = %self.inner.server, %error, "the registration could not be ended");
                }
                Some(outcome)
            }
            None => None,
        };
        if let Some(client) = client {
            self.inner.records.remove_client(&client, &self.inner.registration).await?;
        }
        self.inner.records.forget_last_client().await?;
        Ok(Forgotten { logout, registration: outcome })
    }
}

impl ClientRegistration {
    /// The client.
    pub fn client(&self) -> &RegisteredClient {
        &self.client
    }

    /// What the server has registered.
    ///
    /// # Errors
    /// [`Error::Management`] when the server does not say, [`Error::Store`] when what it changed cannot be kept.
    pub async fn read(&mut self) -> Result<ClientInformation, Error> {
        Ok(self.reading().await?.information)
    }

    /// Replaces what is registered, to its end even if the future is dropped. Members of the registration that this crate does not know stay as they are.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub async fn update(&mut self, metadata: &ClientMetadata) -> Result<ClientInformation, Error> {
        let reading = self.reading().await?;
        let inner = Arc::clone(&self.manager.inner);
        let (client, management, metadata) = (self.client.clone(), self.management.clone(), metadata.clone());
        let change = async move {
            let information = management.update(&inner.fetcher, reading, &metadata).await?;
            let client = inner.adopt(&client, &information).await?;
            Ok((information, client))
        };
        match self.manager.inner.to_its_end(change).await {
            Ok((information, client)) => {
                self.hold(client);
                Ok(information)
            }
            Err(error) => Err(self.caught_up(error).await),
        }
    }

    /// Ends the registration. The grant that was made with it works no longer.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub async fn delete(self) -> Result<(), Error> {
        let inner = &self.manager.inner;
        self.management.delete(&inner.fetcher).await?;
        inner.records.remove_client(&self.client, &inner.registration).await?;
        Ok(())
    }

    async fn reading(&mut self) -> Result<Reading, Error> {
        let (client, management) = (self.client.clone(), self.management.clone());
        match self.manager.inner.read_registration(client, management).await {
            Ok((reading, client)) => {
                self.hold(client);
                Ok(reading)
            }
            Err(error) => Err(self.caught_up(error).await),
        }
    }

    /// What an answer brought before it turned out to be of no use.
    async fn caught_up(&mut self, error: Error) -> Error {
        let inner = &self.manager.inner;
        let stored =
            inner.records.load_client(self.client.issuer(), self.client.kept_under(), &inner.registration);
        if let Ok(Some(stored)) = stored.await
            && stored.client_id() == self.client.client_id()
        {
            self.hold(stored);
        }
        error
    }

    fn hold(&mut self, client: RegisteredClient) {
        if let Some(management) = client.management() {
            self.management = management.clone();
        }
        self.client = client;
    }
}

impl super::Inner {
    /// What the server has registered, and the client as it is by then. To its end, like a change: with the answer, the
    /// token that asked for it may be good for nothing any more.
    pub(super) async fn read_registration(
        self: &Arc<Self>,
        client: RegisteredClient,
        management: Management,
    ) -> Result<(Reading, RegisteredClient), Error> {
        let inner = Arc::clone(self);
        let reading = async move {
            let reading = management.read(&inner.fetcher).await?;
            let client = inner.adopt(&client, &reading.information).await?;
            Ok((reading, client))
        };
        self.to_its_end(reading).await
    }

    /// The server may have replaced the token and the secret (RFC 7592 §3): what it said last counts, for the grant too.
    async fn adopt(
        &self,
        before: &RegisteredClient,
        information: &ClientInformation,
    ) -> Result<RegisteredClient, Error> {
        if information.client_id != *before.client_id() {
            return Err(ManagementError::OtherClient { found: information.client_id.clone() }.into());
        }
        let management = match before.management() {
            Some(known) => Some(known.renewed(&self.fetcher, information)),
            None => Management::offered(&self.fetcher, information),
        };
        let client = match before.updated(information, management.clone()) {
            Ok(client) => client,
            // This client cannot be what it is by now, but the token that came with the answer is the one that can end it.
            Err(error) => {
                self.records.put_client(&before.managed_by(management)).await?;
                return Err(error.into());
            }
        };
        if client != *before {
            self.records.put_client(&client).await?;
        }
        if client.authentication() != before.authentication() {
            self.use_client(&client).await?;
        }
        Ok(client)
    }

    /// The grant of this client is renewed with its new secret from now on.
    async fn use_client(&self, client: &RegisteredClient) -> Result<(), Error> {
        let Some(key) = self.records.grant_key().await? else { return Ok(()) };
        let _lease = self.records.lease(&key).await?;
        let stored = self.records.load_grant(&key, &self.registration).await?;
        let Some(mut grant) = stored.value.filter(|grant| grant.client.client_id() == client.client_id())
        else {
            return Ok(());
        };
        let held = self.current.load_full();
        grant.client = client.clone();
        self.records.replace_grant(&key, Some(&grant), stored.version).await?;
        if held.as_ref().is_some_and(|held| held.access_token == grant.access_token) {
            self.current.compare_and_swap(&held, Some(Arc::new(grant)));
        }
        Ok(())
    }
}

impl fmt::Debug for ClientRegistration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientRegistration").field("client", &self.client).finish_non_exhaustive()
    }
}
