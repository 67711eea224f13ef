//! Proofs for requests.

use std::sync::Arc;

use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri};
use mcp_oauth_core::{AccessToken, Clock, DpopNonce, DpopProof, Entropy, random_text, target_uri};

use super::nonces::Nonces;
use super::{BindingKey, DpopError};

/// The header of a proof.
const PROOF: HeaderName = HeaderName::from_static(DpopProof::HEADER);

/// Makes proofs, each for one request, with the nonce that the server said last.
pub(crate) struct Prover {
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    nonces: Nonces,
}

impl Prover {
    pub(crate) fn new(clock: Arc<dyn Clock>, entropy: Arc<dyn Entropy>, nonces: usize) -> Self {
        Self { clock, entropy, nonces: Nonces::new(nonces) }
    }

    /// The nonce that the server at this address said last.
    pub(crate) fn nonce(&self, uri: &Uri) -> Option<DpopNonce> {
        self.nonces.of(&origin_of(uri))
    }

    /// Puts a proof for this request into `headers`: one, whatever was there (RFC 9449 §4.3, check 1).
    pub(crate) async fn prove(
        &self,
        key: &BindingKey,
        method: &Method,
        uri: &Uri,
        token: Option<&AccessToken>,
        nonce: Option<&DpopNonce>,
        headers: &mut HeaderMap,
    ) -> Result<(), DpopError> {
        let mut proof = DpopProof::new(method, uri).with_nonce(nonce);
        if let Some(token) = token {
            proof = proof.with_token(token);
        }
        let id = random_text(&*self.entropy);
        let unsigned = proof.write(key.algorithm(), key.public(), &id, self.clock.now())?;
        let signature = key.sign(unsigned.message()).await?;
        let text = unsigned.with_signature(&signature);
        // Base64url and dots.
        let mut value = HeaderValue::from_str(&text).map_err(|error| DpopError::Sign(error.into()))?;
        value.set_sensitive(true);
        headers.insert(PROOF, value);
        Ok(())
    }

    /// Remembers the nonce of an answer, if it has one (RFC 9449 §8.2). Returns it.
    pub(crate) fn learn(&self, uri: &Uri, answer: &HeaderMap) -> Option<DpopNonce> {
        let nonce = DpopNonce::from_headers(answer)?;
        self.nonces.remember(&origin_of(uri), nonce.clone());
        Some(nonce)
    }
}

/// Scheme, host and port.
fn origin_of(uri: &Uri) -> String {
    let mut origin = target_uri(uri);
    origin.truncate(origin.len().saturating_sub(uri.path().len()));
    origin
}
