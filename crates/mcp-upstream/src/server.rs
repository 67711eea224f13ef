//! What a server says about itself.
use std::collections::HashMap;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::{ConnectError, Excerpt, ProtocolVersion, message};

/// The server's answer to `initialize` or `server/discover`.
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
    /// `capabilities` as they came; `null` if the server named none.
    pub capabilities: Box<RawValue>,
}

impl ServerDescription {
    /// Reads the result of `initialize`.
    pub(crate) fn initialized(result: &[u8], offered: ProtocolVersion) -> Result<Self, ConnectError> {
        let wire: InitializeResult =
            message::object(result).map_err(|source| ConnectError::Malformed { source })?;
        let answered =
            wire.protocol_version.parse().ok().filter(|version: &ProtocolVersion| !version.is_stateless());
        let protocol_version = answered.ok_or_else(|| {
            let answered = Excerpt::of(wire.protocol_version.as_bytes(), 64);
            ConnectError::UnsupportedVersion { offered, answered }
        })?;
        Ok(Self::new(wire.server_info, wire.instructions, protocol_version, wire.capabilities))
    }

    /// Reads the result of `server/discover`, and which revisions it names. `None` if it is no such result.
    pub(crate) fn discovered(result: &[u8], version: ProtocolVersion) -> Option<(Self, Vec<String>)> {
        let wire: DiscoverResult = message::object(result).ok()?;
        let info = wire.meta.and_then(|meta| meta.server_info).unwrap_or_default();
        Some((Self::new(info, wire.instructions, version, wire.capabilities), wire.supported_versions))
    }

    /// A server that did not say anything about itself.
    pub(crate) fn unknown(version: ProtocolVersion) -> Self {
        Self::new(ServerInfo::default(), None, version, None)
    }

    fn new(
        info: ServerInfo,
        instructions: Option<String>,
        protocol_version: ProtocolVersion,
        capabilities: Option<Box<RawValue>>,
    ) -> Self {
        Self {
            name: info.name,
            title: info.title,
            version: info.version,
            instructions,
            protocol_version,
            capabilities: capabilities.unwrap_or_else(|| RawValue::NULL.to_owned()),
        }
    }

    /// Whether the server declares a capability, for example `tools`.
    pub fn declares(&self, capability: &str) -> bool {
        member(&self.capabilities, capability).is_some()
    }

    /// Whether the server declares that a capability has a feature, for example `tools` with `listChanged`.
    pub fn declares_feature(&self, capability: &str, feature: &str) -> bool {
        let declared = member(&self.capabilities, capability).and_then(|declared| member(declared, feature));
        declared.is_some_and(|feature| feature.get() != "false")
    }
}

fn member<'a>(object: &'a RawValue, name: &str) -> Option<&'a RawValue> {
    let members: HashMap<String, &RawValue> = serde_json::from_str(object.get()).ok()?;
    members.get(name).copied()
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

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct DiscoverResult {
    supported_versions: Vec<String>,
    #[serde(default)]
    capabilities: Option<Box<RawValue>>,
    #[serde(default)]
    instructions: Option<String>,
    #[serde(default, rename = "_meta")]
    meta: Option<DiscoverMeta>,
}

#[derive(Deserialize)]
struct DiscoverMeta {
    #[serde(default, rename = "io.modelcontextprotocol/serverInfo")]
    server_info: Option<ServerInfo>,
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
