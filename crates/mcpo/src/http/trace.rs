//! The trace that a caller is part of, handed on to the server in the request's `_meta` (2026-07-28, basic, "OpenTelemetry
//! trace context"; W3C Trace Context).

use axum::http::HeaderMap;
use mcp_upstream::Meta;

/// What the caller's headers say of its trace. What is not as the standard has it, is left out: nobody can use it.
pub(super) fn context(headers: &HeaderMap) -> Meta {
    let mut meta = Meta::default();
    let Some(parent) = text(headers, "traceparent", MOST_PARENT).filter(|parent| is_parent(parent)) else {
        return meta;
    };
    // None of these names is reserved, and texts are JSON.
    let _ = meta.insert("traceparent", parent);
    for (name, most) in [("tracestate", MOST_STATE), ("baggage", MOST_BAGGAGE)] {
        if let Some(text) = text(headers, name, most) {
            let _ = meta.insert(name, text);
        }
    }
    meta
}

/// A header that came once, and is no longer than `most`.
fn text<'h>(headers: &'h HeaderMap, name: &str, most: usize) -> Option<&'h str> {
    let mut values = headers.get_all(name).iter();
    let value = values.next().filter(|_| values.next().is_none())?.to_str().ok()?;
    (!value.is_empty() && value.len() <= most).then_some(value)
}

/// `version-traceid-parentid-flags`, in lower-case hexadecimal digits (W3C Trace Context §3.2.2).
fn is_parent(text: &str) -> bool {
    let hex = |part: &str, length: usize| {
        part.len() == length && part.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    };
    let some = |part: &str| part.bytes().any(|byte| byte != b'0');
    let mut parts = text.split('-');
    let (Some(version), Some(trace), Some(parent), Some(flags)) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return false;
    };
    // Later versions may have more to say at the end.
    let ends = version != "00" || parts.next().is_none();
    let valid = hex(version, 2) && version != "ff" && hex(flags, 2) && ends;
    valid && hex(trace, 32) && some(trace) && hex(parent, 16) && some(parent)
}

const MOST_PARENT: usize = 256;
/// W3C Trace Context §3.3.1.5.
const MOST_STATE: usize = 512;
/// W3C Baggage §3.3.2.
const MOST_BAGGAGE: usize = 8192;

#[cfg(test)]
mod tests;
