//! Which revisions a scripted server speaks: those with `initialize`, the stateless ones since 2026-07-28, or both.
use serde::{Deserialize, Serialize};

use super::Script;

/// Which revisions a server speaks, in the terms of the specification's chapter on versions.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Era {
    /// Up to 2025-11-25. `server/discover` is an unknown method: -32601. Over streamable HTTP it has no session
    /// either, so that a server with sessions answers it with 400. Rules for `server/discover` go before both.
    #[default]
    Legacy,
    /// Since 2026-07-28. `initialize` is refused.
    Modern,
    /// Both: what has the protocol's members in `_meta` is modern.
    Both,
}

/// What a server of the old revisions does about a request that comes before `initialize`, where a connection is a
/// session: over stdio and HTTP+SSE.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum EarlyRequest {
    /// Answers it as any other.
    #[default]
    Answered,
    /// Does not answer it.
    Ignored,
    /// Gives up, with this exit code, as servers made with the Rust SDK did.
    Exit(i32),
}

impl Script {
    /// Which revisions it speaks; the old ones if not said.
    #[must_use]
    pub fn speaks(mut self, era: Era) -> Self {
        self.era = era;
        self
    }

    /// The stateless revisions that it knows; 2026-07-28 if not said.
    #[must_use]
    pub fn stateless_versions(mut self, versions: &[&str]) -> Self {
        self.stateless = versions.iter().map(|version| (*version).to_owned()).collect();
        self
    }

    /// Leaves the results of the stateless revisions as they are written, without a `resultType`.
    #[must_use]
    pub fn without_result_types(mut self) -> Self {
        self.result_types = false;
        self
    }

    /// What it does about a request before `initialize`.
    #[must_use]
    pub fn early_request(mut self, does: EarlyRequest) -> Self {
        self.early = does;
        self
    }

    /// Every version that it speaks, as it says when it is asked for another one.
    pub(super) fn versions(&self) -> Vec<&str> {
        let legacy =
            (self.era != Era::Modern).then(|| self.protocol_version.as_deref().unwrap_or("2025-11-25"));
        let modern = self.stateless.iter().map(|version| &**version).filter(|_| self.era != Era::Legacy);
        modern.chain(legacy).collect()
    }
}
