//! What a server says about itself.
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::{ConnectError, Excerpt, ProtocolVersion, message};

/// The server's answer to `initialize`.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ServerDescription {
    /// `serverInfo.name`.
    pub name: String,
    /// `serverInfo.title`: the name shown to people.
    pub title: Option<String>,
    /// `serverInfo.version`.
    pub version: String,
    /// How to use the server, for a model.
    pub instructions: Option<String>,
    /// The revision that both sides speak.
    pub protocol_version: ProtocolVersion,
    /// `capabilities` as they came.
    pub capabilities: Box<RawValue>,
}

impl ServerDescription {
    /// Reads the result of `initialize`.
    pub(crate) fn parse(result: &[u8], offered: ProtocolVersion) -> Result<Self, ConnectError> {
        let wire: InitializeResult =
            message::object(result).map_err(|source| ConnectError::Malformed { source })?;
        let protocol_version = wire.protocol_version.parse().map_err(|_unknown| {
            let answered = Excerpt::of(wire.protocol_version.as_bytes(), 64);
            ConnectError::UnsupportedVersion { offered, answered }
        })?;
        Ok(Self {
            name: wire.server_info.name,
            title: wire.server_info.title,
            version: wire.server_info.version,
            instructions: wire.instructions,
            protocol_version,
            capabilities: wire.capabilities.unwrap_or_else(|| RawValue::NULL.to_owned()),
        })
    }

    /// Whether the server declares a capability, for example `tools`.
    pub fn declares(&self, capability: &str) -> bool {
        let parsed: Result<std::collections::HashMap<String, &RawValue>, _> =
            serde_json::from_str(self.capabilities.get());
        parsed.is_ok_and(|capabilities| capabilities.contains_key(capability))
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct InitializeResult {
    protocol_version: String,
    #[serde(default)]
    capabilities: Option<Box<RawValue>>,
    #[serde(default)]
    server_info: ServerInfo,
    #[serde(default)]
    instructions: Option<String>,
}

// Required by the protocol, but a server that leaves them out can still be used.
#[derive(Deserialize, Default)]
struct ServerInfo {
    #[serde(default)]
    name: String,
    #[serde(default)]
    title: Option<String>,
    #[serde(default)]
    version: String,
}
