//! Requests and notifications of ours, as bytes. Nothing is built as a tree first.
use std::io::Write as _;

use serde::Serialize;

use super::{Meta, RequestId};

/// A request: what goes into the envelope.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Request<'a> {
    pub(crate) method: &'a str,
    pub(crate) params: Params<'a>,
}

/// The parameters of a request, without their `_meta`.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Params<'a> {
    None,
    /// The text of the members, without the braces around them: `"uri":"file:///a"`.
    Members(&'a [u8]),
    /// Of `tools/call`; `arguments` is the text of an object, or empty for none.
    Call {
        name: &'a str,
        arguments: &'a [u8],
    },
}

/// What goes into the `_meta` of one request.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct MetaFields<'a> {
    /// The text of the members that every request of the session bears; without braces.
    pub(crate) session: &'a [u8],
    /// The server is asked to report progress, under the request's own id.
    pub(crate) progress: bool,
    /// The level to log at, where that is told with each request.
    pub(crate) log_level: Option<&'static str>,
    /// The caller's own.
    pub(crate) own: Option<&'a Meta>,
}

impl Request<'_> {
    /// About how long the encoded message will be.
    pub(crate) fn size_hint(&self) -> usize {
        const ENVELOPE: usize = 128;
        match self.params {
            Params::None => ENVELOPE,
            Params::Members(members) => ENVELOPE + members.len(),
            Params::Call { name, arguments } => ENVELOPE + name.len() + arguments.len(),
        }
    }

    /// Appends the message.
    pub(crate) fn encode(&self, out: &mut Vec<u8>, id: u64, meta: MetaFields<'_>) {
        out.extend_from_slice(br#"{"jsonrpc":"2.0","id":"#);
        number(out, id);
        out.extend_from_slice(br#","method":"#);
        json(out, self.method);
        if !matches!(self.params, Params::None) || !meta.is_empty() {
            out.extend_from_slice(br#","params":{"#);
            let start = out.len();
            self.encode_members(out);
            if !meta.is_empty() {
                if out.len() > start {
                    out.push(b',');
                }
                meta.encode(out, id);
            }
            out.push(b'}');
        }
        out.push(b'}');
    }

    /// Appends the members of `params`, without `_meta`.
    pub(crate) fn encode_members(&self, out: &mut Vec<u8>) {
        match self.params {
            Params::None => {}
            Params::Members(members) => out.extend_from_slice(members),
            Params::Call { name, arguments } => {
                out.extend_from_slice(br#""name":"#);
                json(out, name);
                if !arguments.is_empty() {
                    out.extend_from_slice(br#","arguments":"#);
                    out.extend_from_slice(arguments);
                }
            }
        }
    }
}

impl MetaFields<'_> {
    fn is_empty(&self) -> bool {
        self.session.is_empty()
            && !self.progress
            && self.log_level.is_none()
            && self.own.is_none_or(Meta::is_empty)
    }

    fn encode(&self, out: &mut Vec<u8>, id: u64) {
        out.extend_from_slice(br#""_meta":{"#);
        let start = out.len();
        out.extend_from_slice(self.session);
        if self.progress {
            comma(out, start);
            out.extend_from_slice(br#""progressToken":"#);
            number(out, id);
        }
        if let Some(level) = self.log_level {
            comma(out, start);
            out.extend_from_slice(br#""io.modelcontextprotocol/logLevel":"#);
            json(out, level);
        }
        for (key, value) in self.own.into_iter().flat_map(Meta::iter) {
            comma(out, start);
            json(out, key);
            out.push(b':');
            out.extend_from_slice(value.get().as_bytes());
        }
        out.push(b'}');
    }
}

/// `notifications/initialized`.
pub(crate) fn initialized() -> Vec<u8> {
    br#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#.to_vec()
}

/// `notifications/cancelled` for a request of ours.
pub(crate) fn cancelled(id: u64) -> Vec<u8> {
    let mut out = br#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":"#.to_vec();
    number(&mut out, id);
    out.extend_from_slice(br#","reason":"nobody waits for the result any more"}}"#);
    out
}

/// The answer to a server's `ping`.
pub(crate) fn pong(id: RequestId<'_>) -> Vec<u8> {
    answer(id.as_str(), br#","result":{}}"#)
}

/// The answer to a server's request for something that this client does not offer.
pub(crate) fn declined(id: RequestId<'_>) -> Vec<u8> {
    answer(
        id.as_str(),
        br#","error":{"code":-32601,"message":"Method not found: the client did not declare this capability"}}"#,
    )
}

/// The answer to a server's request when too many are being answered already.
pub(crate) fn too_many(id: RequestId<'_>) -> Vec<u8> {
    answer(
        id.as_str(),
        br#","error":{"code":-32603,"message":"Too many requests are being answered: try again later"}}"#,
    )
}

/// A message with the id of a server's request; `rest` is what follows the id.
pub(crate) fn answer(id: &str, rest: &[u8]) -> Vec<u8> {
    let mut out = br#"{"jsonrpc":"2.0","id":"#.to_vec();
    out.extend_from_slice(id.as_bytes());
    out.extend_from_slice(rest);
    out
}

/// Appends `value` as JSON.
pub(crate) fn json<T: Serialize + ?Sized>(out: &mut Vec<u8>, value: &T) {
    // Serializing strings, plain structs and raw JSON into a Vec cannot fail.
    let _ = serde_json::to_writer(out, value);
}

/// Appends a comma unless nothing was written since `start`.
pub(crate) fn comma(out: &mut Vec<u8>, start: usize) {
    if out.len() > start {
        out.push(b',');
    }
}

fn number(out: &mut Vec<u8>, number: u64) {
    // Writing to a Vec cannot fail.
    let _ = write!(out, "{number}");
}
