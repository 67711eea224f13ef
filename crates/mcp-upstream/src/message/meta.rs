//! The `_meta` that a caller gives a request of its own.
use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};

/// Members of a request's `_meta` (2026-07-28, basic, "`_meta`"): trace context, and what extensions define.
///
/// ```
/// use mcp_upstream::Meta;
///
/// let mut meta = Meta::default();
/// meta.insert("traceparent", "00-0af7651916cd43dd8448eb211c80319c-00f067aa0ba902b7-01")?;
/// # Ok::<_, mcp_upstream::MetaError>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct Meta(BTreeMap<Box<str>, Box<RawValue>>);

/// Why a member cannot be part of a request's `_meta`.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MetaError {
    /// The engine itself sets this member.
    #[error("`{key}` belongs to the protocol and is set by the engine")]
    Reserved {
        /// The member's name.
        key: Box<str>,
    },
    /// The value cannot be written as JSON.
    #[error("the value of `{key}` cannot be written as JSON")]
    Value {
        /// The member's name.
        key: Box<str>,
        /// Why not.
        #[source]
        source: serde_json::Error,
    },
}

impl Meta {
    /// Sets a member, in place of an earlier one of the same name.
    ///
    /// # Errors
    /// [`MetaError`], if the engine sets this member itself, or the value is no JSON.
    pub fn insert<V: Serialize + ?Sized>(&mut self, key: &str, value: &V) -> Result<(), MetaError> {
        if RESERVED.contains(&key) {
            return Err(MetaError::Reserved { key: key.into() });
        }
        let value = to_raw_value(value).map_err(|source| MetaError::Value { key: key.into(), source })?;
        self.0.insert(key.into(), value);
        Ok(())
    }

    /// Whether there are no members.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &RawValue)> {
        self.0.iter().map(|(key, value)| (&**key, &**value))
    }
}

/// What only the engine may set (2026-07-28, basic, "Per-request protocol fields"; basic/patterns/progress).
const RESERVED: [&str; 6] = [
    "progressToken",
    "io.modelcontextprotocol/protocolVersion",
    "io.modelcontextprotocol/clientInfo",
    "io.modelcontextprotocol/clientCapabilities",
    "io.modelcontextprotocol/logLevel",
    "io.modelcontextprotocol/subscriptionId",
];
