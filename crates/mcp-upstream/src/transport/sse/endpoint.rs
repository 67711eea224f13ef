//! The endpoint that a legacy server names.
use http::Uri;
use url::Url;

use crate::{ConnectError, Excerpt};

/// Resolves the endpoint against the stream's own address. Another origin is refused: the requests carry what the
/// stream's origin may see, tokens among it.
pub(super) fn resolve(base: &Url, named: &[u8], excerpt_bytes: usize) -> Result<Uri, ConnectError> {
    std::str::from_utf8(named)
        .ok()
        .and_then(|named| base.join(named.trim()).ok())
        .filter(|endpoint| endpoint.origin().is_tuple() && endpoint.origin() == base.origin())
        .and_then(|endpoint| endpoint.as_str().parse().ok())
        .ok_or_else(|| ConnectError::Endpoint { endpoint: Excerpt::of(named, excerpt_bytes) })
}

#[cfg(test)]
mod tests;
