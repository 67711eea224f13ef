//! Whether tokens are bound to a key.

use std::fmt;
use std::sync::Arc;

use mcp_oauth_core::{AuthorizationServerMetadata, Challenges};

use super::{BindingKey, DpopError, DpopSigner};
use crate::{DpopPolicy, ProtectedResource};

/// What the application decided.
#[derive(Clone, Default)]
pub(crate) struct Keys {
    pub(crate) policy: DpopPolicy,
    /// The application's own key, for all grants.
    pub(crate) signer: Option<Arc<dyn DpopSigner>>,
}

/// What the servers say.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Signals<'a> {
    pub(crate) challenges: &'a Challenges,
    pub(crate) resource: &'a ProtectedResource,
    pub(crate) server: &'a AuthorizationServerMetadata,
    /// The last grant of this authorization server was bound. The MCP server may have said so only to the request that led
    /// to it, so there is no way back to bearer tokens before a logout (C17.13).
    pub(crate) was_bound: bool,
}

/// What the tokens of a grant are, or are to be, bound to.
#[derive(Debug, Clone)]
pub(crate) struct Binding {
    pub(crate) key: BindingKey,
    /// Whether a bearer token is no substitute.
    pub(crate) insists: bool,
}

impl Keys {
    /// A key for a new grant, if its tokens are to be bound to one.
    ///
    /// | policy | bound to a key |
    /// |---|---|
    /// | off | never |
    /// | when offered | where the MCP server says that it takes such tokens, and the authorization server that it makes them; where the MCP server takes no others, in any case |
    /// | required | always |
    ///
    /// That the authorization server makes such tokens is not enough: one that serves many would then make tokens that an
    /// MCP server without `DPoP` does not take.
    pub(crate) fn choose(&self, signals: &Signals<'_>) -> Result<Option<Binding>, DpopError> {
        let required = self.policy == DpopPolicy::Required;
        if self.policy == DpopPolicy::Off || !(required || signals.resource_takes_proofs()) {
            return Ok(None);
        }
        let insists = required || signals.resource_demands_proofs();
        if signals.server.dpop_signing_alg_values_supported.is_none() {
            if !insists {
                return Ok(None);
            }
            // The MCP server may know more about its authorization server than that says itself.
            if !signals.resource_takes_proofs() {
                return Err(DpopError::NotOffered { issuer: signals.server.issuer.clone() });
            }
        }
        let key = match &self.signer {
            Some(signer) => BindingKey::of_signer(signer),
            None => BindingKey::generate()?,
        };
        match signals.refusal_of(&key) {
            Some(refusal) if insists => Err(refusal),
            Some(refusal) => {
                tracing::info!(issuer = %signals.server.issuer, error = %refusal, "tokens are not bound to a key");
                Ok(None)
            }
            None => Ok(Some(Binding { key, insists })),
        }
    }

    /// Whether a stored grant may be used whose tokens are bound.
    pub(crate) fn allow_bound(&self) -> bool {
        self.policy != DpopPolicy::Off
    }

    /// Whether a stored grant may be used whose tokens anybody can use.
    pub(crate) fn allow_bearer(&self) -> bool {
        self.policy != DpopPolicy::Required
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let signer = self.signer.as_ref().map(|signer| signer.public_key().thumbprint());
        f.debug_struct("Keys").field("policy", &self.policy).field("signer", &signer).finish()
    }
}

impl Signals<'_> {
    /// The metadata says so (RFC 9728 §2), or the challenge (RFC 9449 §7.1).
    fn resource_takes_proofs(&self) -> bool {
        self.was_bound
            || self.challenges.dpop().is_some()
            || self.resource.dpop_required()
            || self.resource.dpop_algorithms().is_some()
    }

    /// It took no others before, the metadata says that other tokens are not taken, or no challenge offers to take them.
    fn resource_demands_proofs(&self) -> bool {
        self.was_bound
            || self.resource.dpop_required()
            || (self.challenges.dpop().is_some() && self.challenges.bearer().is_none())
    }

    /// Each of the two servers may say which signatures it checks.
    fn refusal_of(&self, key: &BindingKey) -> Option<DpopError> {
        let algorithm = key.algorithm();
        let challenged = self.challenges.dpop().and_then(|challenge| challenge.algs);
        let lists = [
            self.server.dpop_signing_alg_values_supported.as_deref(),
            self.resource.dpop_algorithms(),
            challenged.as_deref(),
        ];
        let unfit =
            lists.into_iter().flatten().find(|list| !list.iter().any(|name| name == algorithm.as_str()))?;
        Some(DpopError::Algorithm { algorithm, supported: unfit.join(" ").chars().take(200).collect() })
    }
}
