//! The `DPoP` challenge (RFC 9449 §7.1), with the `resource_metadata` of RFC 9728 §5.1.

use super::{BearerChallenge, Challenge};
use crate::{OAuthErrorCode, ScopeSet, SigningAlgorithm};

/// What a `DPoP` challenge says. Its parameters are those of a Bearer challenge, and `algs`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct DpopChallenge {
    /// Why the request was refused; absent when it carried no token at all.
    pub error: Option<OAuthErrorCode>,
    /// The reason for a person.
    pub error_description: Option<String>,
    /// The scopes that the request needs. An empty list is no list.
    pub scope: Option<ScopeSet>,
    /// Where the protected resource metadata is. As the peer wrote it: not checked yet.
    pub resource_metadata: Option<String>,
    /// The algorithms that proofs may be signed by. `None` when the server does not say.
    pub algs: Option<Vec<String>>,
}

impl DpopChallenge {
    /// True when the server takes proofs that are signed by this algorithm, or does not say which it takes.
    pub fn takes(&self, algorithm: SigningAlgorithm) -> bool {
        self.algs.as_ref().is_none_or(|algs| algs.iter().any(|alg| alg == algorithm.as_str()))
    }
}

impl From<&Challenge> for DpopChallenge {
    fn from(challenge: &Challenge) -> Self {
        let BearerChallenge { error, error_description, scope, resource_metadata, .. } = challenge.into();
        let algs = challenge.parameter("algs").map(|algs| algs.split_ascii_whitespace().map(str::to_owned));
        Self { error, error_description, scope, resource_metadata, algs: algs.map(Iterator::collect) }
    }
}
