//! Putting a grant's token into a request: into its headers, never into its address (C13.1, C13.2).

use std::sync::Arc;

use http::header::AUTHORIZATION;
use http::{Request, Response, StatusCode};
use mcp_oauth_core::{Challenges, DpopNonce, OAuthErrorCode};

use crate::dpop::clock_skew;
use crate::{AuthorizationManager, DpopError, Grant};

/// What a request was sent with.
pub(crate) struct Sent {
    pub(super) grant: Arc<Grant>,
    /// The nonce in its proof.
    nonce: Option<DpopNonce>,
    /// Whether this token was sent before, with another nonce.
    again: bool,
}

impl Sent {
    pub(super) fn bearer(grant: Arc<Grant>) -> Self {
        Self { grant, nonce: None, again: false }
    }
}

/// The token of a grant that has no key.
pub(super) fn attach_bearer<B>(request: &mut Request<B>, grant: &Grant) {
    request.headers_mut().insert(AUTHORIZATION, grant.header.clone());
}

/// The token, and a new proof for this request if the token is bound to a key (RFC 9449 §7.1).
pub(crate) async fn attach<B>(
    request: &mut Request<B>,
    grant: Arc<Grant>,
    manager: &AuthorizationManager,
) -> Result<Sent, DpopError> {
    let nonce = grant.binding.as_ref().and_then(|_| manager.prover().nonce(request.uri()));
    prove(request, Sent { grant, nonce, again: false }, manager).await
}

/// The same with the nonce that was asked for.
pub(super) async fn prove<B>(
    request: &mut Request<B>,
    sent: Sent,
    manager: &AuthorizationManager,
) -> Result<Sent, DpopError> {
    attach_bearer(request, &sent.grant);
    if let Some(binding) = &sent.grant.binding {
        let (method, uri) = (request.method().clone(), request.uri().clone());
        let token = Some(&sent.grant.access_token);
        let nonce = sent.nonce.as_ref();
        manager.prover().prove(&binding.key, &method, &uri, token, nonce, request.headers_mut()).await?;
    }
    Ok(sent)
}

/// What an answer says about the proof.
pub(super) enum Verdict {
    /// Nothing.
    Silent,
    /// It lacks the server's nonce: the request may be sent again with this one.
    Retry(Sent),
    /// It is not accepted, and no other token or login would change that.
    Refused,
}

/// Remembers the server's nonce, whatever else the answer says (RFC 9449 §8.2), and judges what it says about the proof.
pub(super) fn judge<B, R>(
    request: &Request<B>,
    sent: Option<&Sent>,
    answer: &Response<R>,
    manager: &AuthorizationManager,
) -> Verdict {
    let said = manager.prover().learn(request.uri(), answer.headers());
    let Some(sent) = sent.filter(|sent| sent.grant.binding.is_some()) else { return Verdict::Silent };
    if answer.status() != StatusCode::UNAUTHORIZED {
        return Verdict::Silent;
    }
    let error = Challenges::from_headers(answer.headers()).dpop().and_then(|challenge| challenge.error);
    if !matches!(error, Some(OAuthErrorCode::UseDpopNonce | OAuthErrorCode::InvalidDpopProof)) {
        return Verdict::Silent;
    }
    if said.is_some() && said != sent.nonce && !sent.again {
        return Verdict::Retry(Sent { grant: Arc::clone(&sent.grant), nonce: said, again: true });
    }
    let clock_ahead = clock_skew(answer.headers(), manager.now());
    tracing::warn!(server = %manager.server(), ?error, ?clock_ahead, "the MCP server refuses the proof of possession");
    Verdict::Refused
}
