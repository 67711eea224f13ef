//! The revisions of the protocol.
use std::{fmt, str::FromStr};

/// A revision of the Model Context Protocol that this engine speaks. Later revisions compare greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum ProtocolVersion {
    /// 2024-11-05, the first one: stdio and the legacy HTTP+SSE transport.
    V2024_11_05,
    /// 2025-03-26: streamable HTTP and JSON-RPC batches.
    V2025_03_26,
    /// 2025-06-18: structured results, the `MCP-Protocol-Version` header, no batches.
    V2025_06_18,
    /// 2025-11-25: SSE polling, tasks, icons.
    V2025_11_25,
    /// 2026-07-28: stateless. No `initialize` and no session; each request bears what the server must know.
    V2026_07_28,
}

impl ProtocolVersion {
    /// The newest revision.
    pub const LATEST: Self = Self::V2026_07_28;

    /// The newest revision that begins with `initialize`, which that request offers.
    pub const LATEST_LEGACY: Self = Self::V2025_11_25;

    /// Every known revision, oldest first.
    pub const ALL: [Self; 5] =
        [Self::V2024_11_05, Self::V2025_03_26, Self::V2025_06_18, Self::V2025_11_25, Self::V2026_07_28];

    /// The revision as it is written on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::V2024_11_05 => "2024-11-05",
            Self::V2025_03_26 => "2025-03-26",
            Self::V2025_06_18 => "2025-06-18",
            Self::V2025_11_25 => "2025-11-25",
            Self::V2026_07_28 => "2026-07-28",
        }
    }

    /// Whether the revision knows no sessions: every request bears the revision, the client and its capabilities
    /// ("modern" in 2026-07-28, basic/versioning, "Terminology"; the others are "legacy").
    pub const fn is_stateless(self) -> bool {
        matches!(self, Self::V2026_07_28)
    }

    /// Whether HTTP requests must carry `MCP-Protocol-Version` (2025-06-18, basic/transports, "Protocol Version Header").
    pub(crate) fn demands_header(self) -> bool {
        self >= Self::V2025_06_18
    }
}

impl fmt::Display for ProtocolVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for ProtocolVersion {
    type Err = UnknownVersion;

    fn from_str(text: &str) -> Result<Self, UnknownVersion> {
        Self::ALL.into_iter().find(|version| version.as_str() == text).ok_or(UnknownVersion)
    }
}

/// The text names no revision that this engine speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("unknown protocol version")]
#[non_exhaustive]
pub struct UnknownVersion;
