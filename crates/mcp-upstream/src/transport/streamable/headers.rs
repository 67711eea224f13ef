//! The headers that say what a request of a stateless revision is about (2026-07-28, basic/transports/streamable-http,
//! "Request Metadata").
use http::{HeaderMap, HeaderValue};

use crate::{
    ProtocolVersion, header_value,
    transport::{Outgoing, remote},
};

/// Adds them.
pub(super) fn describe(headers: &mut HeaderMap, outgoing: &Outgoing<'_>) {
    let version = HeaderValue::from_static(ProtocolVersion::V2026_07_28.as_str());
    headers.insert(remote::PROTOCOL_VERSION, version);
    headers.insert(remote::METHOD, header_value::encode(outgoing.request.method));
    if let Some(name) = outgoing.name {
        headers.insert(remote::NAME, header_value::encode(name));
    }
    for (name, value) in &outgoing.parameters {
        headers.insert(name, value.clone());
    }
}
