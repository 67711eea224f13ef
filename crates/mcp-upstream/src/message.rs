//! JSON-RPC messages: written straight into the buffer that is sent, read as an envelope around raw JSON.
mod encode;
mod envelope;
mod lenient;
mod meta;
mod partial;

pub(crate) use encode::{
    MetaFields, Params, Request, answer, cancelled, comma, declined, initialized, json, pong, too_many,
};
pub(crate) use envelope::{Message, RequestId, object, own_id, parse, parse_batch};
pub use meta::{Meta, MetaError};
pub(crate) use partial::Oversized;

#[cfg(test)]
mod tests;
