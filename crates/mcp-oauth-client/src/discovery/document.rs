//! One look at a place where a document may be.

use bytes::Bytes;
use http::StatusCode;
use mcp_oauth_core::EndpointUrl;

use super::DiscoveryError;
use crate::http::Fetcher;

/// What was at the place.
pub(super) enum Document {
    /// A JSON object; what is in it is for the caller to judge.
    Found(Bytes),
    /// Nothing of use: try the next place.
    Absent,
    /// The server failed: nobody knows.
    Failed(StatusCode),
}

/// Only a 200 with a JSON object is a document (RFC 9728 §3.2). Hosts that answer every path with their front page have
/// none; hosts that fail (5xx, 429) are not known to have none.
pub(super) async fn look(fetcher: &Fetcher, url: &EndpointUrl) -> Result<Document, DiscoveryError> {
    let answer = fetcher.get(url).await?;
    let status = answer.status();
    if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS {
        return Ok(Document::Failed(status));
    }
    let body = answer.into_body();
    let is_object = body.trim_ascii_start().starts_with(b"{");
    if status == StatusCode::OK && is_object { Ok(Document::Found(body)) } else { Ok(Document::Absent) }
}
