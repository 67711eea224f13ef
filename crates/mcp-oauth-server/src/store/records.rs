//! What a store keeps.

use std::fmt;
use std::time::SystemTime;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use mcp_oauth_core::{ClientId, CodeChallenge, Entropy, RedirectUri, ResourceUri, ScopeSet};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

/// SHA-256 of a secret: what a store holds in its place. The secrets are 256 random bits, so no salt and no slow hash
/// is needed to keep them from being guessed.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct SecretHash([u8; 32]);

impl SecretHash {
    /// The hash of a secret.
    pub fn of(secret: &str) -> Self {
        Self(Sha256::digest(secret.as_bytes()).into())
    }

    /// True for the hash of this secret, in constant time.
    pub fn matches(&self, secret: &str) -> bool {
        self.0.ct_eq(&Self::of(secret).0).into()
    }

    /// The bytes, for a store's key.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for SecretHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretHash(…)")
    }
}

/// Names one grant: what a person allowed a client at one time. Not a secret.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct GrantId(Box<str>);

impl GrantId {
    /// A new one.
    pub fn generate(entropy: &dyn Entropy) -> Self {
        Self(random(entropy).into())
    }

    /// As text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What a person allowed a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// To whom.
    pub client_id: ClientId,
    /// On whose behalf.
    pub subject: String,
    /// What.
    pub scopes: ScopeSet,
    /// Where.
    pub resources: Vec<ResourceUri>,
    /// When it ends, whatever is refreshed in between.
    pub expires_at: SystemTime,
}

/// What an authorization code is bound to (OAuth 2.1 §4.1.2).
#[derive(Debug, Clone)]
pub struct CodeRecord {
    /// The client that may redeem it.
    pub client_id: ClientId,
    /// The grant behind it, with scopes, resources and subject.
    pub grant: GrantId,
    /// Where the code was sent.
    pub redirect_uri: RedirectUri,
    /// What the client must know the verifier of.
    pub challenge: CodeChallenge,
    /// When it can no longer be redeemed.
    pub expires_at: SystemTime,
    /// Until when the record is kept, so that a second use is still noticed while the tokens of the first live.
    pub keep_until: SystemTime,
}

/// What a refresh token is bound to.
#[derive(Debug, Clone)]
pub struct RefreshTokenRecord {
    /// The client that may use it.
    pub client_id: ClientId,
    /// The grant behind it. All refresh tokens of one grant are one family: the reuse of one ends them all.
    pub grant: GrantId,
    /// When it ends.
    pub expires_at: SystemTime,
}

/// A checked authorization request that waits for the person's decision.
#[derive(Clone)]
pub struct PendingAuthorization {
    /// Who asks.
    pub client_id: ClientId,
    /// Where the answer goes.
    pub redirect_uri: RedirectUri,
    /// To be echoed.
    pub state: Option<String>,
    /// For the code.
    pub challenge: CodeChallenge,
    /// What is asked for.
    pub scopes: ScopeSet,
    /// Where it is asked for.
    pub resources: Vec<ResourceUri>,
    /// Who was asked.
    pub subject: String,
    /// The cookie of the browser that shows the page.
    pub browser: SecretHash,
    /// The token in the page's form.
    pub csrf_token: SecretHash,
    /// When the page no longer works.
    pub expires_at: SystemTime,
}

impl fmt::Debug for PendingAuthorization {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // `state` ties the answer to the client's session, so it is not shown.
        f.debug_struct("PendingAuthorization")
            .field("client_id", &self.client_id)
            .field("redirect_uri", &self.redirect_uri)
            .field("scopes", &self.scopes)
            .field("resources", &self.resources)
            .field("subject", &self.subject)
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

/// 256 random bits in base64url.
pub(crate) fn random(entropy: &dyn Entropy) -> String {
    let mut bytes = [0_u8; 32];
    entropy.fill(&mut bytes);
    URL_SAFE_NO_PAD.encode(bytes)
}
