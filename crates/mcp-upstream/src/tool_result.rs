//! The result of a tool call, as it came.
use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::{CallError, message};

/// The result of `tools/call`, byte for byte. It is valid JSON; its shape is checked by [`parts`](Self::parts).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToolResult(Bytes);

impl ToolResult {
    /// `text` must be JSON, and so UTF-8: it comes out of a parser.
    pub(crate) fn new(text: Bytes) -> Self {
        Self(text)
    }

    /// The whole result as text.
    pub fn as_str(&self) -> &str {
        // It came out of a JSON parser, so it is UTF-8.
        json_scan::utf8(&self.0).unwrap_or_default()
    }

    /// The whole result as bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The whole result; passing it on copies nothing.
    pub fn into_bytes(self) -> Bytes {
        self.0
    }

    /// The members of the result, each as it came. One pass over the text, so keep what it returns.
    ///
    /// # Errors
    /// [`CallError::Malformed`] if the result is not an object with the members of a `CallToolResult`.
    pub fn parts(&self) -> Result<ToolResultParts<'_>, CallError> {
        message::object(&self.0).map_err(|source| CallError::Malformed { source })
    }
}

/// The members of a tool's result, borrowed from it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ToolResultParts<'a> {
    /// `content`: the blocks, known and unknown kinds alike.
    #[serde(borrow, default)]
    pub content: Vec<&'a RawValue>,
    /// `structuredContent`.
    #[serde(borrow, default)]
    pub structured_content: Option<&'a RawValue>,
    /// `isError`: the tool ran and failed.
    #[serde(default)]
    pub is_error: bool,
    /// `_meta`.
    #[serde(borrow, default, rename = "_meta")]
    pub meta: Option<&'a RawValue>,
}
