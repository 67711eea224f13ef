//! Checks an access token that is a JWT (RFC 9068 §4).

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, ready};
use jsonwebtoken::Validation;
use mcp_oauth_core::{AccessToken, Clock, Issuer, ResourceUri, SystemClock};

use super::claims::TokenClaims;
use super::key::PublicKeys;
use crate::resource::{AccessClaims, RejectedToken, TokenVerifier};

/// Checks signature, type, issuer, audience and time with keys that it was given.
///
/// ```
/// use mcp_oauth_core::Issuer;
/// use mcp_oauth_server::{JwtVerifier, PublicKeys};
///
/// let keys = PublicKeys::from_jwks(br#"{"keys":[]}"#)?;
/// let verifier = JwtVerifier::new(Issuer::parse("https://as.example")?, keys);
/// # let _ = verifier;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct JwtVerifier {
    issuer: Issuer,
    keys: PublicKeys,
    clock: Arc<dyn Clock>,
    leeway: Duration,
}

impl JwtVerifier {
    /// A verifier for the tokens of one issuer. Clocks may differ by 30 seconds.
    pub fn new(issuer: Issuer, keys: PublicKeys) -> Self {
        Self { issuer, keys, clock: Arc::new(SystemClock), leeway: Duration::from_secs(30) }
    }

    /// Reads the time from another clock.
    #[must_use]
    pub fn with_clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Sets by how much the clocks of issuer and resource may differ.
    #[must_use]
    pub fn with_leeway(mut self, leeway: Duration) -> Self {
        self.leeway = leeway;
        self
    }

    /// Checks everything but the audience.
    pub(crate) fn check(&self, token: &AccessToken) -> Result<TokenClaims, RejectedToken> {
        let header = jsonwebtoken::decode_header(token.expose()).map_err(|_| RejectedToken::Malformed)?;
        // RFC 9068 §4: any other type is refused, so that an ID token cannot pass as an access token.
        let typ = header.typ.as_deref().unwrap_or_default();
        if !["at+jwt", "application/at+jwt"].iter().any(|known| typ.eq_ignore_ascii_case(known)) {
            return Err(RejectedToken::Type);
        }
        // RFC 7515 §4.1.11: what is critical must be understood, and nothing is.
        if header.crit.is_some() {
            return Err(RejectedToken::Malformed);
        }
        let key = self.keys.find(header.kid.as_deref(), header.alg).ok_or(RejectedToken::Key)?;
        // The library reads the system's clock and accepts lists of issuers, so it checks the signature only.
        let mut signature_only = Validation::new(key.algorithm);
        signature_only.required_spec_claims.clear();
        signature_only.validate_exp = false;
        signature_only.validate_aud = false;
        let claims = jsonwebtoken::decode::<TokenClaims>(token.expose(), &key.key, &signature_only)
            .map_err(|error| match error.kind() {
                jsonwebtoken::errors::ErrorKind::InvalidSignature => RejectedToken::Signature,
                _ => RejectedToken::Malformed,
            })?
            .claims;
        self.check_claims(&claims)?;
        Ok(claims)
    }

    fn check_claims(&self, claims: &TokenClaims) -> Result<(), RejectedToken> {
        if self.issuer.as_str() != claims.iss {
            return Err(RejectedToken::Issuer);
        }
        if claims.cnf.is_some() {
            return Err(RejectedToken::Bound);
        }
        let now = self.clock.now();
        if claims.exp.checked_add(self.leeway).is_some_and(|end| end <= now) {
            return Err(RejectedToken::Expired);
        }
        let latest = now.checked_add(self.leeway).unwrap_or(now);
        if claims.iat > latest || claims.nbf.is_some_and(|start| start > latest) {
            return Err(RejectedToken::NotYetValid);
        }
        Ok(())
    }
}

impl fmt::Debug for JwtVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JwtVerifier").field("issuer", &self.issuer).finish_non_exhaustive()
    }
}

impl TokenVerifier for JwtVerifier {
    fn verify<'a>(
        &'a self,
        token: &'a AccessToken,
        resource: &'a ResourceUri,
    ) -> BoxFuture<'a, Result<AccessClaims, RejectedToken>> {
        let claims = self.check(token).and_then(|claims| AccessClaims::for_resource(claims, resource));
        ready(claims).boxed()
    }
}
