//! Protected resource metadata (RFC 9728 §2).

use serde::{Deserialize, Serialize};
use url::Url;

use crate::{RedactedUrl, ResourceUri, ScopeSet};

/// What an MCP server publishes about itself. Members that this crate does not use are ignored (RFC 9728 §3.2).
///
/// ```
/// use mcp_oauth_core::{ProtectedResourceMetadata, ResourceUri};
///
/// let metadata = ProtectedResourceMetadata::new(
///     ResourceUri::parse("https://h.test/mcp")?,
///     ["https://as.test".to_owned()],
/// );
/// let json = serde_json::to_string(&metadata)?;
/// assert_eq!(json, r#"{"resource":"https://h.test/mcp","authorization_servers":["https://as.test"]}"#);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ProtectedResourceMetadata {
    /// The identifier, byte for byte: what goes into the `resource` parameter.
    pub resource: ResourceUri,
    /// Issuers of the authorization servers that make tokens for this resource. As written: each is parsed when it is
    /// chosen, so that one bad entry does not hide the others.
    #[serde(default, deserialize_with = "null_is_empty")]
    pub authorization_servers: Vec<String>,
    /// The scopes that make sense here. `None` when the member is absent, which is not the same as an empty list.
    #[serde(default, with = "crate::scope::list", skip_serializing_if = "Option::is_none")]
    pub scopes_supported: Option<ScopeSet>,
    /// How tokens may be sent: `header` is the only way for MCP.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bearer_methods_supported: Option<Vec<String>>,
    /// The name for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource_name: Option<String>,
    /// A page for developers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource_documentation: Option<String>,
    /// Algorithms of `DPoP` proofs (RFC 9449) that the resource accepts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dpop_signing_alg_values_supported: Option<Vec<String>>,
    /// Whether tokens must be bound by `DPoP`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dpop_bound_access_tokens_required: Option<bool>,
}

impl ProtectedResourceMetadata {
    /// A document with the members that must be there.
    pub fn new(resource: ResourceUri, authorization_servers: impl IntoIterator<Item = String>) -> Self {
        Self {
            resource,
            authorization_servers: authorization_servers.into_iter().collect(),
            scopes_supported: None,
            bearer_methods_supported: None,
            resource_name: None,
            resource_documentation: None,
            dpop_signing_alg_values_supported: None,
            dpop_bound_access_tokens_required: None,
        }
    }

    /// Reads a document that was fetched for the MCP server at `server` and checks that it speaks for it
    /// (see [`ResourceUri::covers`]).
    ///
    /// # Errors
    /// When it is no JSON object of this shape, or describes another resource: then it must not be used (RFC 9728 §3.3).
    pub fn parse(body: &[u8], server: &Url) -> Result<Self, InvalidResourceMetadata> {
        let metadata: Self = serde_json::from_slice(body)?;
        if !metadata.resource.covers(server) {
            let server = RedactedUrl(server).to_string();
            return Err(InvalidResourceMetadata::OtherResource { found: metadata.resource, server });
        }
        Ok(metadata)
    }
}

/// Why a document is not the metadata of a resource.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidResourceMetadata {
    /// It is not a JSON object of the right shape.
    #[error("it is not a protected resource metadata document")]
    Json(#[from] serde_json::Error),
    /// It describes another resource. `localhost` and `127.0.0.1` are two.
    #[error("it describes {found}, which {server} is no part of")]
    OtherResource {
        /// The resource that it describes.
        found: ResourceUri,
        /// The MCP server that it was fetched for, without what may be a secret in its address.
        server: String,
    },
}

fn null_is_empty<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}
