//! The assertion that a client authenticates with.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use mcp_oauth_core::{ClientId, Clock, Entropy, Issuer, SigningAlgorithm, UnsignedJwt, random_text};
use serde::Serialize;

use super::{AssertionError, AssertionSigner};

/// The key of a client, with what its assertions say.
///
/// ```no_run
/// use mcp_oauth_client::{ClientKey, PreregisteredClient, PrivateKey};
/// use mcp_oauth_core::{ClientId, SigningAlgorithm};
///
/// let pem = std::fs::read("/run/secrets/client-key.pem")?;
/// let key = PrivateKey::from_pem(&pem, SigningAlgorithm::Es256)?.with_key_id("2026-01");
/// let client = PreregisteredClient::new(ClientId::parse("my-service")?).with_key(ClientKey::new(key));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct ClientKey {
    signer: Arc<dyn AssertionSigner>,
    audience: Option<Arc<str>>,
}

impl ClientKey {
    /// How long an assertion is valid. One is made for every request, so this only has to cover the way to the server
    /// and the difference of the clocks.
    pub const LIFETIME: Duration = Duration::from_secs(60);

    /// The `client_assertion_type` of RFC 7523 §2.2.
    pub(crate) const TYPE: &'static str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

    /// With this signer, for the issuer as audience.
    pub fn new(signer: impl AssertionSigner) -> Self {
        Self { signer: Arc::new(signer), audience: None }
    }

    /// With another audience than the issuer, for servers that want their token endpoint's address.
    ///
    /// An assertion is good at its audience, whoever holds it. So with an audience that is neither the issuer nor the token
    /// endpoint of the server that the MCP server names, logins fail with
    /// [`RegistrationError::KeyAudience`](crate::RegistrationError::KeyAudience), unless the client says
    /// [where it belongs](crate::PreregisteredClient::at_issuer).
    #[must_use]
    pub fn with_audience(mut self, audience: impl Into<String>) -> Self {
        self.audience = Some(audience.into().into());
        self
    }

    /// The audience of its assertions, if that is not the issuer.
    pub(crate) fn audience(&self) -> Option<&str> {
        self.audience.as_deref()
    }

    /// The algorithm of its signatures.
    pub fn algorithm(&self) -> SigningAlgorithm {
        self.signer.algorithm()
    }

    /// An assertion for one request to a server (RFC 7523 §3): the client is issuer and subject, the server's issuer is
    /// the audience, and the id is used once.
    pub(crate) async fn assertion(
        &self,
        client_id: &ClientId,
        issuer: &Issuer,
        clock: &dyn Clock,
        entropy: &dyn Entropy,
    ) -> Result<String, AssertionError> {
        let issued_at = seconds(clock.now());
        let header = Header { alg: self.signer.algorithm().as_str(), typ: "JWT", kid: self.signer.key_id() };
        let claims = Claims {
            iss: client_id.as_str(),
            sub: client_id.as_str(),
            aud: self.audience.as_deref().unwrap_or(issuer.as_str()),
            iat: issued_at,
            exp: issued_at.saturating_add(Self::LIFETIME.as_secs()),
            jti: random_text(entropy),
        };
        let jwt = UnsignedJwt::new(&header, &claims)?;
        let signature = self.signer.sign(jwt.message()).await.map_err(AssertionError::Sign)?;
        Ok(jwt.with_signature(&signature))
    }
}

impl PartialEq for ClientKey {
    /// The same signer, with the same audience.
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.signer, &other.signer) && self.audience == other.audience
    }
}

impl Eq for ClientKey {}

impl fmt::Debug for ClientKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientKey")
            .field("algorithm", &self.signer.algorithm())
            .field("key_id", &self.signer.key_id())
            .field("audience", &self.audience)
            .finish_non_exhaustive()
    }
}

#[derive(Serialize)]
struct Header<'a> {
    alg: &'static str,
    typ: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    kid: Option<&'a str>,
}

#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    sub: &'a str,
    aud: &'a str,
    iat: u64,
    exp: u64,
    jti: String,
}

fn seconds(time: SystemTime) -> u64 {
    time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs()
}
