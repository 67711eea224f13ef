//! The store with the types of this crate instead of bytes.

use std::sync::Arc;
use std::time::Duration;

use mcp_oauth_core::{ClientId, Issuer, RedirectUri, ResourceUri};
use serde::{Deserialize, Serialize};

use super::record::{Record, decode, encode};
use super::{CredentialStore, Lease, SecretBytes, StoreError, StoreKey, Version};
use crate::grant::GrantRecord;
use crate::registration::{ClientRecord, Registration};
use crate::{ClientOrigin, Grant, RegisteredClient};

/// How often a write is repeated when others write the same value.
const WRITE_ATTEMPTS: usize = 8;

/// How long a lease may live in a store that cannot see its holder die: longer than any refresh takes.
const LEASE_TTL: Duration = Duration::from_secs(120);

/// A value with the version it has in the store. A value that cannot be read counts as absent, but its version is known,
/// so that it can be replaced.
pub(crate) struct Stored<T> {
    pub(crate) value: Option<T>,
    pub(crate) version: Option<Version>,
}

/// What was found, to be replaced only as long as it is there.
pub(crate) struct Seen {
    /// Where the grant of this server is, if there is one.
    pub(crate) key: Option<StoreKey>,
    pub(crate) grant: Stored<Grant>,
    /// Of the note that says where.
    server: Option<Version>,
}

impl Record for ServerRecord {}
impl Record for ClientRecord {}
impl Record for GrantRecord {
    const FORMAT: u32 = GrantRecord::FORMAT;
}

/// Which grant an MCP server's is.
#[derive(Serialize, Deserialize)]
struct ServerRecord {
    format: u32,
    server: String,
    subject: String,
    issuer: Issuer,
    resource: ResourceUri,
    /// The configured client that the grant was given to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    preregistered: Option<ClientId>,
    /// What the registration of the client that it was given to is kept under, if that is a dynamic one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    registered_for: Option<Vec<RedirectUri>>,
}

/// The records of one MCP server and subject.
pub(crate) struct Records {
    store: Arc<dyn CredentialStore>,
    server: String,
    subject: String,
    lease_wait: Duration,
}

impl Records {
    pub(crate) fn new(
        store: Arc<dyn CredentialStore>,
        server: String,
        subject: String,
        lease_wait: Duration,
    ) -> Self {
        Self { store, server, subject, lease_wait }
    }

    /// The grant of this server, if it has one.
    pub(crate) async fn look(&self, registration: &Registration) -> Result<Seen, StoreError> {
        let stored = self.server_record().await?;
        let key = stored.value.map(|record| self.key_of(record.issuer, record.resource));
        let grant = match &key {
            Some(key) => self.load_grant(key, registration).await?,
            None => Stored { value: None, version: None },
        };
        Ok(Seen { key, grant, server: stored.version })
    }

    /// The key of the grant that this server has, if it has one.
    pub(crate) async fn grant_key(&self) -> Result<Option<StoreKey>, StoreError> {
        let record = self.server_record().await?.value;
        Ok(record.map(|record| self.key_of(record.issuer, record.resource)))
    }

    /// The dynamically registered client of the last grant. Known after the grant has ended, too.
    pub(crate) async fn last_client(
        &self,
        registration: &Registration,
    ) -> Result<Option<RegisteredClient>, StoreError> {
        let record = self.server_record().await?.value;
        let Some((issuer, kept_under)) = record.and_then(|it| Some((it.issuer, it.registered_for?))) else {
            return Ok(None);
        };
        self.load_client(&issuer, &kept_under, registration).await
    }

    /// The redirect URIs of that client, as they were when it was registered.
    pub(crate) async fn last_redirect_uris(&self) -> Result<Vec<RedirectUri>, StoreError> {
        let record = self.server_record().await?.value;
        Ok(record.and_then(|record| record.registered_for).unwrap_or_default())
    }

    /// When that has ended: takes the note away, unless it is one of a newer grant.
    pub(crate) async fn forget_last_client(&self) -> Result<(), StoreError> {
        match self.grant_key().await? {
            Some(key) if self.store.load(&key).await?.is_none() => self.remove(&self.server_key()).await,
            _ => Ok(()),
        }
    }

    async fn server_record(&self) -> Result<Stored<ServerRecord>, StoreError> {
        let Stored { value, version } = self.read(&self.server_key()).await?;
        let is_ours = |record: &ServerRecord| record.server == self.server && record.subject == self.subject;
        Ok(Stored { value: value.filter(is_ours), version })
    }

    /// Where the configured client with this id got its last grant. Known after the grant has ended, too.
    pub(crate) async fn preregistered_at(&self, client_id: &ClientId) -> Result<Option<Issuer>, StoreError> {
        let record = self.server_record().await?.value;
        Ok(record
            .filter(|record| record.preregistered.as_ref() == Some(client_id))
            .map(|record| record.issuer))
    }

    pub(crate) fn key_for(&self, grant: &Grant) -> StoreKey {
        self.key_of(grant.issuer().clone(), grant.resource().clone())
    }

    pub(crate) async fn load_grant(
        &self,
        key: &StoreKey,
        registration: &Registration,
    ) -> Result<Stored<Grant>, StoreError> {
        let StoreKey::Grant { resource, .. } = key else { return Ok(Stored { value: None, version: None }) };
        let stored: Stored<GrantRecord> = self.read(key).await?;
        let value = stored.value.and_then(|record| record.restore(registration, resource, &self.subject));
        Ok(Stored { value, version: stored.version })
    }

    /// Replaces the grant if nobody else has.
    pub(crate) async fn replace_grant(
        &self,
        key: &StoreKey,
        grant: Option<&Grant>,
        expected: Option<Version>,
    ) -> Result<(), StoreError> {
        let value = grant.map(|grant| encode(&grant.to_record(&self.subject))).transpose()?;
        self.store.replace(key, value, expected).await
    }

    /// Puts a new login's grant in, whatever was there: the newest login counts.
    ///
    /// Gives the version that the grant has in the store.
    pub(crate) async fn put_grant(&self, grant: &Grant) -> Result<Version, StoreError> {
        let key = self.key_for(grant);
        let before = self.grant_key().await?;
        let value = encode(&grant.to_record(&self.subject))?;
        let written = value.version();
        self.overwrite(&key, Some(value)).await?;
        self.put(&self.server_key(), &self.note_of(grant)).await?;
        self.remove_other(before, &key).await?;
        Ok(written)
    }

    /// Puts a grant in that took no login, unless what was seen has changed meanwhile. Gives its version in the store.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] after a logout, or when another process was faster.
    pub(crate) async fn put_grant_over(&self, seen: Seen, grant: &Grant) -> Result<Version, StoreError> {
        let key = self.key_for(grant);
        let expected = if seen.key.as_ref() == Some(&key) {
            seen.grant.version
        } else {
            self.store.load(&key).await?.map(|bytes| bytes.version())
        };
        let value = encode(&grant.to_record(&self.subject))?;
        let written = value.version();
        self.store.replace(&key, Some(value), expected).await?;
        let note = encode(&self.note_of(grant))?;
        if let Err(error) = self.store.replace(&self.server_key(), Some(note), seen.server).await {
            // Nothing leads to it.
            self.take_back(grant, written).await?;
            return Err(error);
        }
        self.remove_other(seen.key, &key).await?;
        Ok(written)
    }

    /// Removes a grant that was put in, unless something else is there by now.
    pub(crate) async fn take_back(&self, grant: &Grant, written: Version) -> Result<(), StoreError> {
        match self.store.replace(&self.key_for(grant), None, Some(written)).await {
            Ok(()) | Err(StoreError::Conflict) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// After a change of the authorization server nothing leads to the old grant any more.
    async fn remove_other(&self, before: Option<StoreKey>, now: &StoreKey) -> Result<(), StoreError> {
        match before {
            Some(before) if before != *now => self.remove(&before).await,
            _ => Ok(()),
        }
    }

    fn note_of(&self, grant: &Grant) -> ServerRecord {
        ServerRecord {
            format: 1,
            server: self.server.clone(),
            subject: self.subject.clone(),
            issuer: grant.issuer().clone(),
            resource: grant.resource().clone(),
            preregistered: (grant.client().origin() == ClientOrigin::Preregistered)
                .then(|| grant.client().client_id().clone()),
            registered_for: (grant.client().origin() == ClientOrigin::Dynamic)
                .then(|| grant.client().kept_under().to_vec()),
        }
    }

    /// Removes the grant and the note of it, and gives what was really removed: all of it, where a renewal or a login
    /// stored another grant in the meantime; also what was removed before the store failed. `held` is where a grant of ours
    /// may be that nothing leads to.
    pub(crate) async fn remove_grants(
        &self,
        held: Option<StoreKey>,
        registration: &Registration,
    ) -> (Vec<Grant>, Result<(), StoreError>) {
        let mut removed = Vec::new();
        for _ in 0..WRITE_ATTEMPTS {
            match self.remove_once(held.as_ref(), registration, &mut removed).await {
                Err(StoreError::Conflict) => {}
                outcome => return (removed, outcome),
            }
        }
        (removed, Err(StoreError::Conflict))
    }

    /// [`StoreError::Conflict`] when there is, or may be, another grant by now.
    async fn remove_once(
        &self,
        held: Option<&StoreKey>,
        registration: &Registration,
        removed: &mut Vec<Grant>,
    ) -> Result<(), StoreError> {
        let note = self.server_record().await?;
        let noted = note.value.as_ref().map(|note| self.key_of(note.issuer.clone(), note.resource.clone()));
        let keys: Vec<_> = noted.into_iter().chain(held.cloned()).collect();
        for key in &keys {
            let stored = self.load_grant(key, registration).await?;
            if stored.version.is_some() {
                self.replace_grant(key, None, stored.version).await?;
                removed.extend(stored.value);
            }
        }
        // A client that was registered by hand may now go to another server (C7.4); one that was registered dynamically is
        // still there, to be used again or to be ended, so the note that leads to it stays.
        let leads_to_a_client = note.value.is_some_and(|note| note.registered_for.is_some());
        if note.version.is_some() && !leads_to_a_client {
            self.store.replace(&self.server_key(), None, note.version).await?;
        }
        // A login stores its grant first and the note of it afterwards, and the note may read as the one before.
        for key in &keys {
            if self.store.load(key).await?.is_some() {
                return Err(StoreError::Conflict);
            }
        }
        Ok(())
    }

    pub(crate) async fn load_client(
        &self,
        issuer: &Issuer,
        redirect_uris: &[RedirectUri],
        registration: &Registration,
    ) -> Result<Option<RegisteredClient>, StoreError> {
        let stored: Stored<ClientRecord> = self.read(&client_key(issuer, redirect_uris)).await?;
        let client = stored.value.and_then(|record| record.restore(registration));
        Ok(client.filter(|client| client.issuer() == issuer))
    }

    pub(crate) async fn put_client(&self, client: &RegisteredClient) -> Result<(), StoreError> {
        self.put(&client_key(client.issuer(), client.kept_under()), &client.to_registration_record()).await
    }

    /// Forgets a registration that the server forgot, unless it was replaced in the meantime.
    pub(crate) async fn remove_client(
        &self,
        client: &RegisteredClient,
        registration: &Registration,
    ) -> Result<(), StoreError> {
        let key = client_key(client.issuer(), client.kept_under());
        let stored: Stored<ClientRecord> = self.read(&key).await?;
        match stored.value.and_then(|record| record.restore(registration)) {
            Some(known) if known.client_id() != client.client_id() => Ok(()),
            _ => self.remove(&key).await,
        }
    }

    pub(crate) async fn lease(&self, key: &StoreKey) -> Result<Lease, StoreError> {
        self.store.lease(key, LEASE_TTL, self.lease_wait).await
    }

    /// The lease on what the server has, whichever grant that is or will be.
    pub(crate) async fn lease_server(&self) -> Result<Lease, StoreError> {
        self.store.lease(&self.server_key(), LEASE_TTL, self.lease_wait).await
    }

    fn server_key(&self) -> StoreKey {
        StoreKey::Server { server: self.server.clone(), subject: self.subject.clone() }
    }

    fn key_of(&self, issuer: Issuer, resource: ResourceUri) -> StoreKey {
        StoreKey::Grant { issuer, resource, subject: self.subject.clone() }
    }

    async fn read<T: Record>(&self, key: &StoreKey) -> Result<Stored<T>, StoreError> {
        let Some(bytes) = self.store.load(key).await? else {
            return Ok(Stored { value: None, version: None });
        };
        Ok(Stored { value: decode(key, &bytes)?, version: Some(bytes.version()) })
    }

    async fn put(&self, key: &StoreKey, record: &impl Record) -> Result<(), StoreError> {
        let value = encode(record)?;
        self.overwrite(key, Some(value)).await
    }

    async fn remove(&self, key: &StoreKey) -> Result<(), StoreError> {
        self.overwrite(key, None).await
    }

    async fn overwrite(&self, key: &StoreKey, value: Option<SecretBytes>) -> Result<(), StoreError> {
        for _ in 0..WRITE_ATTEMPTS {
            let version = self.store.load(key).await?.map(|bytes| bytes.version());
            match self.store.replace(key, value.clone(), version).await {
                Err(StoreError::Conflict) => {}
                other => return other,
            }
        }
        Err(StoreError::Conflict)
    }
}

fn client_key(issuer: &Issuer, redirect_uris: &[RedirectUri]) -> StoreKey {
    StoreKey::Client { issuer: issuer.clone(), redirect_uris: redirect_uris.to_vec() }
}

#[cfg(test)]
mod tests;
