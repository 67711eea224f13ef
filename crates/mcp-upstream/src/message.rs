//! JSON-RPC messages: written straight into the buffer that is sent, read as an envelope around raw JSON.
mod encode;
mod envelope;
mod partial;

pub(crate) use encode::{InitializeParams, Params, Request, cancelled, declined, initialized, pong};
pub(crate) use envelope::{Message, RequestId, object, parse, parse_batch};
pub(crate) use partial::Oversized;

#[cfg(test)]
mod tests;
