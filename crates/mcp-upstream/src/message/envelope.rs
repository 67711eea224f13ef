//! The envelope of a message from the server. One parse finds its members; what is inside stays text.
use std::borrow::Cow;

use json_scan::{Invalid, Scan, utf8};
use serde::{Deserialize, de::Error as _};
use serde_json::value::RawValue;

use super::lenient;

/// A message by its envelope (JSON-RPC 2.0 §4 and §5).
#[derive(Debug)]
pub(crate) enum Message<'a> {
    /// A reply with a result.
    Result { id: Option<u64>, result: &'a str },
    /// A reply with an error object, or with neither result nor error.
    Error { id: Option<u64>, error: Option<&'a str> },
    /// The server asks.
    Request { id: RequestId<'a>, method: Cow<'a, str>, params: Option<&'a str> },
    /// The server tells.
    Notification { method: Cow<'a, str>, params: Option<&'a str> },
}

/// The id of a server's request: a number or a string, echoed as it came.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RequestId<'a>(&'a str);

impl<'a> RequestId<'a> {
    pub(crate) fn as_str(self) -> &'a str {
        self.0
    }
}

/// Reads one message; `None` if it is none.
pub(crate) fn parse(text: &[u8]) -> Option<Message<'_>> {
    let envelope = Envelope::read(utf8(text).ok()?).ok()?;
    match (envelope.method.map(unquote), envelope.id) {
        (Some(method), Some(id)) if is_request_id(id) => {
            Some(Message::Request { id: RequestId(id), method: method?, params: envelope.params })
        }
        (Some(_), Some(_)) => None,
        (Some(method), None) => Some(Message::Notification { method: method?, params: envelope.params }),
        (None, id) => match (envelope.result, envelope.error) {
            (_, Some(error)) => Some(Message::Error { id: id.and_then(own_id), error: Some(error) }),
            (Some(result), None) => Some(Message::Result { id: id.and_then(own_id), result }),
            // A log record on standard output may be an object with an id of its own, but only a reply has ours.
            (None, None) => id.and_then(own_id).map(|id| Message::Error { id: Some(id), error: None }),
        },
    }
}

/// The messages of a batch (2025-03-26, basic, "Batching"), if `text` is an array.
pub(crate) fn parse_batch(text: &[u8]) -> Option<Vec<&RawValue>> {
    let first = text.iter().find(|byte| !byte.is_ascii_whitespace());
    if first == Some(&b'[') { serde_json::from_slice(text).ok() } else { None }
}

/// Reads an object. Serde would take an array as well, its elements as the members in order. A name that comes twice or is
/// no Unicode harms nothing else.
pub(crate) fn object<'a, T: Deserialize<'a>>(text: &'a [u8]) -> serde_json::Result<T> {
    if text.trim_ascii_start().starts_with(b"{") {
        serde_json::from_slice(text).or_else(|_| lenient::read(text))
    } else {
        Err(serde_json::Error::custom("not an object"))
    }
}

/// The members of a message, each as it came. One that is null counts as absent.
#[derive(Debug, Default)]
struct Envelope<'a> {
    id: Option<&'a str>,
    method: Option<&'a str>,
    params: Option<&'a str>,
    result: Option<&'a str>,
    error: Option<&'a str>,
}

impl<'a> Envelope<'a> {
    /// Reads a message in one pass. As in [`object`], the last of several members of a name counts, and a name that is no
    /// Unicode is none that anybody asks for.
    fn read(text: &'a str) -> Result<Self, Invalid> {
        let mut envelope = Self::default();
        let mut scan = Scan::new(text);
        scan.object(|name, scan| {
            let value = scan.value()?;
            let member = match name.decoded().as_deref() {
                Ok("id") => &mut envelope.id,
                Ok("method") => &mut envelope.method,
                Ok("params") => &mut envelope.params,
                Ok("result") => &mut envelope.result,
                Ok("error") => &mut envelope.error,
                _ => return Ok(()),
            };
            *member = Some(value).filter(|value| *value != "null");
            Ok(())
        })?;
        scan.end()?;
        Ok(envelope)
    }
}

/// A number or a string, and of a length that is no trouble to send back.
fn is_request_id(id: &str) -> bool {
    const LONGEST: usize = 1024;
    id.len() <= LONGEST && !id.starts_with(['{', '['])
}

/// Our ids are numbers; some servers send them back as strings.
pub(crate) fn own_id(id: &str) -> Option<u64> {
    id.trim_matches('"').parse().ok()
}

/// A string's text. Some encoders escape every slash, and methods have one.
fn unquote(json: &str) -> Option<Cow<'_, str>> {
    let inner = json.strip_prefix('"')?.strip_suffix('"')?;
    if inner.contains('\\') {
        serde_json::from_str(json).ok().map(Cow::Owned)
    } else {
        Some(Cow::Borrowed(inner))
    }
}

#[cfg(test)]
mod tests;
