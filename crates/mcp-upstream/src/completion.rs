//! Completion of arguments, as a person types them (server/utilities/completion).
use std::fmt;

use bytes::Bytes;
use serde::{
    Deserialize,
    de::{Deserializer as _, IgnoredAny, SeqAccess, Visitor},
};
use serde_json::value::RawValue;

use crate::{
    CallError, CallOptions, RpcError, Session, list, message,
    message::{Params, Request},
    params,
};

/// Whose argument is to be completed (server/utilities/completion, "Reference Types").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reference<'a> {
    /// A prompt's, by its name (`ref/prompt`).
    Prompt(&'a str),
    /// A resource template's, by its URI template (`ref/resource`).
    Template(&'a str),
}

/// What an argument may become (server/utilities/completion, "Completion Results").
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Completion {
    /// The suggestions, the best first: at most [`Limits::completion_values`](crate::Limits::completion_values).
    pub values: Vec<String>,
    /// How many there are in all, if the server says so.
    pub total: Option<u64>,
    /// Whether there are more than these.
    pub has_more: bool,
    /// The whole result, byte for byte; empty if the server does not complete at all.
    pub raw: Bytes,
}

impl Session {
    /// What the `argument` of a prompt or a resource template, typed as far as `value`, may become (`completion/complete`;
    /// server/utilities/completion, "Requesting Completions"). `context` is the text of a JSON object with the arguments
    /// that are known already, by name, each a string; empty for none (servers know it since 2025-06-18).
    ///
    /// A server that does not complete has no suggestions.
    ///
    /// ```no_run
    /// # use bytes::Bytes;
    /// # use mcp_upstream::{CallError, CallOptions, Reference, Session};
    /// # async fn run(session: Session) -> Result<(), CallError> {
    /// let known = Bytes::from_static(br#"{"language":"python"}"#);
    /// let prompt = Reference::Prompt("code_review");
    /// let completion = session.complete(prompt, "framework", "fla", known, CallOptions::default()).await?;
    /// println!("{}", completion.values.join(" "));
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`CallError`]; [`CallError::Server`] with -32602 (invalid params) for a prompt or argument that is not there.
    pub async fn complete(
        &self,
        reference: Reference<'_>,
        argument: &str,
        value: &str,
        context: Bytes,
        options: CallOptions,
    ) -> Result<Completion, CallError> {
        let members = members(reference, argument, value, &context)?;
        let request = Request { method: "completion/complete", params: Params::Members(&members) };
        match self.request(request, options).await {
            // Since 2025-03-26 a server that completes says so; before, one had to try.
            Err(CallError::Server(RpcError { code: RpcError::METHOD_NOT_FOUND, .. }))
                if !self.server().declares("completions") =>
            {
                Ok(Completion::default())
            }
            result => Completion::parse(result?, self.shared().limits.completion_values),
        }
    }
}

fn members(
    reference: Reference<'_>,
    argument: &str,
    value: &str,
    context: &[u8],
) -> Result<Vec<u8>, CallError> {
    let mut members = Vec::new();
    let (before, named) = match reference {
        Reference::Prompt(name) => (&br#""ref":{"type":"ref/prompt","name":"#[..], name),
        Reference::Template(uri) => (&br#""ref":{"type":"ref/resource","uri":"#[..], uri),
    };
    for (before, text) in [(before, named), (br#"},"argument":{"name":"#, argument), (br#","value":"#, value)]
    {
        members.extend_from_slice(before);
        message::json(&mut members, text);
    }
    members.push(b'}');
    if !context.is_empty() {
        params::object(context).map_err(CallError::InvalidParams)?;
        members.extend_from_slice(br#","context":{"arguments":"#);
        members.extend_from_slice(context);
        members.push(b'}');
    }
    Ok(members)
}

impl Completion {
    fn parse(raw: Bytes, limit: usize) -> Result<Self, CallError> {
        let mut parsed = Self::read(&raw, limit).map_err(|source| CallError::Malformed { source })?;
        parsed.raw = raw;
        Ok(parsed)
    }

    fn read(text: &[u8], limit: usize) -> serde_json::Result<Self> {
        let CompleteResult { completion } = message::object(text)?;
        let wire: CompletionWire<'_> = message::object(completion.get().as_bytes())?;
        let mut deserializer = serde_json::Deserializer::from_str(wire.values.get());
        let mut values = deserializer.deserialize_seq(Values { limit })?;
        Ok(Self {
            has_more: values.more || wire.has_more.is_some_and(|more| more.get() == "true"),
            total: wire.total.and_then(|total| total.get().parse().ok()),
            values: std::mem::take(&mut values.kept),
            raw: Bytes::new(),
        })
    }
}

/// Keeps the first strings of an array. "Must not exceed 100 items", but a server may not know.
struct Values {
    limit: usize,
}

struct Kept {
    kept: Vec<String>,
    more: bool,
}

impl<'de> Visitor<'de> for Values {
    type Value = Kept;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of suggestions")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut values: A) -> Result<Kept, A::Error> {
        let mut kept = Vec::new();
        while kept.len() < self.limit {
            match values.next_element::<&RawValue>()? {
                Some(raw) => kept.extend(list::text(raw).map(std::borrow::Cow::into_owned)),
                None => return Ok(Kept { kept, more: false }),
            }
        }
        let mut more = false;
        while values.next_element::<IgnoredAny>()?.is_some() {
            more = true;
        }
        Ok(Kept { kept, more })
    }
}

#[derive(Deserialize)]
struct CompleteResult<'a> {
    #[serde(borrow)]
    completion: &'a RawValue,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CompletionWire<'a> {
    #[serde(borrow)]
    values: &'a RawValue,
    #[serde(borrow, default)]
    total: Option<&'a RawValue>,
    #[serde(borrow, default)]
    has_more: Option<&'a RawValue>,
}

#[cfg(test)]
mod tests;
