//! The seam between the bearer token check and whoever knows what a token means.

use futures_util::future::BoxFuture;
use mcp_oauth_core::{AccessToken, ResourceUri};

use super::AccessClaims;
use crate::store::StoreError;

/// Tells what an access token says.
///
/// An implementation must check that the token was made by an issuer it trusts, is not expired, and is meant for
/// `resource` (MCP authorization, "Token Handling"): nothing after it checks again.
///
/// ```
/// use futures_util::future::{BoxFuture, FutureExt, ready};
/// use mcp_oauth_core::{AccessToken, ResourceUri};
/// use mcp_oauth_server::{AccessClaims, RejectedToken, TokenVerifier};
///
/// /// Accepts nothing.
/// struct Closed;
///
/// impl TokenVerifier for Closed {
///     fn verify<'a>(
///         &'a self, _: &'a AccessToken, _: &'a ResourceUri,
///     ) -> BoxFuture<'a, Result<AccessClaims, RejectedToken>> {
///         ready(Err(RejectedToken::Revoked)).boxed()
///     }
/// }
/// ```
pub trait TokenVerifier: Send + Sync + 'static {
    /// Checks a token for one resource.
    fn verify<'a>(
        &'a self,
        token: &'a AccessToken,
        resource: &'a ResourceUri,
    ) -> BoxFuture<'a, Result<AccessClaims, RejectedToken>>;
}

/// Why a token is not accepted. The text goes to the client, and says nothing of the token's content.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RejectedToken {
    /// It is not a JWT, or lacks a claim that must be there.
    #[error("the token is not an access token of this kind")]
    Malformed,
    /// It is a JWT for something else, such as an ID token.
    #[error("the token is not typed as an access token")]
    Type,
    /// No key of the issuer fits.
    #[error("the token is signed by an unknown key or with an algorithm that is not accepted")]
    Key,
    /// The signature does not fit.
    #[error("the token's signature is wrong")]
    Signature,
    /// Somebody else issued it.
    #[error("the token is from another issuer")]
    Issuer,
    /// It is for another resource.
    #[error("the token is for another resource")]
    Audience,
    /// Its time is over.
    #[error("the token expired")]
    Expired,
    /// Its time has not come.
    #[error("the token is not valid yet")]
    NotYetValid,
    /// Its grant was revoked.
    #[error("the token was revoked")]
    Revoked,
    /// It is bound to a key, so that it is worth nothing without a proof (RFC 9449 §7.2).
    #[error("the token is bound to a key and cannot be used as a bearer token")]
    Bound,
    /// Nobody could say: the store, or whoever must be asked, failed. The token may be good.
    #[error("the token could not be checked")]
    Unavailable(#[from] StoreError),
}
