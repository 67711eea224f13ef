//! The store with the types of this crate instead of bytes.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use mcp_oauth_core::{ClientId, Issuer, RedirectUri, ResourceUri};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::{CredentialStore, Lease, SecretBytes, StoreError, StoreKey, UnsealError, Version};
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

/// What is stored under one kind of key. A record says its format as `format`; one that does not is of format 1.
pub(crate) trait Record: Serialize + DeserializeOwned {
    /// The newest format that this version reads. It counts up when an older version must not use the record as if it
    /// were one of its own, say because it would send a token in a way that it is not meant for.
    const FORMAT: u32 = 1;
}

impl Record for ServerRecord {}
impl Record for ClientRecord {}
impl Record for GrantRecord {
    const FORMAT: u32 = GrantRecord::FORMAT;
}

/// The part of a record that every format has.
#[derive(Deserialize)]
struct Form {
    #[serde(default = "first_format")]
    format: u32,
    /// What a sealed value has instead.
    sealed: Option<u32>,
}

fn first_format() -> u32 {
    1
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

    /// The key of the grant that this server has, if it has one.
    pub(crate) async fn grant_key(&self) -> Result<Option<StoreKey>, StoreError> {
        let record = self.server_record().await?;
        Ok(record.map(|record| self.key_of(record.issuer, record.resource)))
    }

    /// The dynamically registered client of the last grant. Known after the grant has ended, too.
    pub(crate) async fn last_client(
        &self,
        registration: &Registration,
    ) -> Result<Option<RegisteredClient>, StoreError> {
        let record = self.server_record().await?;
        let Some((issuer, kept_under)) = record.and_then(|it| Some((it.issuer, it.registered_for?))) else {
            return Ok(None);
        };
        self.load_client(&issuer, &kept_under, registration).await
    }

    /// When that has ended: takes the note away, unless it is one of a newer grant.
    pub(crate) async fn forget_last_client(&self) -> Result<(), StoreError> {
        match self.grant_key().await? {
            Some(key) if self.store.load(&key).await?.is_none() => self.remove(&self.server_key()).await,
            _ => Ok(()),
        }
    }

    /// Where the configured client with this id got its last grant. Known after the grant has ended, too.
    pub(crate) async fn preregistered_at(&self, client_id: &ClientId) -> Result<Option<Issuer>, StoreError> {
        let record = self.server_record().await?;
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
    pub(crate) async fn put_grant(&self, grant: &Grant) -> Result<(), StoreError> {
        let key = self.key_for(grant);
        let before = self.grant_key().await?;
        self.put(&key, &grant.to_record(&self.subject)).await?;
        let record = ServerRecord {
            format: 1,
            server: self.server.clone(),
            subject: self.subject.clone(),
            issuer: grant.issuer().clone(),
            resource: grant.resource().clone(),
            preregistered: (grant.client().origin() == ClientOrigin::Preregistered)
                .then(|| grant.client().client_id().clone()),
            registered_for: (grant.client().origin() == ClientOrigin::Dynamic)
                .then(|| grant.client().kept_under().to_vec()),
        };
        self.put(&self.server_key(), &record).await?;
        // After a change of the authorization server nothing leads to the old grant any more.
        match before {
            Some(before) if before != key => self.remove(&before).await,
            _ => Ok(()),
        }
    }

    /// Removes the grant and the note of it.
    pub(crate) async fn remove_grant(&self, key: &StoreKey) -> Result<(), StoreError> {
        self.remove(key).await?;
        self.end_note().await
    }

    /// After a logout. A client that was registered by hand may then go to another server (C7.4); one that was registered
    /// dynamically is still there, to be used again or to be ended, so the note that leads to it stays.
    async fn end_note(&self) -> Result<(), StoreError> {
        match self.server_record().await? {
            Some(record) if record.registered_for.is_some() => Ok(()),
            _ => self.remove(&self.server_key()).await,
        }
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

    async fn server_record(&self) -> Result<Option<ServerRecord>, StoreError> {
        let stored: Stored<ServerRecord> = self.read(&self.server_key()).await?;
        Ok(stored.value.filter(|record| record.server == self.server && record.subject == self.subject))
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

/// What cannot be read counts as absent: it is no grant that anybody could use, and a login replaces it. What only lacks
/// its key does not: somebody has the key.
fn decode<T: Record>(key: &StoreKey, bytes: &SecretBytes) -> Result<Option<T>, StoreError> {
    let Ok(form) = serde_json::from_slice::<Form>(bytes.expose()) else {
        // Without the parser's message, here and below: it may quote the value.
        tracing::warn!(%key, "a stored value cannot be read and counts as absent");
        return Ok(None);
    };
    if form.sealed.is_some() {
        return Err(StoreError::Sealed { key: key.name(), source: UnsealError::NoKey });
    }
    if form.format > T::FORMAT {
        tracing::warn!(%key, form.format, "a stored value is of a newer version of this library and counts as absent");
        return Ok(None);
    }
    let record = serde_json::from_slice(bytes.expose()).ok();
    if record.is_none() {
        tracing::warn!(%key, "a stored value cannot be read and counts as absent");
    }
    Ok(record)
}

fn encode(record: &impl Record) -> Result<SecretBytes, StoreError> {
    let mut buffer = WipedBuffer::default();
    match serde_json::to_writer_pretty(&mut buffer, record) {
        Ok(()) => Ok(SecretBytes(buffer.0)),
        Err(error) => Err(StoreError::Backend(error.into())),
    }
}

/// A buffer that leaves nothing behind where it was before it grew.
#[derive(Default)]
struct WipedBuffer(Zeroizing<Vec<u8>>);

impl io::Write for WipedBuffer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let needed = self.0.len() + bytes.len();
        if needed > self.0.capacity() {
            let mut larger = Zeroizing::new(Vec::with_capacity(needed.max(1024).next_power_of_two()));
            larger.extend_from_slice(&self.0);
            self.0 = larger;
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests;
