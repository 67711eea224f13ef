//! Scopes by MCP tool: what a `tools/call` message needs.

use std::borrow::Cow;
use std::collections::HashMap;

use mcp_oauth_core::ScopeSet;
use serde::Deserialize;

/// Which scopes which tools need, for [`ProtectedResource::with_tool_scopes`](super::ProtectedResource::with_tool_scopes).
///
/// ```
/// use mcp_oauth_core::ScopeSet;
/// use mcp_oauth_server::ToolScopes;
///
/// let scopes = ToolScopes::new(ScopeSet::parse("mcp:read")?).tool("delete_note", ScopeSet::parse("mcp:write")?);
/// let call = br#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"delete_note"}}"#;
/// assert_eq!(scopes.of_message(call).to_string(), "mcp:read mcp:write");
/// # Ok::<(), mcp_oauth_core::InvalidScope>(())
/// ```
#[derive(Debug, Clone)]
pub struct ToolScopes {
    base: ScopeSet,
    tools: HashMap<String, ScopeSet>,
}

impl ToolScopes {
    /// `base` is what every message needs.
    pub fn new(base: ScopeSet) -> Self {
        Self { base, tools: HashMap::new() }
    }

    /// What calls of this tool need beyond the base.
    #[must_use]
    pub fn tool(mut self, name: impl Into<String>, scopes: ScopeSet) -> Self {
        self.tools.insert(name.into(), scopes);
        self
    }

    /// What every message needs.
    pub fn base(&self) -> &ScopeSet {
        &self.base
    }

    /// What a body needs: a JSON-RPC message, or a batch of them as the revision 2025-03-26 allowed.
    ///
    /// A body that cannot be read needs everything. It might be read by a more forgiving parser behind this one (of a
    /// doubled member some take the first and some the last), and must not smuggle a call past the check.
    pub fn of_message(&self, body: &[u8]) -> ScopeSet {
        if body.trim_ascii().is_empty() {
            return self.base.clone();
        }
        match serde_json::from_slice::<OneOrMany<'_>>(body) {
            Ok(OneOrMany::One(message)) => self.add(self.base.clone(), &message),
            Ok(OneOrMany::Many(messages)) => {
                messages.iter().fold(self.base.clone(), |scopes, message| self.add(scopes, message))
            }
            Err(_) => self.tools.values().fold(self.base.clone(), |scopes, more| scopes.union(more)),
        }
    }

    fn add(&self, scopes: ScopeSet, message: &Message<'_>) -> ScopeSet {
        let is_call = message.method.as_deref() == Some("tools/call");
        let name =
            message.params.as_ref().and_then(|params| params.name.as_ref()).and_then(|name| name.as_str());
        match name.and_then(|name| self.tools.get(name)) {
            Some(more) if is_call => scopes.union(more),
            _ => scopes,
        }
    }
}

/// Reads no further than it must: the arguments may be large.
#[derive(Deserialize)]
struct Message<'a> {
    #[serde(borrow, default)]
    method: Option<Cow<'a, str>>,
    #[serde(default)]
    params: Option<Params>,
}

#[derive(Deserialize)]
struct Params {
    #[serde(default)]
    name: Option<serde_json::Value>,
}

/// Told apart by the first character, not by trying: an untagged enum would copy the whole body first.
enum OneOrMany<'a> {
    One(Message<'a>),
    Many(Vec<Message<'a>>),
}

impl<'de: 'a, 'a> Deserialize<'de> for OneOrMany<'a> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> serde::de::Visitor<'de> for Either {
            type Value = OneOrMany<'de>;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a JSON-RPC message or a batch of them")
            }
            fn visit_map<A: serde::de::MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                Message::deserialize(serde::de::value::MapAccessDeserializer::new(map)).map(OneOrMany::One)
            }
            fn visit_seq<A: serde::de::SeqAccess<'de>>(self, seq: A) -> Result<Self::Value, A::Error> {
                Vec::deserialize(serde::de::value::SeqAccessDeserializer::new(seq)).map(OneOrMany::Many)
            }
        }
        deserializer.deserialize_any(Either)
    }
}

#[cfg(test)]
mod tests;
