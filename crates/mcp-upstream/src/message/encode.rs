//! Requests and notifications of ours, as bytes. Nothing is built as a tree first.
use std::io::Write as _;

use serde::Serialize;

use crate::{ProtocolVersion, SessionOptions, message::RequestId};

/// A request: what goes into the envelope.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Request<'a> {
    pub(crate) method: &'static str,
    pub(crate) params: Params<'a>,
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Params<'a> {
    None,
    Initialize(InitializeParams<'a>),
    Page { cursor: &'a str },
    Call { name: &'a str, arguments: &'a [u8] },
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct InitializeParams<'a> {
    pub(crate) offered: ProtocolVersion,
    pub(crate) options: &'a SessionOptions,
}

impl Request<'_> {
    /// About how long the encoded message will be.
    pub(crate) fn size_hint(&self) -> usize {
        const ENVELOPE: usize = 128;
        match self.params {
            Params::None => ENVELOPE,
            Params::Initialize(_) => 2 * ENVELOPE,
            Params::Page { cursor } => ENVELOPE + cursor.len(),
            Params::Call { name, arguments } => ENVELOPE + name.len() + arguments.len(),
        }
    }

    /// Appends the message. With `progress`, the server is asked to report progress under the request's own id.
    pub(crate) fn encode(&self, out: &mut Vec<u8>, id: u64, progress: bool) {
        out.extend_from_slice(br#"{"jsonrpc":"2.0","id":"#);
        number(out, id);
        out.extend_from_slice(br#","method":""#);
        out.extend_from_slice(self.method.as_bytes());
        out.push(b'"');
        match self.params {
            Params::None => {}
            Params::Initialize(params) => {
                out.extend_from_slice(br#","params":"#);
                json(out, &params.wire());
            }
            Params::Page { cursor } => {
                out.extend_from_slice(br#","params":{"cursor":"#);
                json(out, cursor);
                out.push(b'}');
            }
            Params::Call { name, arguments } => {
                out.extend_from_slice(br#","params":{"name":"#);
                json(out, name);
                if !arguments.is_empty() {
                    out.extend_from_slice(br#","arguments":"#);
                    out.extend_from_slice(arguments);
                }
                if progress {
                    out.extend_from_slice(br#","_meta":{"progressToken":"#);
                    number(out, id);
                    out.push(b'}');
                }
                out.push(b'}');
            }
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
    out.extend_from_slice(b"}}");
    out
}

/// The answer to a server's `ping`.
pub(crate) fn pong(id: RequestId<'_>) -> Vec<u8> {
    answer(id, br#","result":{}}"#)
}

/// The answer to a server's request for something that this client does not offer.
pub(crate) fn declined(id: RequestId<'_>) -> Vec<u8> {
    answer(
        id,
        br#","error":{"code":-32601,"message":"Method not found: the client did not declare this capability"}}"#,
    )
}

fn answer(id: RequestId<'_>, rest: &[u8]) -> Vec<u8> {
    let mut out = br#"{"jsonrpc":"2.0","id":"#.to_vec();
    out.extend_from_slice(id.as_str().as_bytes());
    out.extend_from_slice(rest);
    out
}

fn number(out: &mut Vec<u8>, number: u64) {
    // Writing to a Vec cannot fail.
    let _ = write!(out, "{number}");
}

fn json<T: Serialize + ?Sized>(out: &mut Vec<u8>, value: &T) {
    // Neither can serializing strings and plain structs into one.
    let _ = serde_json::to_writer(out, value);
}

impl<'a> InitializeParams<'a> {
    fn wire(&self) -> InitializeWire<'a> {
        InitializeWire {
            protocol_version: self.offered.as_str(),
            // None of roots, sampling and elicitation is offered.
            capabilities: Empty {},
            client_info: ClientInfo {
                name: &self.options.client_name,
                title: self.options.client_title.as_deref(),
                version: &self.options.client_version,
            },
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct InitializeWire<'a> {
    protocol_version: &'static str,
    capabilities: Empty,
    client_info: ClientInfo<'a>,
}

#[derive(Serialize)]
struct ClientInfo<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<&'a str>,
    version: &'a str,
}

/// `{}`.
#[derive(Serialize)]
struct Empty {}
