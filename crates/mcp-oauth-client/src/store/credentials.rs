//! The seam: whoever keeps values under keys.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;

use super::{SecretBytes, StoreError, StoreKey, Version};

/// Keeps values under keys.
///
/// "Not there" is `Ok(None)`. Whoever writes says which version they have seen; someone else's newer value is never
/// overwritten unseen.
pub trait CredentialStore: Send + Sync + 'static {
    /// Reads the value under `key`.
    fn load<'a>(&'a self, key: &'a StoreKey) -> BoxFuture<'a, Result<Option<SecretBytes>, StoreError>>;

    /// Replaces the value under `key` if it still is the `expected` one (`None`: there is none). A `value` of `None`
    /// removes it. After `Ok` the value survives a crash of this process.
    ///
    /// [`StoreError::Conflict`] says that another value is there.
    fn replace<'a>(
        &'a self,
        key: &'a StoreKey,
        value: Option<SecretBytes>,
        expected: Option<Version>,
    ) -> BoxFuture<'a, Result<(), StoreError>>;

    /// Waits for the right to renew what is under `key`, at most for `wait`. `ttl` is for stores that cannot see a holder
    /// die: after it, another may take over.
    fn lease<'a>(
        &'a self,
        key: &'a StoreKey,
        ttl: Duration,
        wait: Duration,
    ) -> BoxFuture<'a, Result<Lease, StoreError>>;
}

impl<S: CredentialStore + ?Sized> CredentialStore for Arc<S> {
    fn load<'a>(&'a self, key: &'a StoreKey) -> BoxFuture<'a, Result<Option<SecretBytes>, StoreError>> {
        (**self).load(key)
    }

    fn replace<'a>(
        &'a self,
        key: &'a StoreKey,
        value: Option<SecretBytes>,
        expected: Option<Version>,
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        (**self).replace(key, value, expected)
    }

    fn lease<'a>(
        &'a self,
        key: &'a StoreKey,
        ttl: Duration,
        wait: Duration,
    ) -> BoxFuture<'a, Result<Lease, StoreError>> {
        (**self).lease(key, ttl, wait)
    }
}

/// The right to renew what is under a key, until it is dropped. Held over a request, so that of several processes only
/// one presents a refresh token that rotates.
pub struct Lease(#[expect(dead_code, reason = "held for its drop")] Box<dyn Send + Sync>);

impl Lease {
    /// A lease that ends when `guard` is dropped.
    pub fn new(guard: impl Send + Sync + 'static) -> Self {
        Self(Box::new(guard))
    }
}

impl fmt::Debug for Lease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Lease")
    }
}
