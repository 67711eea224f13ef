//! Why there is no proof, or no bound token.

use mcp_oauth_core::{Issuer, SigningAlgorithm};

use crate::BoxError;

/// Why tokens cannot be bound to a key, or the key cannot be proved to be held.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DpopError {
    /// The policy wants tokens that are bound to a key, and the authorization server does not say that it makes such.
    #[error("{issuer} does not offer tokens that are bound to a key (DPoP)")]
    NotOffered {
        /// The authorization server.
        issuer: Issuer,
    },
    /// The authorization server or the MCP server does not check signatures by the algorithm of the key.
    #[error("proofs signed by {algorithm} are not taken: {supported}")]
    Algorithm {
        /// The key's algorithm.
        algorithm: SigningAlgorithm,
        /// The algorithms that are.
        supported: String,
    },
    /// A key could not be made.
    #[error("no key could be made to bind tokens to")]
    Generate(#[source] BoxError),
    /// The signer failed: the key store is locked, the hardware is gone.
    #[error("the key that tokens are bound to cannot sign")]
    Sign(#[source] BoxError),
    /// The proof cannot be written.
    #[error("the proof cannot be written")]
    Encode(#[from] serde_json::Error),
}

impl DpopError {
    /// True when the same may succeed later: a key store can be unlocked.
    pub fn is_retryable(&self) -> bool {
        matches!(self, Self::Sign(_))
    }
}
