//! Where an authorization server keeps what it must remember.
//!
//! One trait, because its records refer to each other: a code and a refresh token name the grant they belong to, and
//! when one of them is used twice the grant ends. Secrets never reach a store: it sees their hashes.

mod bounded;
mod memory;
mod records;

pub use memory::{MemoryLimits, MemoryStore};
pub(crate) use records::random;
pub use records::{CodeRecord, Grant, GrantId, PendingAuthorization, RefreshTokenRecord, SecretHash};

use std::error::Error;

use futures_util::future::BoxFuture;
use mcp_oauth_core::ClientId;

use crate::client::Client;

/// Keeps clients, requests that wait for a person, grants, codes and refresh tokens.
///
/// "Not there", "expired" and "evicted" are all `None`: a store may forget, and forgetting only ever means that somebody
/// has to authorize again. What it must not do is redeem twice: [`redeem_code`](Self::redeem_code) and
/// [`redeem_refresh_token`](Self::redeem_refresh_token) are atomic, and a redeemed record stays until it expires, so that
/// its second use is seen.
///
/// Each method fails only when the store itself does.
pub trait Store: Send + Sync + 'static {
    /// Keeps a client that registered itself.
    fn add_client(&self, client: Client) -> BoxFuture<'_, Result<(), StoreError>>;

    /// The client with this id.
    fn client<'a>(&'a self, id: &'a ClientId) -> BoxFuture<'a, Result<Option<Client>, StoreError>>;

    /// Keeps a request until the person has decided.
    fn add_pending(
        &self,
        handle: SecretHash,
        pending: PendingAuthorization,
    ) -> BoxFuture<'_, Result<(), StoreError>>;

    /// Takes a waiting request out: of two decisions only one gets it.
    fn take_pending<'a>(
        &'a self,
        handle: &'a SecretHash,
    ) -> BoxFuture<'a, Result<Option<PendingAuthorization>, StoreError>>;

    /// Keeps a grant.
    fn add_grant(&self, id: GrantId, grant: Grant) -> BoxFuture<'_, Result<(), StoreError>>;

    /// The grant, unless it ended.
    fn grant<'a>(&'a self, id: &'a GrantId) -> BoxFuture<'a, Result<Option<Grant>, StoreError>>;

    /// Ends a grant: none of its codes and tokens works from now on.
    fn revoke_grant<'a>(&'a self, id: &'a GrantId) -> BoxFuture<'a, Result<(), StoreError>>;

    /// Keeps a code.
    fn add_code(&self, code: SecretHash, record: CodeRecord) -> BoxFuture<'_, Result<(), StoreError>>;

    /// The code's record, redeemed or not.
    fn code<'a>(&'a self, code: &'a SecretHash) -> BoxFuture<'a, Result<Option<CodeRecord>, StoreError>>;

    /// Marks the code as used and tells whether it was before.
    fn redeem_code<'a>(&'a self, code: &'a SecretHash) -> BoxFuture<'a, Result<Redemption, StoreError>>;

    /// Keeps a refresh token.
    fn add_refresh_token(
        &self,
        token: SecretHash,
        record: RefreshTokenRecord,
    ) -> BoxFuture<'_, Result<(), StoreError>>;

    /// The refresh token's record, redeemed or not.
    fn refresh_token<'a>(
        &'a self,
        token: &'a SecretHash,
    ) -> BoxFuture<'a, Result<Option<RefreshTokenRecord>, StoreError>>;

    /// Marks the refresh token as used and tells whether it was before.
    fn redeem_refresh_token<'a>(
        &'a self,
        token: &'a SecretHash,
    ) -> BoxFuture<'a, Result<Redemption, StoreError>>;
}

/// What redeeming found. These three are all there can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Redemption {
    /// There is no such record.
    Unknown,
    /// This was the first use.
    First,
    /// It was used before: whoever holds it now may have stolen it.
    Again,
}

/// The store itself failed.
#[derive(Debug, thiserror::Error)]
#[error("the store failed")]
pub struct StoreError(#[source] Box<dyn Error + Send + Sync>);

impl StoreError {
    /// Wraps what went wrong.
    pub fn new(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self(source.into())
    }
}
